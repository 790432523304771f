"""Values that exist at the desk of the test: random ones alone would reach nothing."""

from __future__ import annotations

import os
import re
from typing import Any

import schemathesis

_NUMBER_IN_A_FORM = re.compile(r"in body - violates `type` at /properties/(part|seen)[ /]")
RECORD, PART = os.environ["DESK_RECORD"], "财政局"
DATASET, TOKEN = os.environ["DESK_DATASET"], os.environ["DESK_TOKEN"]
SITE, SOURCE = os.environ["DESK_SITE"], os.environ["DESK_SOURCE"]
"""Address of a site to collect from, and the name of its source."""


@schemathesis.hook
def map_path_parameters(_context: Any, path: dict[str, Any] | None) -> dict[str, Any] | None:
    """Let three of four requests name the dataset, the record and a submission that exist."""
    for name, value in (path or {}).items():
        text = str(value)
        if path is not None and sum(map(ord, text)) % 4:
            existing = {"dataset": DATASET, "record": RECORD, "token": TOKEN, "source": SOURCE}
            numbers = {"key": str(len(text) % 3 + 1), "number": str(len(text) % 2 + 1)}
            path[name] = {**existing, **numbers}[name]
    return path


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Let a part be the one that has a draft, if it is a text at all."""
    if isinstance(body, dict) and body.get("parts") and isinstance(body["parts"], list):
        body["parts"] = [PART] if all(isinstance(part, str) for part in body["parts"]) else body["parts"]
    if isinstance(body, dict) and isinstance(body.get("part"), str):
        body["part"] = PART
    if isinstance(body, dict) and isinstance(body.get("hosts"), list) and isinstance(body.get("name"), str):
        # Let some of the sources be in order, and quick.
        number = sum(map(ord, body["name"]))
        if number % 2:
            body |= {"name": f"s{number}", "dataset": DATASET, "hosts": [SITE.partition("//")[2]], "pace": 0}
            body |= {"lists": [f"{SITE}/list.html"], "sitemaps": [], "feeds": [], "tables": []}
    return body


@schemathesis.hook
def filter_failure(_context: Any, failure: Any, case: Any, _response: Any) -> bool:
    """Leave out a body that ``map_body`` mended, and a number in a form: it is a text that fits."""
    if failure.code != "ST201" or "in body" not in failure.message:
        return True
    return not (_NUMBER_IN_A_FORM.search(failure.message) or _is_valid(case))


def _is_valid(case: Any) -> bool:
    """Whether the body that was sent is one that the document allows."""
    bodies = case.operation.get_bodies_for_media_type(case.media_type) if case.media_type else ()
    return any(body.get_validator().is_valid(case.body) for body in bodies)


@schemathesis.hook
def before_load_schema(_context: Any, document: dict[str, Any]) -> None:
    """Let a person's requests have the cookies of the command line, and no generated ones."""
    if os.environ.get("DESK_PERSON"):
        for item in document["paths"].values():
            for operation in item.values():
                del operation["security"]
