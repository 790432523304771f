"""List of every kind of finding: files, tables, documents, harvest and single values."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from publisher.ingest.findings import documents, files, harvest, tables
from publisher.ingest.findings.kind import Kind
from schemas.cells import problems


def kinds_by_step() -> Mapping[str, tuple[Kind, ...]]:
    """Return the kinds of each step in the order of processing: file, tables, documents, web, cells."""
    cells = (
        Kind(p.code, p.severity, p.zh, p.en, p.way_out_zh, p.way_out_en, p.example) for p in problems.PROBLEMS
    )
    return {
        "files": files.KINDS,
        "tables": tables.KINDS,
        "documents": documents.KINDS,
        "harvest": harvest.KINDS,
        "cells": tuple(cells),
    }


def every_kind() -> tuple[Kind, ...]:
    return tuple(chain.from_iterable(kinds_by_step().values()))
