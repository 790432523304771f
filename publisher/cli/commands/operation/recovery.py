"""The commands ``backup``, ``restore`` and ``log``: copies of a site, and the log of a restored one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from publisher.cli.context import JSON, YES, CommandContext, with_context
from publisher.cli.download import DownloadError, download
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError
from publisher.cli.terminal.language import in_language

if TYPE_CHECKING:
    from publisher.log.log import Log
    from publisher.log.recovery.backup import BackupReport
    from publisher.log.recovery.restoration import RestorationReport

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--keys",
    type=_FOLDER,
    help="另将签名私钥复制到此文件夹，不能在备份之内 / Copy the private keys too, to a folder elsewhere.",
)
@click.option(
    "--keep",
    type=click.IntRange(1),
    help="只保留最新的几份，默认全部保留 / Keep only so many backups; by default all stay.",
)
@click.option(
    "--forget-erased",
    is_flag=True,
    help="不新建备份，从已有备份中除去已依法删除的内容 / Rewrite older backups without what was erased.",
)
@JSON
@with_context
def backup(
    context: CommandContext,
    folder: Path,
    *,
    keys: Path | None,
    keep: int | None,
    forget_erased: bool,
    as_json: bool,
) -> int:
    """备份站点；运行中也可以 / Back up the site, also while it runs; the copy is verified."""
    from publisher.desk.accounts import copies as desk_copies
    from publisher.inbox.backup_copy import EXCLUDED_TABLES, copy_inbox
    from publisher.log.clocks import utc_now
    from publisher.telemetry.last_backup import write_last_backup

    settings = context.settings
    home, inbox, desk = settings.home, settings.inbox, settings.desk

    def copy_besides(site: Path) -> None:
        copy_inbox(inbox, site / inbox.relative_to(home))
        desk_copies.copy_desk(desk, site / desk.relative_to(home))

    is_sqlite = settings.database.startswith("sqlite")
    # Where it can, opening completes an erasure that was interrupted, so that no backup has its content.
    with context.log(read_only=is_sqlite and not os.access(home, os.W_OK)) as log:
        if forget_erased:
            places = (inbox.relative_to(home), desk.relative_to(home))
            return _forget_erased(log, folder, *places, as_json=as_json)
        report = log.recovery.back_up(
            home,
            folder,
            keys=keys,
            keep=keep,
            copy_besides=copy_besides,
            excluded_tables=(*EXCLUDED_TABLES, *desk_copies.EXCLUDED_TABLES),
            other_keys=(settings.desk_key,),
        )
    with suppress(OSError):  # a home whose disk became read-only is backed up too
        write_last_backup(home, utc_now())
    if as_json:
        output.print_json({**structs.asdict(report), "backup": str(report.backup)})
    else:
        _print_backup(report, with_keys=keys is not None)
    return Exit.REFUSED if report.not_copied else Exit.OK


def _print_backup(report: BackupReport, *, with_keys: bool) -> None:
    if report.not_copied:
        output.print_message(
            f"已备份，但缺少原始存档：{report.backup}", f"Backed up, but sources are lacking: {report.backup}"
        )
    else:
        output.print_message(f"已备份并核验：{report.backup}", f"Backed up and verified: {report.backup}")
    no_keys = "未复制，请另行备份 not copied: back them up elsewhere"
    output.print_pairs(
        [
            ("日志条目 entries", report.entries),
            ("数据库字节 bytes", report.size),
            ("原始存档 sources", f"{report.sources}（新增 new {report.new_sources}）"),
            ("密钥 keys", report.keys if with_keys else no_keys),
        ]
    )
    for source in report.not_copied:
        output.print_message(*source.in_words())


def _forget_erased(log: Log, folder: Path, inbox: Path, desk: Path, *, as_json: bool) -> int:
    """Rewrite the backups in ``folder``; ``inbox``, ``desk``: paths relative to a home. → the exit code."""
    from publisher.desk.accounts import copies
    from publisher.inbox.backup_copy import clean_copy, list_requests

    def clean_besides(site: Path, records: Sequence[tuple[str, str]]) -> bool:
        is_cleaned = copies.clean_copy(site / desk, list_requests(site / inbox, records))
        return clean_copy(site / inbox, records) or is_cleaned

    rewritten, others = log.recovery.forget_erased(folder, clean_besides)
    if as_json:
        output.print_json({"rewritten": rewritten, "not_rewritten": [str(path) for path in others]})
    else:
        output.print_message(f"已改写{rewritten}份备份。", f"{rewritten} backups were rewritten.")
        for path in others:
            output.print_message(
                f"不能改写，请在有新备份后删除：{path}",
                f"This cannot be rewritten; delete it once there is a newer backup: {path}",
            )
    return Exit.REFUSED if others else Exit.OK


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--backup", "name", help="哪一份，默认最新 / Which backup; by default the newest.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=_FILE,
    multiple=True,
    help="他人保存的最新存证点 / The newest checkpoint that anybody holds, as a file.",
)
@click.option(
    "--from",
    "addresses",
    metavar="URL",
    multiple=True,
    help="保存存证点的镜像或见证者的地址 / Address of a mirror or witness that holds one.",
)
@click.option(
    "--no-checkpoint",
    is_flag=True,
    help="已查明无人保存存证点 / It was asked for, and nobody holds one.",
)
@click.option(
    "--complete-from",
    metavar="FILE|URL",
    help="从 log.zip 或镜像补全缺少的日志条目 / Take missing entries from a log.zip or a mirror.",
)
@click.option(
    "--erasures",
    type=_FILE,
    multiple=True,
    help="另存的 erasures.jsonl / A list of erasures that was kept elsewhere.",
)
@click.option("--keys", type=_FOLDER, help="私钥备份所在文件夹 / Folder with the private keys.")
@JSON
@with_context
def restore(
    context: CommandContext,
    folder: Path,
    *,
    name: str | None,
    checkpoints: Sequence[Path],
    addresses: Sequence[str],
    no_checkpoint: bool,
    complete_from: str | None,
    erasures: Sequence[Path],
    keys: Path | None,
    as_json: bool,
) -> int:
    """从备份恢复站点 / Restore the site into an empty home; nothing is overwritten."""
    from publisher.cli.erasure_besides import erase_besides
    from publisher.log.recovery import restoration

    notes = _read_checkpoints(checkpoints, addresses)
    if not notes and not no_checkpoint:
        notes = _ask_for_checkpoint()
    settings = context.settings
    with ExitStack() as stack:
        # Before anything is restored: an archive that cannot be had leaves the home empty for another try.
        archive = None if complete_from is None else stack.enter_context(_archive(complete_from))
        restored = restoration.restore(
            folder,
            url=settings.database,
            home=settings.home,
            name=name,
            notes=notes,
            ledgers=erasures,
            keys=keys,
            other_keys=(settings.desk_key,),
            erase_besides=partial(erase_besides, context),
        )
        log = stack.enter_context(context.log())
        log.releases.finish_erasure()
        if archive is not None and log.recovery.missing_entries() is not None:
            _complete(log, archive, quiet=as_json)
        missing = log.recovery.missing_entries()
        problems = () if missing is not None else log.integrity.verify().problems
    show = _print_restoration_json if as_json else _print_restoration
    show(restored, missing or 0, read_only=missing is not None, problems=problems)
    return Exit.REFUSED if problems or restored.not_copied else Exit.OK


def _read_checkpoints(files: Sequence[Path], addresses: Sequence[str]) -> list[str]:
    """Read checkpoints from files, and fetch those of other sites."""
    notes = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    return notes + [_fetch_checkpoint(address) for address in addresses]


def _print_restoration_json(
    restored: RestorationReport, missing: int, *, read_only: bool, problems: Sequence[str]
) -> None:
    output.print_json(
        {
            "backup": restored.backup.name,
            "entries": restored.entries,
            "missing": missing,
            "erased_again": restored.erased_again,
            "read_only": read_only,
            "not_copied": restored.not_copied,
            "problems": list(problems),
        }
    )


def _print_restoration(
    restored: RestorationReport, missing: int, *, read_only: bool, problems: Sequence[str]
) -> None:
    from publisher.log.transparency.shortfall import in_words

    output.print_message(
        f"已恢复 {restored.backup.name}：{restored.entries}个日志条目；"
        f"再次删除{restored.erased_again}条记录。",
        f"Restored {restored.backup.name}: {restored.entries} entries; {restored.erased_again} records were "
        "erased again.",
    )
    for source in restored.not_copied:
        output.print_message(*source.in_words())
    for problem in problems:
        output.print_line(problem)
    if read_only:
        zh, en = in_words(missing)
        output.print_message(
            f"备份较早，缺少{zh}，站点只能读取。请用 qingdan log complete 补全。",
            f"The backup is older: {en} are missing, and the site can only be read. "
            "Complete it with `qingdan log complete`.",
        )
    output.print_message(
        "请运行 qingdan reindex，再启动服务。", "Run qingdan reindex, then start the services."
    )


def _ask_for_checkpoint() -> list[str]:
    """Ask on a terminal for a checkpoint; elsewhere an option has to name it."""
    zh = "谁保存有较新的存证点（文件或网址；确无人保存则留空）"
    en = "Who holds a newer checkpoint (file or address; empty if nobody does)"
    if not sys.stdin.isatty():
        raise CommandError(
            "checkpoint-needed",
            "请先查明谁保存有最新存证点（镜像、见证者、上级网站），用 --checkpoint 或 --from 指明；"
            "确无人保存的，用 --no-checkpoint。否则较早的备份会让日志分叉。",
            "Find out who holds the newest checkpoint (a mirror, a witness, another site) and name it with "
            "--checkpoint or --from; if nobody does, use --no-checkpoint. Else the log may fork.",
            exit_code=Exit.USAGE,
        )
    place = str(click.prompt(in_language(zh, en), default="", show_default=False, err=True)).strip()
    if not place:
        return []
    is_address = place.startswith(("http://", "https://"))
    return _read_checkpoints((), (place,)) if is_address else _read_checkpoints((Path(place),), ())


def _fetch_checkpoint(address: str) -> str:
    """Fetch the checkpoint of a site, or the address itself if it ends in ``/checkpoint``."""
    with _download(_append_path(address, "/checkpoint", "/log/checkpoint")) as path:
        return path.read_text(encoding="utf-8", errors="replace")


def _append_path(address: str, ending: str, path: str) -> str:
    """Return the address, followed by ``path`` unless it has that ``ending`` already."""
    return address if address.endswith(ending) else address.rstrip("/") + path


@contextmanager
def _download(address: str) -> Iterator[Path]:
    """Download into a temporary file. Raises ``CommandError('no-answer')``."""
    with tempfile.TemporaryDirectory(prefix="qingdan-") as folder:
        path = Path(folder) / "download"
        try:
            download(address, path)
        except DownloadError as error:
            raise CommandError(
                "no-answer",
                f"无法从 {address} 取得：{error}",
                f"Cannot download {address}: {error}",
                exit_code=Exit.UNAVAILABLE,
            ) from error
        yield path


@click.group()
def log() -> None:
    """恢复后的日志：补全或另起 / The log of a restored site: complete it, or let another succeed it."""


@log.command()
@click.argument("source", metavar="FILE|URL")
@with_context
def complete(context: CommandContext, source: str) -> None:
    """从 log.zip 或镜像补全缺少的日志条目 / Take the missing entries from a log.zip or a mirror."""
    with context.log() as log, _archive(source) as path:
        _complete(log, path, quiet=False)


def _complete(log: Log, archive: Path, *, quiet: bool) -> None:
    with output.show_progress() as progress:
        report = log.recovery.complete(archive, lambda n, total: progress("补全 completing", n, total))
    log.releases.finish_erasure()
    if quiet:
        return
    output.print_message(
        f"已补全{report.entries}个日志条目、{report.releases}次发布，仍缺{report.missing}个。",
        f"Completed {report.entries} entries and {report.releases} releases; {report.missing} are missing.",
    )
    if report.sources:
        output.print_message(
            f"有{report.sources}份来源文件的原始存档不在档案中，请重新导入同一文件以补存。",
            f"The bytes of {report.sources} source files are in no archive; import the files again.",
        )


@contextmanager
def _archive(source: str) -> Iterator[Path]:
    if source.startswith(("http://", "https://")):
        with _download(_append_path(source, ".zip", "/v1/log.zip")) as path:
            yield path
    else:
        Path(source).stat()  # raises for a file that is not there
        yield Path(source)


@log.command()
@click.option(
    "--reason", required=True, help="理由，将向社会公布 / Why entries are lost; it will be published."
)
@YES
@with_context
def succeed(context: CommandContext, reason: str, *, yes: bool) -> None:
    """缺少的日志条目无人保存时，另起新日志 / Go on as a successor, where nobody has the missing entries."""
    from publisher.cli.terminal.confirm import confirm

    with context.log() as log:
        missing = log.recovery.missing_entries()
        if missing is not None:
            confirm(
                f"将永久放弃{missing}个日志条目，另起新日志，无法回到原来的日志。",
                f"{missing} entries are given up for good, and a successor begins. This cannot be undone.",
                yes=yes,
            )
        successor = log.recovery.succeed(reason)
    output.print_message(
        f"新日志 {successor.origin} 已开始，写明丢失{successor.lost}个日志条目。请重新启动 qingdan serve。",
        f"The successor {successor.origin} begins by saying that {successor.lost} entries are lost. Restart "
        "qingdan serve.",
    )
    if successor.key is None:
        output.print_message(
            "新日志还没有密钥：请运行 qingdan key rotate。",
            "The successor has no key yet: run qingdan key rotate.",
        )
    else:
        output.print_line(str(successor.key))


COMMANDS: tuple[click.Command, ...] = (backup, restore, log)
