"""The ``search`` command: hits on the terminal or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from publisher.cli.context import DAY, JSON, CommandContext, today, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from schemas.words import STATUSES

if TYPE_CHECKING:
    from rich.text import Text

    from search.contract import HighlightedText, Hit, Page
    from search.find import SearchPage

_MOST_SIMILAR = 5
_MATCHES = {
    "all": "包含全部搜索词 all words",
    "most": "放宽到大部分搜索词 widened to most words",
    "any": "放宽到任一搜索词 widened to any word",
}


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    help="只查这个数据集，可重复 / Only this dataset; may be repeated.",
)
@click.option("--as-of", type=DAY, help="查询日期，默认今天 / In effect that day; today by default.")
@click.option(
    "--status",
    "scope",
    type=click.Choice(["current", "all", "ended"]),
    default="current",
    show_default=True,
    help="现行有效、全部，或只查已移出清单和撤回公布的 / In force, all, or only removed and withdrawn ones.",
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="条数 / How many.")
@JSON
@with_context
def search(
    context: CommandContext,
    text: tuple[str, ...],
    datasets: tuple[str, ...],
    as_of: date | None,
    scope: str,
    limit: int,
    *,
    as_json: bool,
) -> int:
    """搜索，支持简体和繁体 / Search, in simplified or traditional characters."""
    import anyio

    from publisher.indexing import indexer
    from publisher.indexing.site_names import SiteNames
    from publisher.views.api.search_scope import make_search_scope
    from search import find
    from search.contract import ENDED, Request, Status

    statuses: dict[str, tuple[Status, ...]] = {"all": ("current", *ENDED), "ended": ENDED}
    request = Request(
        text=output.replace_controls(" ".join(text)),
        statuses=statuses.get(scope, ("current",)),
        filters={"dataset": datasets} if datasets else {},
        as_of=(as_of or today()).toordinal(),
        limit=limit,
        similar=min(limit, _MOST_SIMILAR),
    )
    with context.log(read_only=True) as log:
        for name in datasets:
            log.datasets.get(name)
        titles = {d.name: d.title for d in log.datasets.all()}
        engine = context.engine()
        pending = anyio.run(indexer.status, log, engine).pending
        search_page = anyio.run(find.find, engine, SiteNames(log), request, make_search_scope(log).fields())
    if as_json:
        output.print_json(_page_to_json(request.text, search_page, pending))
    else:
        _print_page(search_page, titles, pending)
    return Exit.OK


def _print_page(search_page: SearchPage, titles: Mapping[str, str], pending: int) -> None:
    """Print hits and how they were found. ``titles``: by dataset; ``pending``: entries not indexed yet."""
    page = search_page.page
    if search_page.did_you_mean:
        suggestion = output.replace_controls(search_page.did_you_mean)
        output.print_message(
            f"您要找的是不是“{suggestion}”？以下为“{suggestion}”的结果。",
            f"Did you mean {suggestion}? These are its results.",
        )
    if missing := _missing_words(search_page):
        words = output.replace_controls("、".join(missing))
        if page.similar is not None and page.similar.hits:
            output.print_message(f"没有内容含有“{words}”。", f"Nothing contains {words}.")
        else:
            output.print_message(
                f"没有收录“{words}”，以下结果并不相符。", f"Not held: {words}. The results do not match it."
            )
    for hit in page.hits:
        _show(hit, titles.get(hit.dataset, hit.dataset))
    output.print_message(f"共{page.total}条（{_MATCHES[page.match]}）。", f"{page.total} found.")
    _show_similar(page, titles)
    if pending:
        output.print_message(
            f"还有{pending}项未进入搜索索引，结果可能不全；"
            "qingdan work 运行时会自动补上，也可运行 qingdan reindex。",
            f"Search is behind by {pending} entries: "
            "a running qingdan work catches up, or run qingdan reindex.",
        )


def _missing_words(search_page: SearchPage) -> Sequence[str]:
    """Return the words of the query that no record of the site contains."""
    return () if search_page.missing is None else search_page.missing.words


def _show_similar(page: Page, titles: Mapping[str, str]) -> None:
    if page.similar is not None and page.similar.hits:
        output.print_message(
            "意思相近的（不计入上面的结果）：", "Similar in meaning, not counted among the results:"
        )
        for hit in page.similar.hits:
            _show(hit, titles.get(hit.dataset, hit.dataset))


def _show(hit: Hit, dataset_title: str) -> None:
    """Print a hit: title, excerpts, and a line with where it is and, unless it is in force, its status."""
    from rich.padding import Padding
    from rich.text import Text

    status = "" if hit.status == "current" else f"  {STATUSES[hit.status].both}"
    place = f"    {dataset_title}{status}  {hit.dataset}/{hit.record}"
    if not sys.stdout.isatty():
        for line in (hit.title.text, *(f"    {e.text}" for e in hit.excerpts)):
            output.print_line(" ".join(line.split("\n")))
        output.print_line(place)
        return
    console = output.stdout()
    console.print(_highlight(hit.title, "bold"))
    for excerpt in hit.excerpts:
        console.print(Padding(_highlight(excerpt, ""), (0, 0, 0, 4)))
    console.print(Text(output.replace_controls(place), style="dim"))


def _highlight(marked: HighlightedText, style: str) -> Text:
    from rich.text import Text

    # Marks are offsets in characters; ``replace_controls`` does not change them.
    text = Text(output.replace_controls(marked.text.replace("\n", " ")), style=style)
    for start, end in marked.marks:
        text.stylize("bold yellow", start, end)
    return text


def _page_to_json(text: str, search_page: SearchPage, pending: int) -> dict[str, object]:
    page = search_page.page

    def text_to_json(one: HighlightedText) -> dict[str, object]:
        return {"field": one.field, "text": one.text, "marks": [list(m) for m in one.marks]}

    def hits_to_json(hits: Sequence[Hit]) -> list[dict[str, object]]:
        return [
            {
                "dataset": hit.dataset,
                "record": hit.record,
                "revision": hit.revision,
                "score": hit.score,
                "status": hit.status,
                "title": text_to_json(hit.title),
                "excerpts": [text_to_json(e) for e in hit.excerpts],
            }
            for hit in hits
        ]

    similar = page.similar and {"total": page.similar.total, "hits": hits_to_json(page.similar.hits)}
    return {
        "text": text,
        "total": page.total,
        "match": page.match,
        "pending": pending,
        "hits": hits_to_json(page.hits),
        "similar": similar,
        "cursor": page.cursor,
        "did_you_mean": search_page.did_you_mean,
        "not_held": _missing_words(search_page),
    }


COMMANDS: tuple[click.Command, ...] = (search,)
