"""Operations in processes that are killed: erase, export, move, migrate.

``python -m tests.system.kill.operations WARM`` forks one process for each line of its stdin, ``NAME FOLDER
ARGUMENT``, and reports when it begins and when it ends.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path

from publisher import cli
from publisher.log.log import Log
from tests.support.log import entry, fees_dataset, release

COUNT = 150


def secret(number: int) -> str:
    """Text of a record that nothing else contains."""
    return f"secret-{number:04}-{number * 7919 % 10_007:05}"


def open_log(folder: Path) -> Log:
    return Log.open(f"sqlite:///{folder / 'qingdan.db'}", sources=folder / "sources")


def create_site(folder: Path) -> None:
    folder.mkdir(parents=True)
    log = open_log(folder)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2026")
    log.datasets.create(*fees_dataset(parts=("财政局",)))
    for version in range(3):
        release(log, *(entry(secret(n), str(version)) for n in range(COUNT)), on=date(2020, 1 + version, 1))
    log.close()


def erase(folder: Path, number: str) -> None:
    log = open_log(folder)
    (record,) = log.queries.find_by_title("fees", secret(int(number)))
    log.releases.erase(records=[("fees", record.id)], ground="示例")
    log.close()


def export(folder: Path, target: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert cli.run(["--home", str(folder), "export", "fees", "--to", target]) == 0


def move(folder: Path, target: str) -> None:
    log = open_log(folder)
    log.move(f"sqlite:///{target}/qingdan.db", sources=Path(target) / "sources")
    log.close()


def migrate(folder: Path, _: str) -> None:
    open_log(folder).close()


OPERATIONS: Mapping[str, Callable[[Path, str], None]] = {
    "erase": erase,
    "export": export,
    "move": move,
    "migrate": migrate,
}


def main() -> None:
    warm = Path(sys.argv[1])
    create_site(warm)  # everything is imported before a process is forked; no thread is started
    for module in ("publisher.cli.root", "publisher.views.exports.write_state", "publisher.log.transfer"):
        import_module(module)
    shutil.rmtree(warm)
    print("ready", flush=True)
    for line in sys.stdin:
        name, folder, argument = line.split()
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            OPERATIONS[name](Path(folder), argument)
            os._exit(0)
        os.waitpid(child, 0)
        print("over", flush=True)


if __name__ == "__main__":
    main()
