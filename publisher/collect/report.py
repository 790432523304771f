"""A reading as the JSON object that ``import --json`` prints; the publisher adds what would change."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from publisher.collect.model import Reading


def as_json(reading: Reading) -> dict[str, Any]:
    """Counts, every row left out, every finding; ``rows = records + continuations + left_out``.

    Records are counted, not listed. ``left_out`` is the list; its length is the count.
    """
    return {
        "file": reading.file,
        "sha256": reading.digest,
        "media_type": reading.media_type,
        "catalogue": reading.catalogue,
        "parser_version": reading.parser_version,
        "rows": reading.rows,
        "records": len(reading.records),
        "records_in_error": sum(record.in_error for record in reading.records),
        "continuations": sum(sheet.continuations for sheet in reading.sheets),
        "left_out": [asdict(left) for left in reading.left_out],
        "findings": [
            {key: value for key, value in asdict(finding).items() if value not in (None, "")}
            for finding in reading.findings
        ],
        "sheets": [asdict(sheet) for sheet in reading.sheets],
        "dropped_columns": list(reading.dropped_columns),
        "unmapped_columns": list(reading.unmapped_columns),
    }
