"""The feed of findings: those that began, ended or were responded to last, with the texts that they cite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape

from feeds.feed import Category, Entry
from publisher.log.findings.finding_query import PublishedFinding
from publisher.log.log import Log
from publisher.log.model import Site
from publisher.views.syndication.feed import render_site_feed
from publisher.views.syndication.scope import Form
from schemas.words import FINDING_STATUSES, SEVERITIES

TITLE = "待核问题"
ENTRIES = 100
"""Most entries. The list of findings has all."""


def render_finding_feed(
    log: Log, form: Form, findings: Sequence[PublishedFinding], *, query: str, title: str
) -> bytes:
    """Serialize findings, the one with the latest event first.

    ``query``: the filters of the list, with its ``?`` or empty.
    ``title``: of the dataset that they are about, or empty.
    """
    site, responded_at = log.datasets.site(), _response_times(log, findings)
    entries = sorted((_entry(one, site, responded_at) for one in findings), key=_latest_first)
    subject = f"{title}：" if title else ""
    return render_site_feed(
        log,
        form,
        "findings",
        entries[:ENTRIES],
        query=query,
        title=f"{subject}{TITLE}",
        subtitle="各清单互相核对所见，逐字引用所涉及的每一行；未经确认，只说明清单上仍列有什么",
    )


type _ResponseTimes = Mapping[tuple[str, int], datetime]
"""Dataset and number of a release of responses → when it was published."""


def _response_times(log: Log, findings: Sequence[PublishedFinding]) -> _ResponseTimes:
    releases = {(one.dataset, one.release) for finding in findings for one in finding.responses}
    return {release: log.queries.release(*release).published_at for release in releases}


def _latest_first(entry: Entry) -> tuple[float, str]:
    return -entry.updated.timestamp(), entry.id


def _entry(published: PublishedFinding, site: Site, responded_at: _ResponseTimes) -> Entry:
    one, opened = published.finding, _opened_at(published)
    ended = [published.ended.published_at] if published.ended else []
    responses = [responded_at[response.dataset, response.release] for response in published.responses]
    scheme = f"tag:{site.tag_authority}:finding"
    is_open = published.status == "open"
    status = "" if is_open else "已结束："
    return Entry(
        id=f"tag:{site.tag_authority}:findings/{published.id}",
        title=f"{status}{published.title}：{one.message_zh}",
        updated=max((opened, *ended, *responses)),
        published=opened,
        link=f"{site.base}/findings/{published.id}",
        summary=f"{status}{one.message_zh}。{one.because_zh}未经确认。",
        content_html="".join(_html(published)),
        authors=(published.part,) if published.part else (),
        categories=(
            Category(one.code, scheme),
            Category(one.severity, f"{scheme}/severity", SEVERITIES[one.severity].zh),
            Category(published.status, f"{scheme}/status", FINDING_STATUSES[published.status].zh),
        ),
    )


def _opened_at(published: PublishedFinding) -> datetime:
    return published.opened.published_at if published.opened else published.known_from


def _html(published: PublishedFinding) -> Iterator[str]:
    one = published.finding
    if published.status == "ended":
        release = published.ended
        by = f"，见 {release.dataset} 第{release.number}次发布" if release else ""
        yield f"<p><strong>已结束{escape(by)}。</strong></p>"
    for response in published.responses:
        line = f"{response.responded_on} {response.respondent} {response.kind}：{response.text}"
        yield f"<p>{escape(line)}</p>"
    yield f"<p>{escape(one.message_zh)}。{escape(one.because_zh)}未经确认。</p><ul>"
    for cite in one.cites:
        yield f"<li>{escape(cite.dataset)}：<q>{escape(cite.text)}</q></li>"
    yield f"</ul><p>{escape(one.way_out_zh)}。</p>"
