"""The contract document: valid, with examples and errors, and never narrower than before."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from openapi.breaking_changes import incompatibilities
from publisher.views.api import contract
from publisher.web import problems
from schemas.definition import file_loader as catalogues
from tests.support.site import BASE, demo_dataset

PROJECT = Path(__file__).resolve().parents[3]
DOCUMENT: dict[str, Any] = json.loads(
    json.dumps(contract.build_document(BASE))
)  # as sent: lists instead of tuples
OPERATIONS = {path: item["get"] for path, item in DOCUMENT["paths"].items()}
KINDS = catalogues.list_names()


@pytest.mark.slow
def test_the_document_is_valid_openapi() -> None:
    assert not list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_the_contract_of_a_dataset_has_its_fields_and_is_valid(name: str) -> None:
    catalogue = catalogues.load_catalogue(name)
    own_contract = contract.build_dataset_document(BASE, demo_dataset("some-list", catalogue=name), catalogue)
    document = json.loads(json.dumps(own_contract))
    if name == "fees":  # the others differ only in fields, and the validator is slow
        assert not list(OpenAPIV31SpecValidator(document).iter_errors())
    published = {field.name for field in catalogue.fields if not field.personal}
    assert set(document["components"]["schemas"]["Content"]["properties"]) == published
    listing = document["paths"]["/v1/datasets/some-list/records"]["get"]
    names = {parameter["name"] for parameter in listing["parameters"]}
    assert published | {f"{field}.exists" for field in published} <= names
    assert not names & {"dataset", "filters"}
    assert all("{dataset}" not in path for path in document["paths"])


@pytest.mark.parametrize("path", OPERATIONS)
def test_every_operation_has_an_example_and_says_how_it_fails(path: str) -> None:
    answers = OPERATIONS[path]["responses"]
    media, content = next(iter(answers["200"]["content"].items()))
    if (
        re.search("json|xml|^text/", media) and "officedocument" not in media
    ):  # a workbook has no text for an example
        assert content.get("example"), f"{path} {media}: python -m tests.openapi.renew"
    for status, answer in answers.items():
        if status >= "400":
            assert list(answer["content"]) == [problems.MEDIA_TYPE]
            codes = {kind.code for kind in problems.KINDS if f"`{kind.code}`" in answer["description"]}
            assert codes, f"{path} {status}"
            assert {problems.BY_CODE[code].status for code in codes} == {int(status)}


@pytest.mark.program
def test_a_linter_finds_nothing_to_say_of_the_contract(node_modules: Path) -> None:
    command = [
        "node",
        str(PROJECT / "tests/system/contract/typescript/lint.mjs"),
        str(PROJECT / "openapi/v1.json"),
    ]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, ""), process.stdout + process.stderr


def earlier() -> list[str]:
    """Commits that changed the frozen document, if this is a Git clone."""
    command = ["git", "log", "--format=%H", "--", "openapi/v1.json"]
    process = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return process.stdout.split() if process.returncode == 0 else []


FIXED_PROMISES = {
    f"GET {path}: {change}"
    for path in (
        "/v1/datasets/{dataset}/files/{form} 200 application/json",
        "/v1/datasets/{dataset}/releases/{number}/files/{form} 200 application/json",
        "/v1/datasets/{dataset}/releases/{number}/delta 200 application/json",
        "/v1/site.zip 200 application/json",
        "/v1/schemas/{schema}/json-schema.json 200 application/json",
        "/openapi.json 200 application/json",
        "/feeds/{dataset}.json 200 application/feed+json",
        "/feeds/search.json 200 application/feed+json",
    )
    for change in ("may now be object", "is no longer string")
}
"""Earlier promises that no response ever kept: schemathesis and Redocly reported JSON declared as text."""


@pytest.mark.slow
def test_nothing_that_any_earlier_state_of_the_contract_promised_is_gone() -> None:
    commits = earlier()
    assert commits or os.environ.get("CI") != "true"
    for commit in commits:
        command = ["git", "show", f"{commit}:openapi/v1.json"]
        text = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout
        assert set(incompatibilities(json.loads(text), DOCUMENT)) <= FIXED_PROMISES, commit
