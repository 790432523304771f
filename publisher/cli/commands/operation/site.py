"""Commands about the whole site: init, status, verify, reindex, move, openapi."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from publisher.cli.commands.operation.checkpoint_status import describe_checkpoint, print_checkpoint
from publisher.cli.commands.operation.correction_status import (
    count_corrections,
    create_inbox,
    print_corrections,
    print_form,
)
from publisher.cli.commands.operation.live_site import verify_live_site
from publisher.cli.context import JSON, CommandContext, today, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit

if TYPE_CHECKING:
    from publisher.indexing.worker import SearchStatus
    from publisher.log.log import Log
    from publisher.log.verification.integrity import Verification
    from publisher.log.verification.last_run import VerificationRun

_DATABASE = re.compile(r"(postgresql|sqlite)(\+[a-z]+)?://")
_BASE = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_MOST_PAGES = 20
"""Most pages that ``status`` names; it counts the others."""


@click.command()
@click.option(
    "--base",
    required=True,
    help="站点的公开地址，设定后不能更改 / Public address of the site; cannot be changed later.",
)
@click.option(
    "--tag-authority",
    help="标签 URI 的签发者，默认由 --base 和今天得出 / Authority of tag URIs (RFC 4151).",
)
@with_context
def init(context: CommandContext, base: str, tag_authority: str | None) -> None:
    """建立站点 / Create a site in the home folder."""
    from publisher.log.log import Log

    base = base.rstrip("/")
    if not _BASE.fullmatch(base):
        raise click.BadParameter(f"{base!r}: https://data.example.gov.cn", param_hint="--base")
    host = base.split("//")[1].split("/")[0].split(":")[0]
    home = context.settings.home
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
    log = Log.open(context.settings.database, sources=context.settings.sources)
    try:
        site = log.datasets.init_site(base, tag_authority or f"{host},{today().isoformat()}")
        keeps_inbox = create_inbox(context)
    finally:
        log.close()
    output.print_message(f"站点已建立：{context.settings.home}", "The site was created.")
    output.print_pairs([("base", site.base), ("tag-authority", site.tag_authority)])
    print_form(is_on=keeps_inbox)


@click.command()
@JSON
@with_context
def status(context: CommandContext, *, as_json: bool) -> None:
    """站点状况 / Content of the site and state of the search index."""
    import anyio

    from publisher.indexing import worker
    from publisher.log.clocks import utc_now
    from publisher.log.releases.release_writer import clock_behind
    from publisher.telemetry.last_backup import read_last_backup

    with context.log() as log:
        state = anyio.run(worker.status, log, context.engine())
        datasets = [_dataset_status(log, d.name, d.title) for d in log.datasets.all()]
        site = log.datasets.site()
        pages = [page for page in log.evidence.failed_pages() if page.set_aside]
        checkpoint, reseal = describe_checkpoint(log, context.settings), log.proofs.reseal()
        behind = clock_behind(utc_now(), log.queries.last_published_at())
        lacks = log.recovery.shortfall()
        missing = 0 if lacks is None else lacks[1]
        last_backup = read_last_backup(context.settings.home)
        verified = log.integrity.last_run()
    corrections = count_corrections(context)
    if as_json:
        set_aside = [{"key": i.key, "dataset": i.dataset, "error": i.error} for i in state.set_aside]
        search: dict[str, object] = {"documents": state.documents, "position": state.position}
        search |= {"pending": state.pending, "set_aside": set_aside}
        search |= {"error": state.error} if state.error else {}
        search |= {"away": state.away} if state.away else {}
        search |= {"incomplete": True} if state.incomplete else {}
        output.print_json(
            {
                "base": site.base,
                "home": str(context.settings.home),
                "search": search,
                "checkpoint": checkpoint,
                "clock_behind": behind is not None,
                "missing_entries": missing,
                "last_backup": last_backup,
                "corrections": corrections,
                "verification": None if verified is None else asdict(verified) | {"ok": verified.ok},
                "readable_by_others": _readable_by_others(context.settings.home),
                "datasets": datasets,
                "pages_set_aside": [
                    {"source": p.source, "url": p.url, "times": p.times, "at": p.at, "error": p.error}
                    for p in pages
                ],
            }
        )
        return
    output.print_pairs([("站点 base", site.base), ("文件夹 home", context.settings.home)])
    output.print_pairs([("搜索 search", _describe_search(state))])
    print_checkpoint(checkpoint, reseal)
    if behind is not None:
        output.print_message(behind.zh, behind.en)
    if lacks is not None:
        output.print_message(
            f"本站由较早的备份恢复，缺少{missing}个条目，只能读取：qingdan log complete",
            f"Restored from an older backup: {missing} entries are missing, it can only be read "
            "(qingdan log complete).",
        )
    made_at = "无 none" if last_backup is None else last_backup.isoformat(timespec="seconds")
    output.print_pairs([("备份 last backup", made_at)])
    print_corrections(corrections)
    _print_last_run(verified)
    if others := _readable_by_others(context.settings.home):
        output.print_message(
            f"本机其他用户可以读取：{'、'.join(others)}。请运行 chmod go= 加以限制。",
            f"Other users of this machine can read {', '.join(others)}. Restrict them with chmod go=.",
        )
    if state.error:
        output.print_pairs([("上次失败 last failure", state.error)])
    for item in state.set_aside:
        output.print_pairs([("搁置 set aside", f"{item.dataset} {item.key}: {item.error}")])
    for page in pages[:_MOST_PAGES]:
        output.print_pairs([("网页搁置 page set aside", f"{page.source} {page.url}: {page.error}")])
    if len(pages) > _MOST_PAGES:
        output.print_pairs([("网页搁置 pages set aside", len(pages))])
    _print_older_readings(datasets)
    columns = ("name", "title", "release", "published_at", "records")
    rows = [
        [*("" if d[c] is None else d[c] for c in columns), "有 yes" if d["draft"] else ""] for d in datasets
    ]
    output.print_table(
        ["数据集 dataset", "标题 title", "发布 release", "时间 published", "记录 records", "草稿 draft"], rows
    )


def _readable_by_others(home: Path) -> list[str]:
    """List the home, if others may enter it, and files with secrets that others may read."""
    secrets = [home, home / "cursor.key", *sorted((home / "keys").glob("*"))]
    return [str(path) for path in secrets if path.exists() and path.stat().st_mode & 0o077]


def _describe_search(state: SearchStatus) -> str:
    """Describe the index. It is up to date only if it can be read, lacks nothing, and nothing waits."""
    waiting = f"待索引 pending {state.pending}" if state.pending else ""
    if state.away:
        return f"{state.away}, {waiting}" if waiting else state.away
    if state.incomplete:
        return (
            f"{state.documents}个文档 documents, 索引不完整，由工作进程重建，或运行 qingdan reindex / "
            "incomplete: the worker rebuilds it, or run qingdan reindex"
        )
    return f"{state.documents}个文档 documents, {waiting or '已是最新 up to date'}"


def _print_last_run(run: VerificationRun | None) -> None:
    if run is None:
        output.print_pairs([("夜间核验 nightly verification", "尚未运行 not yet")])
        return
    state = "无误 no problems" if run.ok else run.error or f"{run.problems}处问题 problems"
    output.print_pairs([("夜间核验 nightly verification", f"{run.ended_at.isoformat()}, {state}")])
    if not run.ok:
        output.print_message(
            "注意：最近一次夜间核验没有通过。请运行 qingdan verify --sources --index 查看。",
            "Warning: the last nightly verification did not pass. See qingdan verify --sources --index.",
        )
    for problem in run.listed:
        output.print_line(f"  {problem}")


def _print_older_readings(datasets: Sequence[Mapping[str, object]]) -> None:
    older = sum(int(str(dataset["older_readings"])) for dataset in datasets)
    waiting = [str(d["name"]) for d in datasets if d["older_readings"] and d["draft"]]
    if older:
        drafts = f"（{'、'.join(waiting)}有草稿待发布）" if waiting else ""
        drafts_en = f" ({', '.join(waiting)} has a draft to publish)" if waiting else ""
        output.print_message(
            f"有{older}条记录由旧版程序识读{drafts}。查看有何不同：qingdan reread",
            f"{older} records were read by an earlier version{drafts_en}. See what differs: qingdan reread",
        )


def _dataset_status(log: Log, name: str, title: str) -> dict[str, object]:
    from publisher.workflow.reread_files import count_concerned

    releases = log.queries.releases(name)
    last = releases[-1] if releases else None
    draft = log.drafts.get(name)
    return {
        "name": name,
        "older_readings": count_concerned(log, name),
        "title": title,
        "release": last.number if last else None,
        "published_at": last.published_at.isoformat() if last else None,
        "records": last.counts.get("records", 0) if last else 0,
        "draft": draft is not None,
    }


@click.command()
@click.option("--sources", is_flag=True, help="同时读取每份原始存档 / Read the bytes of every source too.")
@click.option(
    "--index",
    is_flag=True,
    help="同时核验搜索索引和已生成的文件 / Compare the search index and the generated files too.",
)
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="与保存的存证点比对 / Compare with a checkpoint that was kept.",
)
@click.option(
    "--repair",
    type=click.Path(dir_okay=False, path_type=Path),
    help="重建派生数据，将原内容写入此新文件 / Rebuild what is derived; the new file lists the old.",
)
@click.option(
    "--from",
    "live_site",
    metavar="URL",
    help="核验此地址的站点，并与上次所见的存证点比对 / Verify the site at this address, also "
    "against the checkpoint that the run before kept.",
)
@JSON
@with_context
def verify(
    context: CommandContext,
    *,
    sources: bool,
    index: bool,
    checkpoint: Path | None,
    repair: Path | None,
    live_site: str | None,
    as_json: bool,
) -> int:
    """核验全部数据 / Verify all hashes, and compare everything derived with a rebuild from the log."""
    import anyio

    from publisher.log.verification.integrity import Scope
    from publisher.site_verification import repair_site, verify_site

    if live_site is not None:
        if sources or index or repair is not None:
            raise click.UsageError(
                "--from: 不能与 --sources、--index、--repair 同用 goes with no --sources, --index or --repair"
            )
        folder = context.settings.home / "checkpoints"
        return verify_live_site(live_site, checkpoint, folder, as_json=as_json)
    if repair is not None and repair.exists():
        raise click.BadParameter(f"{repair}: 文件已存在 the file exists already", param_hint="--repair")
    note = None if checkpoint is None else checkpoint.read_text(encoding="utf-8", errors="replace")
    with context.log(read_only=repair is None) as log, output.show_progress() as progress:
        engine = context.engine()

        async def run() -> tuple[int | None, Verification]:
            replaced = None if repair is None else await repair_site(log, engine, repair, index=index)
            scope = Scope(sources=sources, index=index, checkpoint=note)
            verification = await verify_site(
                *(context.settings, log, engine, scope),
                lambda step: progress(f"核验 verifying: {step}", 0, None),
            )
            await engine.close()
            return replaced, verification

        replaced, verification = anyio.run(run)
    if as_json:
        own = {} if replaced is None else {"replaced": replaced}
        output.print_json({**asdict(verification), **own, "ok": verification.ok})
        return Exit.OK if verification.ok else Exit.REFUSED
    if replaced is not None:
        output.print_message(
            f"已重建{replaced}处派生数据，原内容见 {repair}。",
            f"{replaced} derived values were rebuilt; see {repair}.",
        )
    _print_verification(verification)
    return Exit.OK if verification.ok else Exit.REFUSED


def _print_verification(verification: Verification) -> None:
    for problem in verification.problems:
        output.print_line(problem)
    erased = f"，其中{verification.erased}个已依法删除" if verification.erased else ""
    zh, en = ("无误", "no problems") if verification.ok else ("有问题", "problems found")
    output.print_message(
        f"已核验{verification.releases}次发布、{verification.revisions}个修订版{erased}：{zh}。",
        f"{verification.releases} releases, {verification.revisions} revisions "
        f"({verification.erased} erased): {en}.",
    )
    output.print_line("未核验 not covered:")
    for part in verification.uncovered:
        output.print_line(f"  {part}")


@click.command()
@with_context
def reindex(context: CommandContext) -> None:
    """重建搜索索引 / Rebuild the search index from the log."""
    import anyio

    from publisher.indexing import worker

    with context.log() as log, output.show_progress() as progress:
        count = anyio.run(worker.reindex, log, context.engine(), progress)
    output.print_message(
        f"搜索索引已重建，共{count}个文档。", f"The search index was rebuilt: {count} documents."
    )


@click.command()
@click.option(
    "--to", required=True, metavar="URL", help="空的数据库 / An empty database: postgresql://user@host/name."
)
@JSON
@with_context
def move(context: CommandContext, to: str, *, as_json: bool) -> None:
    """将整个站点迁移到另一个数据库，逐行核验 / Move the site to another database, verified by hashes."""
    from publisher.desk.accounts.copies import move_desk
    from publisher.desk.accounts.store import DeskStore
    from publisher.inbox.database import InboxDatabase
    from publisher.inbox.transfer import move_inbox

    if not _DATABASE.match(to):
        raise click.BadParameter(f"{to!r}: postgresql://user@host/name", param_hint="--to")
    with context.log() as log, output.show_progress() as progress:
        settings = context.settings
        if settings.database.startswith("sqlite") != to.startswith("sqlite"):
            for store in (InboxDatabase(to, settings.inbox), DeskStore(to, settings.desk)):
                with closing(store):
                    store.require_empty()
        transfer = log.move(to, sources=settings.sources, progress=progress)
        corrections = move_inbox(settings.database, to, settings.inbox, context.seal_keys())
        accounts = move_desk(settings.database, to, settings.desk)
    if as_json:
        output.print_json(asdict(transfer) | {"corrections": corrections, "desk_accounts": accounts})
        return
    rows = sum(transfer.rows.values())
    output.print_message(
        f"已迁移{transfer.releases}次发布、{rows}行数据、{transfer.sources}份原始存档，哈希值全部一致，"
        f"另有{corrections}件纠错、{accounts}个工作台账号；原站点没有变化。"
        "请设置 QINGDAN_DATABASE，再运行 qingdan reindex。",
        f"{transfer.releases} releases, {rows} rows, {transfer.sources} sources copied, all hashes match; "
        f"also {corrections} corrections and {accounts} accounts of the desk. The old site is unchanged. "
        "Set QINGDAN_DATABASE, then run qingdan reindex.",
    )


@click.command()
@click.option("--base", help="站点的公开地址，默认为本站的 / Public address; by default this site's.")
@with_context
def openapi(context: CommandContext, base: str | None) -> None:
    """打印接口文档 / Print the OpenAPI document of the API."""
    from publisher.views.api import contract

    if base is None:
        with context.log(read_only=True) as log:
            base = log.datasets.site().base
    output.print_json(contract.build_document(base.rstrip("/")))


COMMANDS: tuple[click.Command, ...] = (init, status, verify, reindex, move, openapi)
