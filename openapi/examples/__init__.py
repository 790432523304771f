"""Recorded responses of the running program, as examples of the document.

``{operationId}.json``, or ``{operationId}.txt`` if the body is not JSON of our own.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def load(name: str) -> Any:
    """Load the example of operation ``name``: JSON values, or the text as sent. None if there is none."""
    folder = resources.files(__name__)
    values, text = folder / f"{name}.json", folder / f"{name}.txt"
    if values.is_file():
        return json.loads(values.read_text(encoding="utf-8"))
    return text.read_text(encoding="utf-8") if text.is_file() else None
