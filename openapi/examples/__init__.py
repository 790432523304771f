"""Answers of the running program, kept as the examples of the document.

``{operationId}.json``, or ``{operationId}.txt`` where the body is not JSON of ours.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def load(name: str) -> Any:
    """The example of operation ``name``: JSON values, or the text as it was sent. None where it has none."""
    folder = resources.files(__name__)
    values, text = folder / f"{name}.json", folder / f"{name}.txt"
    if values.is_file():
        return json.loads(values.read_text(encoding="utf-8"))
    return text.read_text(encoding="utf-8") if text.is_file() else None
