"""``qingdan verify --from URL``: verification of a live site from its public files, as by ``verify.py``."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.cli.download import DownloadError, download
from publisher.cli.terminal import output
from publisher.cli.terminal.exit_codes import Exit
from publisher.cli.terminal.failures import CommandError

if TYPE_CHECKING:
    from publisher.log.transparency.verify import Log


def verify_live_site(address: str, checkpoint: Path | None, folder: Path, *, as_json: bool) -> Exit:
    """Download log and files of a site and verify them, also against the checkpoint of the last run.

    ``checkpoint``: another one to compare. ``folder`` keeps the checkpoint of each run. Raises
    ``CommandError('site-unavailable')``.
    """
    from publisher.log.transparency import verify

    base = address.rstrip("/")
    last_checkpoint = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', base.partition('://')[2])}.checkpoint"
    checkpoints = [
        path
        for path in (last_checkpoint if last_checkpoint.exists() else None, checkpoint)
        if path is not None
    ]
    problem, lines, note = "", list[str](), None
    with tempfile.TemporaryDirectory() as downloads, output.show_progress() as progress:
        site, log_file = Path(downloads) / "site.zip", Path(downloads) / "log.zip"
        # The log last: it contains whatever the site published meanwhile.
        for path in (site, log_file):
            _download(f"{base}/v1/{path.name}", path, lambda size: progress("下载 downloading", size, None))
        try:
            log = verify.Log(verify.open_archive(str(log_file)), None)
            for path in checkpoints:
                log.check_checkpoint(path.read_text(encoding="utf-8"), str(path))
            log.compare(str(site))
            lines, note = _describe(log, site), _read_checkpoint(log)
        except Exception as error:  # noqa: BLE001 - files of a stranger: whatever a damaged one raises
            problem = str(error) if isinstance(error, verify.ProofError) else f"damaged: {error!r}"
    if note is not None:
        folder.mkdir(parents=True, exist_ok=True)
        part = last_checkpoint.with_suffix(".part")  # a kill or a full disk leaves the earlier one
        part.write_text(note, encoding="utf-8")
        part.replace(last_checkpoint)
    _print(problem, lines, last_checkpoint if note is not None else None, len(checkpoints), as_json=as_json)
    return Exit.REFUSED if problem else Exit.OK


def _describe(log: Log, site: Path) -> list[str]:
    counts = f"{len(log.leaves)} entries, {len(log.releases)} releases, {len(log.revisions)} revisions"
    return [*(line.replace(str(site), site.name) for line in log.said), counts]


def _read_checkpoint(log: Log) -> str | None:
    return log.read("checkpoint").decode() if "checkpoint" in log.names else None


def _print(
    problem: str, lines: list[str], checkpoint_file: Path | None, checkpoint_count: int, *, as_json: bool
) -> None:
    if as_json:
        output.print_json(
            {
                "ok": not problem,
                "problem": problem or None,
                "said": lines,
                "compared": checkpoint_count,
                "checkpoint": None if checkpoint_file is None else str(checkpoint_file),
            }
        )
        return
    for line in lines:
        output.print_line(line)
    if problem:
        output.print_message(f"有问题：{problem}", f"Problem found: {problem}")
        return
    output.print_message(
        f"日志和文件无误，与{checkpoint_count}个保存的存证点一致。",
        f"Log and files are as published, and continue {checkpoint_count} kept checkpoints.",
    )
    if checkpoint_file is not None:
        output.print_message(
            f"所见的存证点已存入 {checkpoint_file}，下次核验时与它比对；请另存一份。",
            f"The checkpoint seen is in {checkpoint_file}; the next run compares with it. Keep another copy.",
        )


def _download(address: str, path: Path, progress: Callable[[int], None]) -> None:
    try:
        download(address, path, progress=progress)
    except DownloadError as error:
        raise CommandError(
            "site-unavailable",
            f"无法下载 {address}：{error}。请检查地址和网络，稍后重试。",
            f"{address} cannot be downloaded: {error}. Check the address and the network, then retry.",
            exit_code=Exit.UNAVAILABLE,
        ) from error
