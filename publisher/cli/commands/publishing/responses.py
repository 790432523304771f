"""The ``answer`` and ``dismiss`` commands: what offices say about findings, as records of a list."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import click

from publisher.cli.commands.publishing.built_in_datasets import BODY, CONTACT, describe_if_missing
from publisher.cli.context import DAY, CommandContext, today, with_context
from publisher.cli.terminal import import_report
from publisher.cli.terminal.exit_codes import Exit
from schemas.words import ANSWERS, DISMISSED

_BY = click.option("--by", "respondent", required=True, help="回应单位 / The office that responds.")
_ON = click.option(
    "--on", "day", type=DAY, help="回应日期，默认今天 / Day of the response; today by default."
)
_BASIS = click.option("--basis", default="", help="回应依据 / What the response rests on.")
_DATASET = click.option(
    "--dataset", default="responses", show_default=True, help="回应的数据集 / The dataset of responses."
)


class _Release(click.ParamType[tuple[str, int]]):
    """A release of a dataset, ``fees/3``."""

    name = "数据集/次数 dataset/number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        dataset, _, number = str(value).rpartition("/")
        if not dataset or not re.fullmatch(r"[1-9][0-9]{0,8}", number):
            self.fail(f"{value!r}：写作 fees/3 / write a release as fees/3", param, ctx)
        return dataset, int(number)


@click.command()
@click.argument("finding")
@click.option(
    "--kind",
    type=click.Choice(ANSWERS),
    required=True,
    help="接受：将改正；说明：说明情况；异议：认为有误 / Accepted, explained or disputed.",
)
@click.option("--text", required=True, help="回应的内容，将向社会公布 / The response; it is published.")
@click.option(
    "--mended-by", type=_Release(), help="改正它的发布，如 fees/3 / The release that fixes it, as fees/3."
)
@_BASIS
@_BY
@_ON
@_DATASET
@BODY
@CONTACT
@with_context
def answer(context: CommandContext, /, kind: str, **options: Any) -> int:
    """回应待核问题，写入回应的草稿 / Answer a finding; the answer goes into the draft of responses."""
    return _stage(context, kind=kind, **options)


@click.command()
@click.argument("finding")
@click.option("--reason", required=True, help="理由，将向社会公布 / The reason; it is published.")
@_BASIS
@_BY
@_ON
@_DATASET
@BODY
@CONTACT
@with_context
def dismiss(context: CommandContext, /, reason: str, **options: Any) -> int:
    """认定待核问题不成立，写入回应的草稿 / Dismiss a finding until what it cites changes."""
    return _stage(context, kind=DISMISSED, text=reason, mended_by=None, **options)


def _stage(
    context: CommandContext,
    finding: str,
    *,
    kind: str,
    text: str,
    mended_by: tuple[str, int] | None,
    basis: str,
    respondent: str,
    day: date | None,
    dataset: str,
    body: str | None,
    contact: str | None,
) -> int:
    from publisher.workflow.import_files import import_files
    from publisher.workflow.respond import NewResponse, response_file

    response = NewResponse(
        finding, kind, text, respondent, responded_on=day or today(), basis=basis, mended_by=mended_by
    )
    with context.log() as log:
        file = response_file(log, response)  # first: a finding that does not exist leaves no dataset behind
        definition = context.catalogue("responses")
        new_dataset = describe_if_missing(log, dataset, definition, body=body, contact=contact)
        own_catalogue = None if new_dataset is None else definition
        report = import_files(log, dataset, [file], catalogue=own_catalogue, new_dataset=new_dataset)
    import_report.show_report(report)
    import_report.print_next_step(report)
    return Exit.REFUSED if report.refused else Exit.OK


COMMANDS: tuple[click.Command, ...] = (answer, dismiss)
