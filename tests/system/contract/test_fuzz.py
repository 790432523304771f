"""schemathesis sends valid and invalid requests to the running service and reports no failure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from publisher.views.api import contract
from tests.support.site import FEES, Site

HERE = Path(__file__).parent
SITE = "/openapi.json"
PARTS = (
    ("datasets", "releases"),
    ("records", "findings", "search"),
    ("files", "proofs", "commitments", "works"),
    ("catalog", "feeds", "operation"),
)
"""Tags of the operations that one process tests."""
LIST, OGC = f"/v1/datasets/{FEES}/openapi.json", "/ogc/api"


def fuzz(address: str, document: str, *options: str, config: str = "schemathesis.toml", **hooks: str) -> int:
    """Run schemathesis → number of generated cases; fail with its report. ``hooks``: variables for them."""
    tool = Path(sys.executable).parent / "schemathesis"
    command = [str(tool), "--config-file", str(HERE / config), "run", f"{address}{document}"]
    base = f"{address}/ogc" if document == OGC else address
    patience = ["--request-timeout", "60"]  # seconds: several processes share few cores
    fixed = [*patience, "--url", base, "--warnings", "off", "--no-color", "--generation-database", "none"]
    if document == OGC:
        hooks["SCHEMATHESIS_HOOKS"] = str(HERE / "ogc_hooks.py")
    environ = {**os.environ, **hooks}
    process = subprocess.run(
        [*command, *fixed, *options], env=environ, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr
    generated = re.search(r"(\d+) generated", process.stdout)
    assert generated, process.stdout
    return int(generated.group(1))


@pytest.mark.slow
def test_schemathesis_finds_nothing_in_some_hundred_cases(served: tuple[Site, str]) -> None:
    assert fuzz(served[1], SITE, "--max-examples", "8", "--seed", "2015") > 500


@pytest.mark.slow
@pytest.mark.soak
def test_schemathesis_finds_nothing_in_ten_thousand_cases(served: tuple[Site, str]) -> None:
    """One takes 24 ms of CPU in schemathesis and 7 in the service, so several processes share them."""
    assert {tag for part in PARTS for tag in part} == set(contract.TAGS)

    def fuzz_part(tags: tuple[str, ...]) -> int:
        chosen = [word for tag in tags for word in ("--include-tag", tag)]
        return fuzz(served[1], SITE, "--max-examples", "180", *chosen)

    with ThreadPoolExecutor() as threads:
        generated = list(threads.map(fuzz_part, PARTS))
    print(dict(zip(PARTS, generated, strict=True)))
    assert sum(generated) >= 10_000


@pytest.mark.slow
@pytest.mark.soak
def test_schemathesis_finds_nothing_in_a_thousand_cases_of_a_list(served: tuple[Site, str]) -> None:
    assert fuzz(served[1], LIST, "--max-examples", "50") >= 1000


@pytest.mark.slow
@pytest.mark.soak
def test_schemathesis_finds_nothing_in_a_thousand_cases_of_ogc(served: tuple[Site, str]) -> None:
    """OGC refuses with 400 what has the form of a text and no meaning: a filter that is not CQL2."""
    options = ("--max-examples", "50", "--exclude-checks", "positive_data_acceptance")
    assert fuzz(served[1], OGC, *options) >= 1000
