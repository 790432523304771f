"""The part of a file, which the clerk names or the file's name and titles identify."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from publisher.ingest.parsed_file import Reading
from publisher.log.model import Dataset, LogError, Part
from schemas.reference import administrative_divisions, government_bodies

_KINDS_OF_PLACE = "省市县区州盟旗"
_LONGEST_PLACE = 24
"""Characters before a name in which its place is searched."""


def find_part(dataset: Dataset, name: str) -> Part:
    """Return the part with this name, alias or code. Raises :class:`LogError` ``no-such-part``."""
    key = _fold_name(name)
    for part in dataset.parts:
        if key in {_fold_name(part.name), *(_fold_name(a) for a in part.aliases)} or name == part.code:
            return part
    raise LogError(
        "no-such-part",
        f"数据集“{dataset.name}”没有报送部门“{name}”。{_list_parts_zh(dataset)}",
        f"The dataset {dataset.name} has no part “{name}”. {_list_parts_en(dataset)}",
    )


def identify_part(dataset: Dataset, reading: Reading) -> Part | None:
    """Identify the part of a file; None for a dataset without parts.

    The file's name decides, then the titles above its tables, then its sheets' names. Raises
    :class:`LogError` ``part-unclear`` with the candidates or the declared parts: a list that is assigned to
    the wrong department would remove that department's items.
    """
    if not dataset.parts:
        return None
    titles = [row.text for row in reading.left_out if row.reason == "title"]
    sheets = [sheet.sheet for sheet in reading.sheets]
    for texts in ([reading.file], titles, sheets):
        candidates, is_of_others = _find_mentioned(dataset.parts, texts, dataset.division)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            names = "、".join(p.name for p in candidates)
            raise LogError(
                "part-unclear",
                f"“{reading.file}”可能属于以下报送部门：{names}。请指定。",
                f"“{reading.file}” may belong to any of these parts: {names}. Choose one.",
            )
        if is_of_others:
            break
    raise LogError(
        "part-unclear",
        f"无法识别“{reading.file}”属于哪个报送部门，请指定。{_list_parts_zh(dataset)}",
        f"“{reading.file}” does not name its part; choose one. {_list_parts_en(dataset)}",
    )


def _find_mentioned(
    parts: Sequence[Part], texts: Iterable[str], division: str | None
) -> tuple[list[Part], bool]:
    """Find the parts that the texts name, and whether they name one of another place than ``division``.

    A name inside a longer one (文化局 in 新闻文化局) is ignored.
    """
    is_of_others = False
    text = "\n".join(_fold_name(t) for t in texts)
    occurrences: list[tuple[int, int, Part]] = []
    for part in parts:
        for name in _fold_names(part):
            start = text.find(name)
            while start >= 0:
                if division and _is_of_another_place(text, start, name, division):
                    is_of_others = True
                else:
                    occurrences.append((start, start + len(name), part))
                start = text.find(name, start + 1)
    mentioned: set[Part] = set()
    last, reach = (0, 0), 0
    for start, end, part in sorted(occurrences, key=lambda one: (one[0], -one[1])):
        if end > reach or (start, end) == last:  # two parts may share an alias
            mentioned.add(part)
            last, reach = (start, end), end
    return [part for part in parts if part in mentioned], is_of_others


def _is_of_another_place(text: str, start: int, name: str, division: str) -> bool:
    """Test for a name after that of another division: 海城市财政局 is not the 财政局 of 鞍山."""
    before = text[max(0, start - _LONGEST_PLACE) : start].removesuffix("人民政府")
    place = before + (name[0] if name[0] in _KINDS_OF_PLACE else "")
    own = administrative_divisions.shorten_code(division)
    codes = (administrative_divisions.find_codes(place[first:]) for first in range(len(place) - 1))
    longest = next(filter(None, codes), ())
    return bool(longest) and own not in longest


def _fold_names(part: Part) -> set[str]:
    """Return every known name of a part, folded, with two or more characters."""
    names = {part.name, *part.aliases}
    names |= {
        alias for name in (part.name, *part.aliases) for alias in government_bodies.list_other_names(name)
    }
    return {folded for name in names if len(folded := _fold_name(name)) > 1}


def _fold_name(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _list_parts_zh(dataset: Dataset) -> str:
    if not dataset.parts:
        return "尚无报送部门，请先新增。"
    return f"现有：{'、'.join(p.name for p in dataset.parts)}。"


def _list_parts_en(dataset: Dataset) -> str:
    if not dataset.parts:
        return "It has none; add one first."
    return f"Existing: {', '.join(p.name for p in dataset.parts)}."
