"""Datasets, schemas and releases, over HTTP."""

from __future__ import annotations

import itertools

import httpx
import pytest

from tests.support.problems import assert_problem
from tests.support.site import BASE, FEES

pytestmark = pytest.mark.both_databases

HOME = f"/v1/datasets/{FEES}"


def test_datasets_have_their_latest_release_labels_and_working_links(client: httpx.Client) -> None:
    datasets = client.get("/v1/datasets").json()["datasets"]
    assert [d["name"] for d in datasets] == ["empty-fees", FEES]
    fees = datasets[1]
    assert fees["labels"] == ["demo"]
    assert fees["latest_release"]["number"] == 4
    assert fees["latest_release"]["records"] == 3
    assert datasets[0]["latest_release"] is None
    assert fees == client.get(HOME).json()
    for link in fees["links"].values():
        assert client.get(link.removeprefix(BASE)).status_code == 200


def test_a_schema_names_fields_operators_and_both_standard_forms(client: httpx.Client) -> None:
    schema = client.get(f"{HOME}/schema").json()
    fields = {field["name"]: field for field in schema["fields"]}
    assert fields["management"]["facet"]
    assert "gte" in fields["name"]["operators"]
    assert schema["json_schema"]["properties"].keys() == fields.keys()
    assert [f["name"] for f in schema["table_schema"]["fields"]] == list(fields)
    assert client.get(f"{HOME}/schema?release=1").json()["release"] == 1
    assert_problem(client.get(f"{HOME}/schema?release=9"), "no-such-release")


def test_releases_are_listed_newest_first_and_chained(client: httpx.Client) -> None:
    releases = client.get(f"{HOME}/releases").json()["releases"]
    assert [r["number"] for r in releases] == [4, 3, 2, 1]
    assert all(new["previous_hash"] == old["hash"] for new, old in itertools.pairwise(releases))
    assert releases[2]["counts"]["added"] == 1
    assert releases[2]["basis"] == "示财〔2015〕2号"
    first = client.get(f"{HOME}/releases?limit=3").json()
    rest = client.get(first["links"]["next"].removeprefix(BASE)).json()
    assert [r["number"] for r in rest["releases"]] == [1]
    assert rest["links"]["next"] is None
    assert client.get(f"{HOME}/releases/2").json() == releases[2]
    for number in ("0", "99", "-1", "x", "1.0", "٢"):
        assert_problem(client.get(f"{HOME}/releases/{number}"), "no-such-release")
