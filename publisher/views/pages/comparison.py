"""The page that compares two states of a dataset, with totals by kind of change and by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from markupsafe import Markup
from msgspec import structs

from publisher.log.clocks import is_day
from publisher.log.model import Release, View
from publisher.log.queries.comparison import DIFFERENCE_KINDS, CountsByPart, Difference, DifferenceKind
from publisher.views.api import requested_view, two_states
from publisher.views.api.two_states import Comparison
from publisher.views.pages.printing import charts, field_html, filters, labels, value_difference
from publisher.views.pages.printing.html_head import Head
from publisher.views.pages.printing.page_request import Pairs, Visit
from publisher.views.pages.printing.table_file import headings_of
from publisher.views.pages.printing.templates import HEADERS, Press
from publisher.views.syndication.scope import Scope
from publisher.web.route import Reply
from schemas.definition.catalogue import Catalogue
from schemas.words import KINDS

_MAX_PARTS = 12
"""Maximum number of parts in the chart. The table has all."""
_RECORDS_A_SECOND = 1_500
"""Records of a comparison that are written to a workbook in a second."""
_LONG_SECONDS = 5
"""The page says how long a file takes if it is at least so many seconds."""


class SideBySide(msgspec.Struct, frozen=True):
    """One field before and after. Deletions are marked on the left, insertions on the right."""

    title: str
    before: Markup
    after: Markup


class KindFilter(msgspec.Struct, frozen=True):
    """A filter by kind of change, with its exact count."""

    name: str
    word: str
    number: int
    address: str
    on: bool


class PartCounts(msgspec.Struct, frozen=True):
    """Counts of changes of one part's records."""

    name: str
    numbers: Mapping[DifferenceKind, int]
    address: str
    on: bool


def compare(press: Press, visit: Visit) -> Reply:
    service = visit.service
    name = requested_view.dataset_name(visit.call)
    dataset = service.log.datasets.get(name)
    every = service.log.queries.releases(name)
    newest = _newest_two([r for r in every if visit.shows(r)])
    visit = _with_default_states(visit, newest)
    chosen = _selected_releases(visit, newest)
    releases = [r for r in every if visit.shows(r) or str(r.number) in chosen]
    variables = {
        "dataset": dataset,
        "releases": sorted(releases, key=lambda r: -r.number),
        "chosen": chosen,
        "is_day": is_day,
    }
    title = visit.title_of(dataset)
    head = Head(
        visit.t("比较", "Compare") + f" · {title}",
        column=dataset.title,
        # Of all pairs of states, web search engines get the one of the two newest releases.
        indexable=bool(newest[0]) and visit.pairs == (("from", newest[0]), ("to", newest[1])),
        scope=Scope(name),
        feeds_title=dataset.title,
    )
    if not visit.values("from"):
        sequence, day = service.log.queries.validator(name)
        blank = requested_view.validity(service, name, visit.view)
        validity = structs.replace(blank, tokens=(sequence, day, dataset))
        return Reply(
            validity, lambda: press.page("compare.html", visit, head, page=None, **variables), HEADERS
        )
    request = replace(visit, pairs=(*visit.pairs, *_known_at(visit)))
    comparison = two_states.make_comparison(service, name, request.parse_query(two_states.GRAMMAR))

    def build() -> bytes:
        page_variables = _variables(visit, comparison)
        page_head = structs.replace(head, title=f"{page_variables['heading']} · {title}")
        return press.page("compare.html", visit, page_head, **variables, **page_variables)

    validity = structs.replace(
        comparison.validity, tokens=(*comparison.validity.tokens, dataset, len(releases)), pinned=False
    )
    return Reply(validity, build, HEADERS)


def _newest_two(releases: Sequence[Release]) -> tuple[str, str]:
    """Return the numbers of the two newest releases, older first; empty if there are fewer than two."""
    numbers = sorted(r.number for r in releases)
    return (str(numbers[-2]), str(numbers[-1])) if len(numbers) > 1 else ("", "")


def _with_default_states(visit: Visit, newest: tuple[str, str]) -> Visit:
    """Default to the two newest releases; a request that names only the later state keeps it.

    If it names only the earlier state, the later one is that of the page's day.
    """
    if visit.values("from") and not visit.values("to") and visit.clocks:
        return replace(visit, pairs=(*visit.pairs, ("to", visit.day_of_view().isoformat())))
    if visit.values("from") or not newest[0]:
        return visit
    end = () if visit.values("to") else (("to", newest[1]),)
    return replace(visit, pairs=(*visit.pairs, ("from", newest[0]), *end))


def _known_at(visit: Visit) -> Pairs:
    """Return the instant of the page, if it compares a day: a release or an instant has its own.

    A day cannot be compared with one of these as of another instant, which :mod:`.two_states` explains.
    """
    has_day = any(is_day(side) for name in ("from", "to") for side in visit.values(name))
    return tuple(pair for pair in visit.clocks if pair[0] == "known_at" and has_day)


