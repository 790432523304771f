"""The report of ``qingdan status``: how it is read and printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from publisher.cli.commands.operation.followers import count_followers, print_followers
from publisher.cli.commands.operation.status.checkpoints import describe_checkpoint, print_checkpoint
from publisher.cli.commands.operation.status.corrections import count_corrections, print_corrections
from publisher.cli.terminal import output

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from publisher.cli.context import CommandContext
    from publisher.inbox.follower import FollowerState
    from publisher.indexing.indexer import SearchStatus
    from publisher.log.evidence.failed_pages import FailedPage
    from publisher.log.log import Log
    from publisher.log.model import LogError
    from publisher.log.verification.last_run import VerificationRun
    from publisher.settings import Settings

_MOST_PAGES = 20
"""Most pages that are named; the others are counted."""


class SiteStatus(msgspec.Struct, frozen=True):
    """The state of a site, its search index and its copies."""

    base: str
    home: Path
    search: SearchStatus
    checkpoint: Mapping[str, Any]
    clock_behind: LogError | None
    """Warning if the clock is behind the newest release."""
    missing_entries: int | None
    """Number of entries that a site restored from an older backup lacks; None if it is complete."""
    last_backup: datetime | None
    corrections: Mapping[str, Any] | None
    followers: Mapping[FollowerState, int] | None
    """Number of subscriptions by e-mail, by state; None without an inbox."""
    verification: VerificationRun | None
    """The last nightly verification."""
    readable_by_others: list[str]
    datasets: list[dict[str, object]]
    pages: list[FailedPage]
    """Pages that are not harvested any more."""

    def to_json(self) -> dict[str, object]:
        """Return what ``status --json`` prints."""
        run = self.verification
        return {
            "base": self.base,
            "home": str(self.home),
            "search": _search_to_json(self.search),
            "checkpoint": self.checkpoint,
            "clock_behind": self.clock_behind is not None,
            "missing_entries": self.missing_entries or 0,
            "last_backup": self.last_backup,
            "corrections": self.corrections,
            "followers": self.followers,
            "verification": None if run is None else structs.asdict(run) | {"ok": run.ok},
            "readable_by_others": self.readable_by_others,
            "datasets": self.datasets,
            "pages_set_aside": [
                {"source": p.source_site, "url": p.url, "times": p.times, "at": p.at, "error": p.error}
                for p in self.pages
            ],
        }


def read_status(context: CommandContext) -> SiteStatus:
    """Read the status of the site of a command."""
    import anyio

    from publisher.indexing import indexer
    from publisher.log.clocks import utc_now
    from publisher.log.releases.release_writer import clock_behind
    from publisher.telemetry.last_backup import read_last_backup

    home = context.settings.home
    with context.log() as log:
        return SiteStatus(
            base=log.datasets.site().base,
            home=home,
            search=anyio.run(indexer.status, log, context.engine()),
            checkpoint=describe_checkpoint(log, context.settings),
            clock_behind=clock_behind(utc_now(), log.queries.last_published_at()),
            missing_entries=log.recovery.missing_entries(),
            last_backup=read_last_backup(home),
            corrections=count_corrections(context),
            followers=count_followers(context),
            verification=log.integrity.last_run(),
            readable_by_others=_list_readable_by_others(context.settings),
            datasets=[_dataset_status(log, one.name, one.title) for one in log.datasets.all()],
            pages=[page for page in log.evidence.failed_pages() if page.set_aside],
        )


def _search_to_json(search: SearchStatus) -> dict[str, object]:
    set_aside = [{"key": one.key, "dataset": one.dataset, "error": one.error} for one in search.set_aside]
    properties: dict[str, object] = {"documents": search.documents, "position": search.position}
    properties |= {"pending": search.pending, "set_aside": set_aside}
    properties["set_aside_count"] = search.set_aside_count
    properties["encoded"] = None if search.encoded is None else search.encoded.documents
    properties |= {"error": search.error} if search.error else {}
    properties |= {"away": search.away} if search.away else {}
    return properties | ({"incomplete": True} if search.incomplete else {})


def _list_readable_by_others(settings: Settings) -> list[str]:
    """List the home, if others may enter it, and files with secrets that others may read."""
    keys = (settings.cursor_key, settings.desk_key, *sorted(settings.keys.glob("*")))
    secrets = (settings.home, *keys)
    return [str(path) for path in secrets if path.exists() and path.stat().st_mode & 0o077]


def _dataset_status(log: Log, name: str, title: str) -> dict[str, object]:
    from publisher.workflow.reread_files import count_older_readings

    releases = log.queries.releases(name)
    last = releases[-1] if releases else None
    draft = log.drafts.get(name)
    return {
        "name": name,
        "older_readings": count_older_readings(log, name),
        "title": title,
        "release": last.number if last else None,
        "published_at": last.published_at.isoformat() if last else None,
        "records": last.counts.get("records", 0) if last else 0,
        "draft": draft is not None,
    }


def print_status(status: SiteStatus) -> None:
    """Print the status: the site, then warnings, then what failed, then its datasets."""
    output.print_pairs([("站点 base", status.base), ("文件夹 home", status.home)])
    output.print_pairs([("搜索 search", _describe_search(status.search))])
    if (encoded := status.search.encoded) is not None:
        share = f"已编码 encoded {encoded.documents}/{status.search.documents}"
        output.print_pairs([("按意思搜索 search by meaning", encoded.failure or share)])
    print_checkpoint(status.checkpoint)
    if status.clock_behind is not None:
        output.print_message(status.clock_behind.zh, status.clock_behind.en)
    if status.missing_entries is not None:
        output.print_message(
            f"本站由较早的备份恢复，缺少{status.missing_entries}个日志条目，只能读取：qingdan log complete",
            f"Restored from an older backup: {status.missing_entries} entries are missing, it can only be "
            "read (qingdan log complete).",
        )
    backup = "无 none" if status.last_backup is None else status.last_backup.isoformat(timespec="seconds")
    output.print_pairs([("备份 last backup", backup)])
    print_corrections(status.corrections)
    print_followers(status.followers)
    _print_last_run(status.verification)
    if others := status.readable_by_others:
        output.print_message(
            f"本机其他用户可以读取：{'、'.join(others)}。请运行 chmod go= 加以限制。",
            f"Other users of this machine can read {', '.join(others)}. Restrict them with chmod go=.",
        )
    _print_set_aside(status)
    _print_older_readings(status.datasets)
    _print_datasets(status.datasets)


def _describe_search(search: SearchStatus) -> str:
    """Describe the index. It is up to date only if it can be read, lacks nothing, and nothing waits."""
    waiting = f"待索引 pending {search.pending}" if search.pending else ""
    if search.away:
        return f"{search.away}, {waiting}" if waiting else search.away
    if search.incomplete:
        return (
            f"{search.documents}个文档 documents, 索引不完整，由工作进程重建，或运行 qingdan reindex / "
            "incomplete: the worker rebuilds it, or run qingdan reindex"
        )
    return f"{search.documents}个文档 documents, {waiting or '已是最新 up to date'}"


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


def _print_set_aside(status: SiteStatus) -> None:
    """Print why search failed, and the documents and pages that are not tried any more."""
    if status.search.error:
        output.print_pairs([("上次失败 last failure", status.search.error)])
    for one in status.search.set_aside:
        output.print_pairs([("搁置 set aside", f"{one.dataset} {one.key}: {one.error}")])
    if status.search.set_aside_count > len(status.search.set_aside):
        output.print_pairs([("共搁置 set aside in all", status.search.set_aside_count)])
    for page in status.pages[:_MOST_PAGES]:
        output.print_pairs([("网页搁置 page set aside", f"{page.source_site} {page.url}: {page.error}")])
    if len(status.pages) > _MOST_PAGES:
        output.print_pairs([("网页搁置 pages set aside", len(status.pages))])


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


def _print_datasets(datasets: Sequence[Mapping[str, object]]) -> None:
    columns = ("name", "title", "release", "published_at", "records")
    rows = [
        [*("" if d[c] is None else d[c] for c in columns), "有 yes" if d["draft"] else ""] for d in datasets
    ]
    output.print_table(
        ["数据集 dataset", "标题 title", "发布 release", "时间 published", "记录 records", "草稿 draft"], rows
    )
