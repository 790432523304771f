"""List of every kind of finding, by the step that reports it."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from publisher.ingest.findings import documents, files, harvest, rows, tables
from publisher.ingest.findings.kind import Kind
from schemas.cells import problems


def _list_kinds(module: ModuleType) -> tuple[Kind, ...]:
    return tuple(kind for kind in vars(module).values() if isinstance(kind, Kind))


KINDS_BY_STEP: Mapping[str, tuple[Kind, ...]] = {
    "files": _list_kinds(files),
    "tables": _list_kinds(tables),
    "rows": _list_kinds(rows),
    "documents": _list_kinds(documents),
    "harvest": _list_kinds(harvest),
    "cells": tuple(
        Kind(p.code, p.severity, p.zh, p.en, p.way_out_zh, p.way_out_en, p.example) for p in problems.PROBLEMS
    ),
}
"""Kinds of each step: whole files, tables, rows, documents, the web, and single cells."""
