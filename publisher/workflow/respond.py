"""Responses to findings as a file that is imported like any other."""

from __future__ import annotations

from datetime import date

import msgspec

from publisher.log.log import Log
from publisher.workflow.import_files import InputFile, import_files
from publisher.workflow.import_report import ImportReport


class NewResponse(msgspec.Struct, frozen=True):
    """The response of an office to a finding. ``kind``: 接受, 说明, 异议 or 不成立."""

    finding: str
    kind: str
    text: str
    respondent: str
    responded_on: date
    basis: str = ""
    mended_by: tuple[str, int] | None = None
    """Dataset and number of the release that fixes it."""


def stage_response(log: Log, dataset: str, response: NewResponse) -> ImportReport:
    """Import a response into the draft of a dataset of the kind ``responses``.

    Raises as :func:`response_file` and :func:`.import_files`.
    """
    return import_files(log, dataset, [response_file(log, response)])


def response_file(log: Log, response: NewResponse) -> InputFile:
    """Write a response as a file to import.

    Raises ``LogError``: ``no-such-finding``; ``no-such-release`` and ``no-such-dataset`` of the release that
    fixes it.
    """
    published = log.findings.get(response.finding)
    if response.mended_by is not None:
        log.queries.release(*response.mended_by)
    row = {
        "title": published.title,
        "finding": published.id,
        "message": published.finding.message_zh,
        "kind": response.kind,
        "text": response.text,
        "basis": response.basis,
        "mended_by": "" if response.mended_by is None else "{}/{}".format(*response.mended_by),
        "respondent": response.respondent,
        "responded_on": response.responded_on.isoformat(),
        "cited": " ".join(one.hash for one in published.rows),
    }
    name = f"回应 {published.id} {response.responded_on} {response.kind}.json"
    data = msgspec.json.format(msgspec.json.encode([{k: v for k, v in row.items() if v}]), indent=2)
    return InputFile(name, data)
