"""Verification of a whole site: its log, and what is derived from it outside the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from anyio import to_thread
from msgspec import structs

from publisher import mac_key
from publisher.indexing import index_checks, indexer
from publisher.log.log import Log
from publisher.log.verification.integrity import MOST_PROBLEMS, Scope, StepReport, Verification
from publisher.log.verification.problem import Problem
from publisher.settings import Settings
from publisher.web.file_cache import FileCache
from search.contract import SearchEngine, SearchError

_INDEX = "搜索索引 index"


async def verify_site(
    settings: Settings, log: Log, search: SearchEngine, scope: Scope, report: StepReport
) -> Verification:
    """Verify the log and the key of cursors; with ``scope.index`` also the index and the generated files."""
    verification = await to_thread.run_sync(log.integrity.verify, scope, report)
    problems = [*verification.problems, *map(str, check_cursor_key(settings))]
    if scope.index:
        report(_INDEX)
        problems += map(str, await _check_index(log, search))
        problems += map(str, await to_thread.run_sync(lambda: list(check_files(log))))
    return structs.replace(verification, problems=tuple(problems[: MOST_PROBLEMS + 1]))


async def _check_index(log: Log, search: SearchEngine) -> list[Problem]:
    try:
        return list(await index_checks.check_index(log, search))
    except SearchError as error:
        return [Problem(f"{_INDEX}: {error}")]
    except Exception as error:  # noqa: BLE001 - a damaged index can fail in any way, and this is its check
        return [Problem(f"{_INDEX}: 无法读取 cannot be read: {type(error).__name__}: {str(error)[:200]}")]


def check_cursor_key(settings: Settings) -> Iterator[Problem]:
    """Check the key of cursors, which all processes of the site share."""
    key = settings.cursor_key
    if key.exists() and mac_key.read_key(key) is None:
        yield Problem(f"{key.name}: 内容已损坏 is damaged; 删除后会重新生成 delete it, and a new one is made")


async def repair_site(log: Log, search: SearchEngine, file: Path, *, index: bool) -> int:
    """Rebuild what is derived and differs. → number of differences, which the new ``file`` lists.

    ``index``: also the search index and the generated files. Raises ``SearchError`` while another process
    has the worker's lock.
    """
    count = await to_thread.run_sync(log.integrity.repair, file)
    if not index:
        return count
    problems = await _check_index(log, search)
    damaged = await to_thread.run_sync(lambda: list(_damaged_files(log)))
    with file.open("ab") as output:
        for problem in (*problems, *map(_name_file, damaged)):
            output.write(msgspec.json.encode({"where": str(problem)}) + b"\n")
    for path in damaged:
        path.unlink(missing_ok=True)
    if problems:
        await indexer.reindex(log, search)
    return count + len(problems) + len(damaged)


def check_files(log: Log) -> Iterator[Problem]:
    """Check the generated files against their digests."""
    return map(_name_file, _damaged_files(log))


def _name_file(path: Path) -> Problem:
    return Problem(f"已生成的文件 generated file {path.name}: 内容与校验值不符 its bytes were changed")


def _damaged_files(log: Log) -> Iterator[Path]:
    return FileCache(log.files).find_damaged()
