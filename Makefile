# Two commands matter: `make demo` and `make test`. Both set up what they need.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types check soak bench screenshots clean
RUN := .venv/bin/

help: ## what can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' | sort

setup: .venv/.ready ## install everything into .venv

.venv/.ready: pyproject.toml uv.lock scripts/python.sh
	@python=$$(sh scripts/python.sh) || exit 1; \
	if command -v uv >/dev/null 2>&1; then uv=uv; else \
	  [ -x .tools/bin/uv ] || { "$$python" -m venv .tools && .tools/bin/python -m pip install --quiet 'uv>=0.9'; } || exit 1; \
	  uv=.tools/bin/uv; fi; \
	UV_PYTHON_DOWNLOADS=never $$uv sync --frozen --quiet --python "$$python"
	@touch $@

demo: setup ## set up, publish the sample data, serve it on http://127.0.0.1:8000
	$(RUN)python -m publisher.sample demo

lint: setup ## style, types, direction of imports
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports

test: setup lint ## every test
	$(RUN)pytest -m 'not soak'

soak: setup ## long kill and load tests
	$(RUN)pytest -m soak

bench: setup ## measure speed, memory and relevance
	$(RUN)python -m benchmarks

screenshots: setup ## every page type as images, in screenshots/
	$(RUN)python -m tests.browser.screenshots screenshots

clean: ## remove what setup made
	rm -rf .venv .tools
