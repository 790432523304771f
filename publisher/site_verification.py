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
from publisher.log.model import LogError
from publisher.log.verification.integrity import MOST_PROBLEMS, Scope, StepReport, Verification
from publisher.log.verification.problem import Problem
from publisher.settings import Settings
from publisher.web.file_cache import FileCache
from search.contract import SearchEngine, SearchError

_INDEX = "搜索索引 index"


async def verify_site(
    settings: Settings, log: Log, search: SearchEngine, scope: Scope, report: StepReport
) -> Verification:
    """Verify the log and the keys of cursors and of the desk.

    With ``scope.index`` also the index and the generated files.
    """
    verification = await to_thread.run_sync(log.integrity.verify, scope, report)
    problems = [*verification.problems, *map(str, check_keys(settings))]
    if scope.index:
        report(_INDEX)
        problems += map(str, await _check_index(log, search))
        problems += map(str, await to_thread.run_sync(lambda: list(check_generated_files(log))))
    return structs.replace(verification, problems=tuple(problems[: MOST_PROBLEMS + 1]))


async def _check_index(log: Log, search: SearchEngine) -> list[Problem]:
    try:
        return list(await index_checks.check_index(log, search))
    except SearchError as error:
        return [Problem(f"{_INDEX}: {error}")]
    except Exception as error:  # noqa: BLE001 - a damaged index can fail in any way, and this is its check
        return [Problem(f"{_INDEX}: 无法读取 cannot be read: {type(error).__name__}: {str(error)[:200]}")]


def check_keys(settings: Settings) -> Iterator[Problem]:
    """Check the keys of cursors and of the desk, each of which all its processes share."""
    for path in (settings.cursor_key, settings.desk_key):
        try:
            mac_key.read_key(path)
        except LogError as error:
            yield Problem(f"{path.name}: {error}")


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


def check_generated_files(log: Log) -> Iterator[Problem]:
    """Check the generated files against their digests."""
    return map(_name_file, _damaged_files(log))


def _name_file(path: Path) -> Problem:
    return Problem(f"已生成的文件 generated file {path.name}: 内容与校验值不符 its bytes were changed")


def _damaged_files(log: Log) -> Iterator[Path]:
    return FileCache(log.files).find_damaged()
