"""The commands ``collect`` (sites into drafts) and ``evidence`` (a record's stored pages)."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import DAY, JSON, CommandContext, with_context
from publisher.cli.find_record import find_one_id
from publisher.cli.terminal import import_report, output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from publisher.harvest.origin_pages import OriginPage
    from publisher.harvest.report import HarvestReport
    from publisher.harvest.source_config import SourceSite
    from publisher.log.log import Log
    from publisher.log.model import RecordState


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option(
    "--dry-run", is_flag=True, help="试运行：只看列表和前几份文件，不写入 / Dry run: nothing is written."
)
@click.option("--since", type=DAY, help="只采集该日以来列出的 / Only documents listed since that day.")
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 对象 / Print one JSON object.")
@with_context
def collect(
    context: CommandContext, sources: tuple[str, ...], *, dry_run: bool, since: date | None, as_json: bool
) -> int:
    """从 sources.toml 所列网站采集文件到草稿 / Collect documents from the sites of sources.toml."""
    import anyio

    from publisher.harvest.all_sources import HarvestOptions, harvest_sources
    from publisher.indexing import indexer

    with context.log() as log, output.show_progress() as progress:
        selected = _select_sources(read_site_sources(context, log), sources)
        options = HarvestOptions(since=since, dry_run=dry_run, loopback=context.settings.loopback)
        catalogues = partial(context.dataset_catalogue, log)
        report = harvest_sources(log, selected, options, catalogues=catalogues, progress=progress)
        if any(source.release is not None for source in report.sources):
            anyio.run(lambda: indexer.await_indexed(log, context.engine(), progress=progress))
    if as_json:
        output.print_json(report.to_json())
    else:
        _print_report(report)
    return Exit.REFUSED if any(f.severity == "error" for f in report.findings) else Exit.OK


def read_site_sources(context: CommandContext, log: Log) -> Mapping[str, SourceSite]:
    """Read ``sources.toml`` → name and source. Raises ``CommandError('bad-sources')``."""
    from publisher.harvest.source_config import SourcesError, read_sources

    try:
        return read_sources(context.settings.home, [dataset.name for dataset in log.datasets.all()])
    except SourcesError as error:
        raise CommandError("bad-sources", error.zh, error.en) from error


def _select_sources(sources: Mapping[str, SourceSite], names: tuple[str, ...]) -> list[SourceSite]:
    for name in names:
        if name not in sources:
            known_names = "、".join(sources)
            raise CommandError(
                "no-such-source",
                f"sources.toml 中没有“{name}”。现有：{known_names}",
                f"There is no source {name!r} in sources.toml. There are: {known_names}",
                exit_code=Exit.NOT_FOUND,
            )
    return [sources[name] for name in names] if names else list(sources.values())


def _print_report(report: HarvestReport) -> None:
    columns = [
        *("来源 source", "请求 requests", "新发现 found", "未变化 unchanged", "读入 read", "副本 copies"),
        *("附件 attachments", "变化 changed", "消失 vanished", "待采集 waiting", "发布 release"),
    ]
    rows = [
        [
            *(one.source, one.asked, one.found, one.unchanged, one.read, one.copies),
            *(one.attachments, one.changed, one.vanished, one.waiting, one.release or ""),
        ]
        for one in report.sources
    ]
    output.print_table(columns, rows)
    import_report.show_findings(report.findings)
    if report.dry_run:
        output.print_message("试运行，未写入任何内容。", "Dry run: nothing was written.")
    elif any(one.read and one.release is None for one in report.sources):
        output.print_message(
            "已读入草稿，请核对后用 qingdan publish 发布。", "In the draft; review it, then qingdan publish."
        )


@click.command()
@click.argument("record", metavar="NAME|ID")
@click.option("--dataset", help="数据集，默认查找全部 / The dataset; by default all are searched.")
@click.option(
    "--extract",
    type=click.Path(path_type=Path, file_okay=False),
    help="将原始存档（WARC）写入此文件夹 / Write the responses as received (WARC) into this folder.",
)
@JSON
@with_context
def evidence(
    context: CommandContext, record: str, *, dataset: str | None, extract: Path | None, as_json: bool
) -> None:
    """一条记录的原始存档：来源网页及当时的内容 / The page a record was read from, as received."""
    from publisher.harvest import origin_pages

    with context.log() as log:
        state = _find_record(log, dataset, record)
        origins = origin_pages.find_origins(log, state)
        paths = _write_responses(log, origins, extract) if extract is not None else []
    if as_json:
        output.print_json(
            {
                "id": state.id,
                "dataset": state.dataset,
                "title": state.title,
                "sources": state.sources,
                "pages": [structs.asdict(one) for one in origins],
                "extracted": [str(path) for path in paths],
            }
        )
        return
    _print_evidence(state, origins)
    for path in paths:
        output.print_line(f"已写出 wrote {path}")


def _find_record(log: Log, dataset: str | None, name_or_id: str) -> RecordState:
    names = [dataset] if dataset is not None else [one.name for one in log.datasets.all()]
    for name in names:
        try:
            return log.queries.record(name, find_one_id(log, name, name_or_id))
        except CommandError as error:
            if error.failure.exit != Exit.NOT_FOUND or dataset is not None:
                raise
    raise CommandError(
        "no-such-record",
        f"各数据集中都没有名称、编码或标识为“{name_or_id}”的记录。可以用 qingdan search 查找。",
        f"No dataset has a record with the name, code or id “{name_or_id}”. Try qingdan search.",
        exit_code=Exit.NOT_FOUND,
    )


def _write_responses(log: Log, origins: Sequence[OriginPage], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for response in (r for origin in origins for r in origin.responses if not r.destroyed):
        path = folder / f"{response.at:%Y%m%dT%H%M%S%fZ}-{response.digest[:12]}.warc.gz"
        path.write_bytes(log.evidence.source_bytes(response.digest))
        paths.append(path)
    return paths


def _print_evidence(state: RecordState, origins: Sequence[OriginPage]) -> None:
    output.print_line(f"{state.title}  [{state.id}]")
    for source in state.sources:
        output.print_pairs(
            [
                ("来源 source", source.url or source.name),
                ("SHA-256", source.digest),
                ("获取 obtained", source.obtained_at.isoformat(timespec="seconds")),
                ("发现方式 detected by", source.detected_by),
            ]
        )
    for origin in origins:
        copy = "副本 copy" if origin.copy else "原件 read from"
        output.print_line(f"{copy}: {origin.url}")
        output.print_pairs(
            [("识读程序 parser", origin.parser_version), ("消失 vanished", origin.vanished_at)]
        )
        for one in origin.responses:
            digest = "已依法删除 destroyed" if one.destroyed else one.digest
            mark = "  识读自此份 read from this" if one.digest == origin.read_from else ""
            output.print_line(
                f"  {one.at.isoformat(timespec='seconds')}  {one.status}  {one.length} B  {digest}{mark}"
            )
        for excerpt in origin.excerpts:
            output.print_line(f"  {excerpt.title} ← 第{excerpt.line}行 line：{excerpt.text}")


COMMANDS: tuple[click.Command, ...] = (collect, evidence)
