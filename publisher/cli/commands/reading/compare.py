"""The ``compare`` command: two states of a dataset, on the terminal, as JSON, CSV or a workbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, CommandContext, read_day, today, with_context
from publisher.cli.terminal import change_lines, output
from publisher.cli.terminal.language import in_language
from schemas.words import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publisher.log.log import Log
    from publisher.log.model import View
    from publisher.log.queries.comparison import Difference
    from schemas.definition.catalogue import Catalogue


class ViewParameter(click.ParamType["View"]):
    """A release or a day: ``3`` or ``2015-12-01``."""

    name = "发布|日期 release|date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> View:
        from publisher.log.model import View

        if isinstance(value, View):
            return value
        text = str(value)
        if re.fullmatch(r"[1-9][0-9]{0,8}", text):
            return View(release=int(text))
        day = read_day(text)
        if day is None:
            self.fail(f"'{text}'：应写作3或2015-12-01 / write 3 or 2015-12-01, not {text!r}", param, ctx)
        return View(as_of=day)


@click.command()
@click.argument("dataset")
@click.argument("before", metavar="FROM", type=ViewParameter())
@click.argument("after", metavar="[TO]", type=ViewParameter(), required=False)
@click.option("--csv", type=click.Path(path_type=Path, dir_okay=False), help="写成 CSV / Write a CSV file.")
@click.option(
    "--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="写成标色的工作簿 / Write a workbook."
)
@JSON
@with_context
def compare(
    context: CommandContext,
    dataset: str,
    before: View,
    after: View | None,
    csv: Path | None,
    xlsx: Path | None,
    *,
    as_json: bool,
) -> None:
    """比较两次发布或两个日期 / Compare two releases or days; TO is today unless named."""
    from publisher.log.model import View

    end = after or View(as_of=today())
    if _is_reversed(before, end):
        raise click.UsageError("TO 早于 FROM，请对调 / TO is earlier than FROM; swap them")
    with context.log(read_only=True) as log, log.snapshot():
        totals = log.queries.totals(dataset, before, end)  # raises before a file is replaced
        if csv is not None:
            _write_csv(log, dataset, before, end, csv)
        if xlsx is not None:
            _write_xlsx(log, dataset, before, end, xlsx)
        differences = log.queries.differences(dataset, before, end)
        if as_json:
            output.print_json(
                {"totals": structs.asdict(totals), "differences": [structs.asdict(d) for d in differences]}
            )
            return
        if csv is None and xlsx is None:
            _print_differences(differences, log.queries.catalogue_in_view(dataset, end, before))
    texts = (change_lines.format_counts(totals.kinds), change_lines.format_unchanged(totals.unchanged))
    output.print_line("，".join(filter(None, texts)))


def _is_reversed(before: View, after: View) -> bool:
    if before.release is not None and after.release is not None:
        return before.release > after.release
    return before.as_of is not None and after.as_of is not None and before.as_of > after.as_of


def _print_differences(differences: Iterator[Difference], catalogue: Catalogue) -> None:
    for d in differences:
        title = d.title or change_lines.ERASED
        if d.title_before not in ("", d.title):
            title = f"{d.title_before} → {title}"
        part = f"  （{d.part}）" if d.part else ""
        output.print_line(f"{in_language(*KINDS[d.kind])}  {title}{part}")
        change_lines.show_fields(d.fields, catalogue)
        for step in d.steps:
            grounds = "  ".join(filter(None, (step.basis, step.reason)))
            output.print_line(
                f"    第{step.release}次发布 release {step.release}  {step.effective_on}  {grounds}"
            )


def _write_csv(log: Log, dataset: str, before: View, after: View, path: Path) -> None:
    from publisher.views.comparison.spreadsheets import to_csv

    with path.open("wb") as file:
        differences = log.queries.differences(dataset, before, after)
        file.writelines(to_csv(differences, log.queries.catalogue_in_view(dataset, after, before), lang="zh"))


def _write_xlsx(log: Log, dataset: str, before: View, after: View, path: Path) -> None:
    from publisher.views.comparison.spreadsheets import Metadata, to_xlsx

    details = log.datasets.get(dataset)
    source = f"{log.datasets.site().base}/v1/datasets/{dataset}"
    site, _ = log.datasets.site_details()
    if after.release is not None:
        entry = log.queries.release(dataset, after.release).entry
        site = site.at_release(log.datasets.site_details_at(entry))
    metadata = Metadata(
        title=details.title,
        before=_name_of_view(before),
        after=_name_of_view(after),
        source=source,
        licence=details.licence,
        notice=details.notice,
        site=site,
    )
    totals = log.queries.totals(dataset, before, after)
    to_xlsx(
        path,
        log.queries.differences(dataset, before, after),
        totals,
        log.queries.catalogue_in_view(dataset, after, before),
        metadata,
    )


def _name_of_view(view: View) -> str:
    return f"第{view.release}次发布" if view.release is not None else str(view.as_of)


COMMANDS: tuple[click.Command, ...] = (compare,)
