"""Answers of the running program, kept as the examples of the document: ``{operationId}.json``."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def load(name: str) -> Any:
    """The example of operation ``name``, or None where it has none (its body is not JSON)."""
    file = resources.files(__name__) / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