def _selected_releases(visit: Visit, newest: tuple[str, str]) -> list[str]:
    """Return the two releases selected in the form, also if two days are compared."""
    sides = ((visit.values(side) or ("",))[0] for side in ("from", "to"))
    return [side if side.isdigit() else number for side, number in zip(sides, newest, strict=True)]


def _variables(visit: Visit, comparison: Comparison) -> dict[str, object]:
    """Return what the template shows of a comparison."""
    service, name, params = visit.service, comparison.name, comparison.params
    page = comparison.fetch_page(service)
    catalogue = service.catalogue_in_view(name, page.after, page.before)
    kinds, counts = page.totals.kinds, service.log.queries.count_by_part(name, page.before, page.after)
    sides = (_side(visit, params.start), _side(visit, params.end))
    return {
        "page": page,
        "sides": sides,
        "heading": _heading(visit, sides, kinds),
        "kinds": [_kind(visit, kind, kinds[kind]) for kind in DIFFERENCE_KINDS if kinds[kind]],
        "part_counts": _part_counts(visit, counts),
        "chart": _chart(visit, counts),
        "differences": [(d, _fields(visit, catalogue, d)) for d in page.differences],
        "files": [
            (title, visit.link(f"/v1/datasets/{name}/compare.{suffix}", (*_query_pairs(visit), *headings)))
            for title, suffix, headings in (("XLSX", "xlsx", ()), ("CSV", "csv", headings_of(visit)))
        ],
        "seconds": _file_seconds(sum(kinds.values())),
        "next_page": filters.next_page(visit, page.next_cursor),
    }


def _heading(visit: Visit, sides: tuple[str, str], kinds: Mapping[DifferenceKind, int]) -> str:
    """Summarise the changes in one line: 第1次发布 → 第2次发布：新增1 调整1 移出清单1."""
    counts = " ".join(
        f"{labels.word_for(visit, KINDS, kind)}{visit.t('', ' ')}{kinds[kind]:,}"
        for kind in DIFFERENCE_KINDS
        if kinds[kind]
    )
    unchanged = visit.t("没有变化", "no changes")
    return f"{sides[0]} → {sides[1]}{visit.t('：', ': ')}{counts or unchanged}"


def _file_seconds(differences: int) -> int:
    """Estimate the seconds of writing a workbook of so many records; 0 if it is quick."""
    seconds = differences // _RECORDS_A_SECOND
    return seconds if seconds >= _LONG_SECONDS else 0


def _query_pairs(visit: Visit) -> list[tuple[str, str]]:
    return [*(p for p in visit.pairs if p[0] in ("from", "to", "kind", "part")), *_known_at(visit)]


def _side(visit: Visit, view: View | None) -> str:
    if view is None:
        return visit.t("现在", "now")
    if view.release is not None:
        return visit.t(f"第{view.release}次发布", f"Release {view.release}")
    return visit.day(view.as_of) if view.known_at is None else visit.moment(view.known_at)


def _kind(visit: Visit, kind: str, number: int) -> KindFilter:
    on = kind in visit.values("kind")
    return KindFilter(
        kind, labels.word_for(visit, KINDS, kind), number, visit.toggle_filter("kind", kind), on
    )


def _part_counts(visit: Visit, counts: CountsByPart) -> Sequence[PartCounts]:
    chosen = visit.values("part")
    return [
        PartCounts(part or "", numbers, visit.toggle_filter("part", part) if part else "", part in chosen)
        for part, numbers in counts.items()
    ]


def _chart(visit: Visit, counts: CountsByPart) -> Markup | None:
    parts = list(counts.items())[:_MAX_PARTS]
    if not parts:
        return None
    names = tuple(part or visit.t("未注明报送部门", "no department stated") for part, _ in parts)
    series: dict[str, tuple[int, ...]] = {
        k: tuple(numbers[k] for _, numbers in parts) for k in DIFFERENCE_KINDS
    }
    nonzero_series = tuple((kind, numbers) for kind, numbers in series.items() if any(numbers))
    label = visit.t("各部门的变化，数据见表", "Changes by department; the table has the numbers")
    return charts.draw_stacked_bars(names, nonzero_series, label=label)


def _fields(visit: Visit, catalogue: Catalogue, d: Difference) -> Sequence[SideBySide]:
    if d.before is not None and d.after is not None:
        changes = value_difference.without_repeated_texts(catalogue, d.fields)
        pairs = [(change.field, change.before, change.after) for change in changes]
    else:  # an added or removed record: all fields, on one side
        before, after = d.before or {}, d.after or {}
        pairs = [(n, before.get(n), after.get(n)) for n in catalogue.by_name if n in before or n in after]
    fields = []
    for name, old, new in pairs:
        field = catalogue.by_name.get(name)
        if (field is None or not field.personal) and name != catalogue.title_field:
            title = field_html.title_of_changed(visit, field, name)
            texts = field_html.format_text(visit, field, old), field_html.format_text(visit, field, new)
            sides = value_difference.mark_sides(
                field, (old, new), texts, field_html.work_addresses(visit), visit.text_lang
            )
            fields.append(SideBySide(title, *sides))
    return fields
