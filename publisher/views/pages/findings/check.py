"""The page of a check: its rules, what it reads, and what it came to on labelled data."""

from __future__ import annotations

import re

from publisher.checks.all_checks import CHECKS_BY_CODE
from publisher.ingest.findings.kind import Bilingual
from publisher.log.findings.finding_query import FindingQuery
from publisher.log.findings.responses import UNRESOLVED
from publisher.views.api.routes import findings as api
from publisher.views.pages.printing import labels
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Visit
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.web.problems import ProblemError
from publisher.web.route import Reply
from schemas.definition import file_loader
from schemas.words import SEVERITIES

_WORD = re.compile(r"\{\w+\}")
"""Place of a cited text in a rule."""


def check(press: Press, visit: Visit) -> Reply:
    visit.refuse_parameters()
    code = visit.call.path["code"]
    if code not in CHECKS_BY_CODE:
        raise ProblemError("no-such-route")
    one = CHECKS_BY_CODE[code]
    title = visit.t(*one.title)

    def say(texts: Bilingual) -> str:
        return _WORD.sub("…", visit.t(*texts))

    query = FindingQuery(visit.view, codes=(code,), handling=UNRESOLVED)

    def build() -> bytes:
        needed = [file_loader.load_catalogue(name) for name in one.needs]
        return press.page(
            "check.html",
            visit,
            Head(title, description=visit.t(*one.way_out)),
            check=one,
            title=title,
            rules=[
                (
                    labels.word_for(visit, SEVERITIES, rule.severity),
                    say(rule.message),
                    say(rule.because),
                )
                for rule in one.rules
            ],
            needed=[visit.title_of(catalogue) for catalogue in needed],
            way_out=visit.t(*one.way_out),
            labelled=one.labelled_set,
            open=visit.service.log.findings.count(query),
        )

    return Reply(api.validity(visit.service, visit.view), build, HEADERS)
