"""Every recipe of docs/recipes.md runs in its own language and says what the site says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.required import skip_or_fail
from tests.support.servers.http_service import address, loopback_socket, serving
from tests.support.site import BASE, FEES, Site, four_releases

RECIPES = Path(__file__).parents[1] / "docs" / "recipes.md"
_SECTION = re.compile(r"^## (?P<title>[^\n]+)\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S)
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.M | re.S)
NOT_RUN = {"Excel (Power Query)"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """Serve the small site at an address that its links have too → the site and the address."""
    bound = loopback_socket()
    base = address(bound)
    with four_releases(tmp_path_factory.mktemp("site"), base=base) as site, serving(site.app, bound):
        yield site, base


def sections() -> dict[str, str]:
    return {match["title"]: match["text"] for match in _SECTION.finditer(RECIPES.read_text(encoding="utf-8"))}


def blocks(title: str, base: str) -> list[tuple[str, str]]:
    """Return language and code of each block of a section, with the site's address."""
    found = [
        (match["language"], match["code"].replace(BASE, base)) for match in _BLOCK.finditer(sections()[title])
    ]
    assert found
    return found


def run(folder: Path, *command: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def contents(site: Site, query: str = "") -> Sequence[dict[str, Any]]:
    answer = site.client.get(f"/v1/datasets/{FEES}/records?limit=1000&{query}")
    return [record["content"] for record in answer.json()["records"]]


def test_every_section_has_a_test_or_says_that_it_was_not_run() -> None:
    tested = {"A mirror", "pandas", "DuckDB", "JavaScript"}
    assert set(sections()) == tested | NOT_RUN
    for title in NOT_RUN:
        assert sections()[title].strip().startswith("Not run"), title


@pytest.mark.program
def test_the_mirror_is_fetched_from_the_site_and_tells_the_state_of_a_day(
    served: tuple[Site, str], tmp_path: Path
) -> None:
    site, base = served
    (shell, script), (_, query) = blocks("A mirror", base)
    assert shell == "sh"
    run(tmp_path, "sh", "-eu", "-c", script)
    lines = (tmp_path / "in-effect.jsonl").read_text(encoding="utf-8").splitlines()
    expected = contents(site, "as_of=2015-06-01")
    assert len(lines) == len(expected) > 0
    by_sql = run(tmp_path, sys.executable, "-c", _QUERY, "mirror.db", query)
    for titles in ([json.loads(line)["title"] for line in lines], json.loads(by_sql)):
        assert sorted(titles) == sorted(content["name"] for content in expected)


_QUERY = """
import json, sqlite3, sys
print(json.dumps([row[2] for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2])]))
"""


@pytest.mark.slow
def test_pandas_reads_the_list_and_its_length_at_the_end_of_each_year(
    served: tuple[Site, str], tmp_path: Path
) -> None:
    site, base = served
    ((language, program),) = blocks("pandas", base)
    assert language == "python"
    by_department, by_year = map(json.loads, run(tmp_path, sys.executable, "-c", program).splitlines())
    departments = [content["department"] for content in contents(site)]
    assert by_department == {name: departments.count(name) for name in departments}
    assert by_year == {str(year): len(contents(site, f"as_of={year}-12-31")) for year in (2014, 2015, 2016)}


@pytest.mark.program
def test_duckdb_counts_what_the_facets_count(
    served: tuple[Site, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, base = served
    (shell, script), (sql, query) = blocks("DuckDB", base)
    assert (shell, sql) == ("sh", "sql")
    run(tmp_path, "sh", "-eu", "-c", script)
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as database:
        rows = database.execute(query).fetchall()
    answer = site.client.get(f"/v1/datasets/{FEES}/records?facets=department").json()
    (facet,) = answer["facets"]
    assert {name: count for name, count, _ in rows} == {v["value"]: v["count"] for v in facet["values"]}
    assert min(since for _, _, since in rows).isoformat() == "2015-01-01"


@pytest.mark.program
def test_javascript_filters_sorts_counts_and_pages(served: tuple[Site, str], tmp_path: Path) -> None:
    site, base = served
    if shutil.which("node") is None:
        skip_or_fail("Node is not installed")
    ((language, program),) = blocks("JavaScript", base)
    assert language == "js"
    (tmp_path / "recipe.mjs").write_text(program, encoding="utf-8")
    printed = json.loads(run(tmp_path, "node", "recipe.mjs"))
    expected = contents(site, "management=缴入地方国库&sort=-name")
    assert printed["names"] == [content["name"] for content in expected]
    assert len(expected) == 2
    assert {v["value"] for v in printed["facets"][0]["values"]} == {c["department"] for c in expected}
