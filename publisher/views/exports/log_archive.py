"""The whole log as one archive, for ``verify.py``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from publisher.log.log import Log
from publisher.views.exports.summed_zip import summed_zip

_README = """# 存证档案 / Archive of the log

本站日志的全部条目、存证文件、变化清单和修订版，用于离线核验：
请从本软件的源代码（而不是本站）取得 `verify.py`，核对其 SHA-256，然后运行 `python verify.py log.zip`。

Every entry of this site's log with documents, manifests and revisions, for verification offline. Take
`verify.py` from the repository of the project, not from this site, check its SHA-256 there, and run
`python verify.py log.zip`. Formats: docs/proof.md.
"""


def log_archive_writer(log: Log, *, with_actors: bool) -> Callable[[Path], None]:
    """Create a function that writes the archive. Equal logs give equal bytes."""

    def write(path: Path) -> None:
        with summed_zip(path) as archive:
            archive.add("README.md", [_README.encode()])
            for name, pieces in log.queries.log_archive(with_actors=with_actors):
                archive.add(name, pieces)

    return write
