"""The command ``reread``: kept files read again with today's readers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, CommandContext, with_context
from publisher.cli.terminal import change_lines, output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.language import in_language

if TYPE_CHECKING:
    from publisher.workflow.reread_files import PartReading, ReadingDifference
    from schemas.definition.catalogue import Catalogue

_KINDS = {
    "changed": ("调整", "changed"),
    "added": ("新增", "added"),
    "removed": ("不再读出", "no longer read"),
    "in-error": ("现在报错，保持原样", "in error now, stays as it is"),
}


@click.command()
@click.argument("dataset", required=False)
@click.option(
    "--draft", "into_draft", is_flag=True, help="将不同之处写入草稿 / Put what differs into a draft."
)
@JSON
@with_context
def reread(context: CommandContext, dataset: str | None, *, into_draft: bool, as_json: bool) -> int:
    """用现在的程序重新识读存档的文件 / Read the kept files again; show what differs."""
    from publisher.workflow import reread_files

    if into_draft and dataset is None:
        raise click.UsageError("--draft 须指明数据集 / --draft needs a dataset")
    readings_by_dataset: dict[str, object] = {}
    with context.log() as log:
        for name in [dataset] if dataset is not None else [d.name for d in log.datasets.all()]:
            catalogue = context.dataset_catalogue(log, name) or log.queries.catalogue(name)
            readings = reread_files.reread(log, name, catalogue)
            if as_json:
                readings_by_dataset[name] = [_part_to_json(part) for part in readings]
            else:
                _show(name, readings, catalogue)
            if into_draft:
                count = reread_files.stage_rereading(log, name, readings, catalogue)
                zh, en = f"已将{count}处不同写入草稿。", f"{count} differences are in the draft."
                output.print_message(*((zh, en) if count else ("没有不同，未写入草稿。", "Nothing differs.")))
    if as_json:
        output.print_json(readings_by_dataset)
    return Exit.OK


def _part_to_json(part: PartReading) -> dict[str, object]:
    return {
        "part": part.part,
        "files": [source.source.name for source in part.sources],
        "differences": [structs.asdict(difference) for difference in part.differences],
        "unread": [{"file": name, "message_zh": zh, "message_en": en} for name, zh, en in part.unread],
    }


def _show(dataset: str, readings: tuple[PartReading, ...], catalogue: Catalogue) -> None:
    for part in readings:
        for name, zh, en in part.unread:
            output.print_line(in_language(f"未能识读 {name}：{zh}", f"Not read: {name}: {en}"))
        for difference in part.differences:
            _show_difference(difference, catalogue)
    counts: Counter[str] = Counter(d.kind for part in readings for d in part.differences)
    count_texts = "，".join(
        f"{in_language(*words)} {counts[kind]}" for kind, words in _KINDS.items() if counts[kind]
    )
    output.print_line(f"{dataset}: {count_texts or in_language('没有不同', 'no difference')}")


def _show_difference(difference: ReadingDifference, catalogue: Catalogue) -> None:
    part = f"  （{difference.part}）" if difference.part else ""
    output.print_line(f"{in_language(*_KINDS[difference.kind])}  {difference.title}{part}")
    change_lines.show_fields(difference.fields, catalogue)


COMMANDS: tuple[click.Command, ...] = (reread,)
