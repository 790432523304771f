"""PDFium, run in a separate process with limits on memory and time; :mod:`.calamine_script` explains why.

Run as a script by :mod:`publisher.ingest.formats.pdf`: standard input is the file, standard output one
MessagePack object.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pypdfium2

MEMORY = 320 << 20
SECONDS = 50
MOST_PAGES = 2_000
MOST_TEXT = 4 << 20
"""Characters."""
MOST_OBJECTS = 20_000
LATIN_GAP, WIDE_GAP = 0.15, 0.4
"""Shares of the height of a line, of which a wider gap is a space."""
THIN, LONG = 3.0, 30.0
"""Points: a rule is thinner, and longer."""


def main() -> None:
    _limit_resources()
    try:
        answer: dict[str, Any] = {"pages": _extract_pages(sys.stdin.buffer.read())}
    except pypdfium2.PdfiumError as problem:
        encrypted = "password" in str(problem).lower() or "security" in str(problem).lower()
        answer = {"error": "encrypted" if encrypted else "damaged", "detail": str(problem)[:300]}
    except MemoryError as problem:
        answer = {"error": "too-large", "detail": str(problem)}
    except Exception as problem:  # noqa: BLE001 - a hostile file may cause any error
        answer = {"error": "damaged", "detail": f"{type(problem).__name__}: {problem}"[:300]}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))


def _limit_resources() -> None:
    try:
        import resource  # noqa: PLC0415 - absent on Windows, where only the caller's time limit holds
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _extract_pages(data: bytes) -> list[dict[str, Any]]:
    pages: list[dict[str, Any]] = []
    size = 0
    with pypdfium2.PdfDocument(data) as document:
        if len(document) > MOST_PAGES:
            raise MemoryError(f"{len(document)} pages")
        for page in document:
            lines = _extract_lines(page.get_textpage())
            size += sum(len(line["text"]) for line in lines)
            if size > MOST_TEXT:
                raise MemoryError(f"> {MOST_TEXT} characters")
            width, height = page.get_size()
            pages.append({"lines": lines, "width": width, "height": height, **_count_objects(page)})
    return pages


def _extract_lines(text_page: pypdfium2.PdfTextPage) -> list[dict[str, Any]]:
    """Join the runs of text that are next to each other."""
    lines: list[dict[str, Any]] = []
    for index in range(text_page.count_rects()):
        left, bottom, right, top = text_page.get_rect(index)
        text = text_page.get_text_bounded(left, bottom, right, top).replace("\r", "").replace("\n", "")
        if not text.strip():
            continue
        run = {"text": text.strip(), "left": left, "right": right, "top": top, "bottom": bottom}
        if not lines or not _join_run(lines[-1], run):
            lines.append(run)
    return lines


def _join_run(line: dict[str, Any], run: dict[str, Any]) -> bool:
    """Add a run to the line that it continues. Return whether it does."""
    height = min(line["top"] - line["bottom"], run["top"] - run["bottom"])
    overlap = min(line["top"], run["top"]) - max(line["bottom"], run["bottom"])
    if overlap <= height / 2 or run["left"] < line["right"] - height:
        return False
    gap = (run["left"] - line["right"]) / max(line["top"] - line["bottom"], run["top"] - run["bottom"])
    latin = line["text"][-1].isascii() and run["text"][0].isascii()
    line["text"] += f"{' ' if gap > (LATIN_GAP if latin else WIDE_GAP) else ''}{run['text']}"
    line["right"] = run["right"]
    line["top"], line["bottom"] = max(line["top"], run["top"]), min(line["bottom"], run["bottom"])
    return True


def _count_objects(page: pypdfium2.PdfPage) -> dict[str, int]:
    """Count pictures, and horizontal and vertical rules, such as the borders of a table's cells."""
    counts = {"pictures": 0, "horizontal": 0, "vertical": 0}
    for number, item in enumerate(page.get_objects(max_depth=3)):
        if number > MOST_OBJECTS:
            break
        if item.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE:
            counts["pictures"] += 1
        elif item.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH:
            left, bottom, right, top = item.get_bounds()
            width, height = right - left, top - bottom
            is_frame = width > LONG and height > 2 * THIN
            counts["horizontal"] += 2 if is_frame else int(height <= THIN and width > LONG)
            counts["vertical"] += 2 if is_frame else int(width <= THIN and height > 2 * THIN)
    return counts


if __name__ == "__main__":
    main()
