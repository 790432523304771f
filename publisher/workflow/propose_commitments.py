"""Commitments that the text of a plan makes, as rows of a table that a clerk edits and imports."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from publisher.ingest.documents.commitment_sentences import ProposedCommitment, propose_commitments
from publisher.ingest.read_file import read_file
from publisher.log.log import Log
from publisher.log.model import LogError
from schemas.cells.deadlines import format_deadline
from schemas.cells.formula_guard import guard_text
from schemas.definition import file_loader
from schemas.definition.catalogue import Content

_COLUMNS = ("plan", "section", "number", "task", "kind", "lead", "supporting", "deadline", "excerpt")


def read_plan_file(data: bytes, name: str) -> Content:
    """Read a document as the importer does. Raises ``UnreadableFile``."""
    return read_file(data, name=name, catalogue=file_loader.load_catalogue("policies")).records[0].content


def find_plan(log: Log, number: str) -> Content:
    """Return the published document with a number or title. Raises ``LogError('no-such-work')``."""
    with suppress(LogError):  # nothing ever named it
        for record in log.graph.work(number).records:
            if "body_markdown" in record.content:
                return dict(record.content)
    raise LogError(
        "no-such-work",
        f"没有已发布的文件 {number}，也没有这个名称的文件。",
        f"{number} is neither a published document nor a file.",
    )


type Proposals = Mapping[int, ProposedCommitment]
"""Commitments by their number in the document."""


def propose(document: Content) -> Proposals:
    """Return the commitments of a document. Raises ``LogError('no-work-plan')``."""
    title = str(document.get("title", ""))
    proposals = propose_commitments(title, str(document.get("body_markdown", "")))
    if not proposals:
        raise LogError(
            "no-work-plan",
            f"“{title}”不是工作方案，或者其中没有可以识别的任务，没有提出建议。",
            f"“{title}” is not a work plan, or no commitment in it can be recognised; nothing is proposed.",
        )
    return dict(enumerate(proposals, start=1))


def proposals_digest(proposals: Proposals) -> str:
    """Return a digest that changes with what is proposed."""
    return hashlib.sha256(msgspec.json.encode(proposals)).hexdigest()


def write_rows(document: Content, proposals: Proposals) -> bytes:
    """Write a CSV file with the headings of the list of commitments, which a spreadsheet opens as text."""
    fields = file_loader.load_catalogue("commitments").by_name
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([fields[name].title for name in _COLUMNS])
    for number, one in proposals.items():
        row = (
            *(str(document.get("number", "")), one.section, str(number), one.task, one.kind),
            *(one.lead, one.supporting, format_deadline(one.deadline), one.sentence),
        )
        writer.writerow(map(guard_text, row))
    return target.getvalue().encode("utf-8-sig")
