"""Downloads of commands: from a site, a mirror or a witness."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_PATIENCE = 60.0
"""Seconds without a byte after which a download fails."""
_BUSY = 503
_MOST_WAITS, _LONGEST_WAIT = 20, 30
"""How often a file that the site is still writing is requested, and seconds between two requests."""


class DownloadError(Exception):
    """A file that cannot be downloaded, and why."""


def download(
    address: str,
    path: Path,
    *,
    most_bytes: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Download a file; wait while the site writes it. Raises :class:`DownloadError`.

    ``progress``: called with the bytes so far.
    """
    import httpx

    try:
        with httpx.Client(timeout=_PATIENCE, follow_redirects=True) as client:
            for _ in range(_MOST_WAITS):
                with client.stream("GET", address) as response:
                    if response.status_code != _BUSY:
                        response.raise_for_status()
                        _write(response, path, most_bytes, progress)
                        return
                    wait = re.fullmatch(r"[0-9]{1,9}", response.headers.get("retry-after", ""))
                time.sleep(min(int(wait[0]), _LONGEST_WAIT) if wait else 1)
    except httpx.HTTPStatusError as error:
        raise DownloadError(f"HTTP {error.response.status_code}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(str(error) or type(error).__name__) from error
    raise DownloadError(f"HTTP {_BUSY}")


def _write(
    response: httpx.Response, path: Path, most_bytes: int | None, progress: Callable[[int], None]
) -> None:
    size = 0
    with path.open("wb") as file:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if most_bytes is not None and size > most_bytes:
                raise DownloadError(f"> {most_bytes} B")
            file.write(chunk)
            progress(size)
