"""Reading of a file within limits of memory and time: in a process of its own, except JSON Lines.

JSON Lines are decoded line by line, so their reader limits itself (:mod:`publisher.ingest.read_file`).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import GenericAlias
from typing import Any, get_type_hints

import msgspec
from msgspec import structs

from publisher.ingest.formats import detect
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.sandbox.fork_server import run_limited
from publisher.ingest.parsed_file import ImportedRecord, MendedCell, Reading
from publisher.ingest.read_file import read_file
from schemas.definition.catalogue import Catalogue


def _define_received(sent: type[msgspec.Struct], **replaced: Any) -> Any:
    """Define a struct with the fields of another, some of them with a type that can be decoded."""
    hints = {**get_type_hints(sent), **replaced}
    fields = [(field.name, hints[field.name]) for field in structs.fields(sent)]
    return msgspec.defstruct(f"Received{sent.__name__}", fields)


_ReceivedRecord = _define_received(ImportedRecord, content=dict[str, Any])
ReceivedReading = _define_received(Reading, records=GenericAlias(tuple, (_ReceivedRecord, ...)))
"""A reading as it arrives from another process: JSON values of records have no type that can be decoded."""


def read_within_limits(
    data: bytes, *, name: str, catalogue: Catalogue, mended: Sequence[MendedCell] = ()
) -> Reading:
    """Read a file as :func:`publisher.ingest.read_file.read_file` does. Raises ``UnreadableFile``."""
    try:
        if detect.is_streamed(data):
            return read_file(data, name=name, catalogue=catalogue)
        return to_reading(run_limited(_read, data, name, catalogue, tuple(mended), result=ReceivedReading))
    except ReaderError as problem:
        raise problem.to_unreadable(name) from problem


def _read(data: bytes, name: str, catalogue: Catalogue, mended: Sequence[MendedCell]) -> Reading:
    return read_file(data, name=name, catalogue=catalogue, mended=mended)


def to_reading(received: Any) -> Reading:
    """Build a reading from what another process sent."""
    values = {field.name: getattr(received, field.name) for field in structs.fields(Reading)}
    names = [field.name for field in structs.fields(ImportedRecord)]
    records = (ImportedRecord(*(getattr(record, name) for name in names)) for record in values["records"])
    return Reading(**{**values, "records": tuple(records)})
