# Two commands matter: `make demo` and `make check`. All set up what they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo fix types lint quick check test tests soak bench docs contract screenshots manual audit release clean
RUN := .venv/bin/
PORT := 8000
# Where setup puts uv if the machine has none; scripts call it too.
export PATH := $(PATH):$(CURDIR)/.tools/bin
# Container images often set this. Without compiled modules, every process that starts compiles all libraries again.
export PYTHONDONTWRITEBYTECODE :=
# Tests side by side, one process for each core; a process that crashes ends the run, and fails it.
PYTEST := $(RUN)pytest -n logical --dist worksteal --max-worker-restart=0
# ROOM=log: the tests of the folders below tests/ that are called log.
ROOM_TESTS = $(if $(ROOM),$(or $(shell find tests -type d -name '$(ROOM)'),$(error no folder below tests/ is called $(ROOM))))

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | sort

setup: .venv/.ready ## install everything into .venv (needs the network)

.venv/.ready: pyproject.toml uv.lock scripts/python.sh
	@echo "Installing about 0.9 GB of libraries into .venv; this needs the network, and minutes the first time." >&2; \
	echo "正在将所需程序库（约0.9 GB）安装到 .venv；须能访问网络，首次需要几分钟。" >&2; \
	if python=$$(sh scripts/python.sh $$(command -v uv)); then downloads=never; else \
	  command -v uv >/dev/null 2>&1 || exit 1; \
	  echo "No Python 3.12 here: uv fetches one. 本机没有 Python 3.12，由 uv 下载。" >&2; \
	  python='>=3.12' downloads=automatic; fi; \
	if command -v uv >/dev/null 2>&1; then uv=uv; else \
	  [ -x .tools/bin/uv ] || { "$$python" -m venv .tools && .tools/bin/python -m pip install --quiet 'uv>=0.9'; } || exit 1; \
	  uv=.tools/bin/uv; fi; \
	UV_PYTHON_DOWNLOADS=$$downloads $$uv sync --frozen --all-extras --quiet --python "$$python"
	@touch $@

demo: setup ## set up, publish the sample data, serve it on http://127.0.0.1:8000 and a desk on 8001 (PORT=8100: 8100, 8101)
	$(RUN)qingdan demo --port $(PORT)

fix: setup ## format, and mend what the linter can mend
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

types: setup ## strict types (mypy), tests and benchmarks too
	$(RUN)mypy

lint: setup types ## style, types, direction of imports
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)lint-imports

quick: setup ## tests that need no server and no other program (ROOM=log: those of one room)
	$(PYTEST) -m 'not soak and not server and not program and not slow' $(ROOM_TESTS)

check: lint quick ## lint and quick: what to run before a commit

test: $(if $(ROOM),,lint) tests ## lint and every test (ROOM=log: all tests of one room, without lint)

tests: setup
	$(PYTEST) -m 'not soak' $(ROOM_TESTS)

soak: setup ## long kill and load tests (QINGDAN_SOAK_MINUTES=10: mixed load for ten minutes and not an hour)
	$(RUN)pytest -m soak

bench: setup ## measure speed, memory and relevance
	$(RUN)python -m benchmarks

docs: setup ## write the tables and pictures that documents copy from the code
	$(RUN)python -m scripts.document_tables

contract: setup ## renew the frozen contract after a change that breaks no caller
	$(RUN)python -m tests.openapi.renew

audit: setup ## look for known vulnerabilities of dependencies, where the data can be had
	$(RUN)python -m scripts.audit

release: setup ## the files of a release in dist/: wheel, SBOM, requirements with hashes, digests
	rm -rf dist
	uv build --wheel --quiet --out-dir dist
	uv export --frozen --no-dev --all-extras --no-emit-project --quiet -o dist/requirements.txt
	uv export --frozen --no-dev --all-extras --format cyclonedx1.5 --quiet -o dist/sbom.json
	cd dist && sha256sum *.whl requirements.txt sbom.json > SHA256SUMS

screenshots: setup ## every page type as images, in screenshots/
	$(RUN)python -m tests.system.browser.screenshots screenshots

manual: setup ## the pictures of the manual of the desk, in docs/images/
	$(RUN)python -m tests.system.browser.manual

clean: ## remove what setup made
	rm -rf .venv .tools
