"""Commands about the whole site: init, status, verify, reindex, move, openapi."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.commands.operation.live_site import verify_live_site
from publisher.cli.commands.operation.status.site import print_status, read_status
from publisher.cli.context import JSON, CommandContext, today, with_context
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit

if TYPE_CHECKING:
    from publisher.log.verification.integrity import Scope, Verification

_DATABASE = re.compile(r"(postgresql|sqlite)(\+[a-z]+)?://")
_BASE = re.compile(r"https?://([^\s/?#@:\[]+|\[[\da-fA-F:]+\])(:[0-9]{1,5})?(/[^\s?#]*)?")
_TAG_AUTHORITY = re.compile(r"[\w.-]+(@[\w.-]+)?,\d{4}(-\d\d){0,2}")


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
    address = _BASE.fullmatch(base)
    if address is None:
        raise click.BadParameter(f"{base!r}: https://data.example.gov.cn", param_hint="--base")
    tag_authority = tag_authority or f"{address[1]},{today().isoformat()}"
    if not _TAG_AUTHORITY.fullmatch(tag_authority):
        raise click.BadParameter(
            f"{tag_authority!r}: data.example.gov.cn,2026-01-01", param_hint="--tag-authority"
        )
    home = context.settings.home
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
    log = Log.open(context.settings.database, sources=context.settings.sources)
    try:
        site = log.datasets.init_site(base, tag_authority)
        has_form = _create_inbox(context)
    finally:
        log.close()
    output.print_message(f"站点已建立：{context.settings.home}", "The site was created.")
    output.print_pairs([("base", site.base), ("tag-authority", site.tag_authority)])
    _print_form(is_on=has_form)


def _create_inbox(context: CommandContext) -> bool:
    """Turn corrections on → False if the database's role may not create a schema."""
    from sqlalchemy.exc import ProgrammingError

    from publisher.inbox.inbox import Inbox

    settings = context.settings
    try:
        Inbox.create(settings.database, settings.inbox, context.seal_keys())
    except ProgrammingError:
        return False
    return True


def _print_form(*, is_on: bool) -> None:
    """Print whether the pages of a new site have the form."""
    if is_on:
        output.print_message(
            "各条目的页面上有“我要纠错”，请定期运行 qingdan corrections list；QINGDAN_CORRECTIONS=0 关闭。",
            "The page of each record has a form for corrections: run qingdan corrections list regularly, or "
            "turn it off with QINGDAN_CORRECTIONS=0.",
        )
    else:
        output.print_message(
            "数据库角色无权建立收件箱，“我要纠错”未启用（qingdan corrections key）。",
            "The role may not create the inbox of corrections, so they are off (qingdan corrections key).",
        )


@click.command()
@JSON
@with_context
def status(context: CommandContext, *, as_json: bool) -> None:
    """站点状况 / Content of the site and state of the search index."""
    site = read_status(context)
    if as_json:
        output.print_json(site.to_json())
    else:
        print_status(site)


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
    from publisher.log.verification.integrity import Scope

    if live_site is not None:
        if sources or index or repair is not None:
            raise click.UsageError(
                "--from 不能与 --sources、--index、--repair 同用 / "
                "--from goes with no --sources, --index or --repair"
            )
        folder = context.settings.home / "checkpoints"
        return verify_live_site(live_site, checkpoint, folder, as_json=as_json)
    if repair is not None and repair.exists():
        raise click.BadParameter(f"{repair} 已存在 / {repair} exists already", param_hint="--repair")
    note = None if checkpoint is None else checkpoint.read_text(encoding="utf-8", errors="replace")
    scope = Scope(sources=sources, index=index, checkpoint=note)
    replaced, verification = _verify(context, scope, repair)
    if as_json:
        own = {} if replaced is None else {"replaced": replaced}
        output.print_json({**structs.asdict(verification), **own, "ok": verification.ok})
        return Exit.OK if verification.ok else Exit.REFUSED
    if replaced is not None:
        output.print_message(
            f"已重建{replaced}处派生数据，原内容见 {repair}。",
            f"{replaced} derived values were rebuilt; see {repair}.",
        )
    _print_verification(verification)
    return Exit.OK if verification.ok else Exit.REFUSED


def _verify(context: CommandContext, scope: Scope, repair: Path | None) -> tuple[int | None, Verification]:
    """Verify the site, after a repair that lists the old values in the file ``repair``.

    → number of derived values that were rebuilt, None without a repair; result of the verification.
    """
    import anyio

    from publisher.site_verification import repair_site, verify_site

    with context.log(read_only=repair is None) as log, output.show_progress() as progress:
        engine = context.engine()

        async def run() -> tuple[int | None, Verification]:
            replaced = None if repair is None else await repair_site(log, engine, repair, index=scope.index)
            verification = await verify_site(
                context.settings,
                log,
                engine,
                scope,
                lambda step: progress(f"核验 verifying: {step}", 0, None),
            )
            await engine.close()
            return replaced, verification

        return anyio.run(run)


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

    from publisher.indexing import indexer

    with context.log() as log, output.show_progress() as progress:
        count = anyio.run(indexer.reindex, log, context.engine(), progress)
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
        output.print_json(structs.asdict(transfer) | {"corrections": corrections, "desk_accounts": accounts})
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
