"""Which declared part a file speaks for: named by the clerk, or told from the file's name and title."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from publisher.ingest.parsed_file import Reading
from publisher.log.model import Dataset, LogError, Part
from schemas.reference import government_bodies


def named(dataset: Dataset, name: str) -> Part:
    """The part declared by this name, alias or code. Raises :class:`LogError` ``no-such-part``."""
    wanted = _folded(name)
    for part in dataset.parts:
        if wanted in {_folded(part.name), *(_folded(a) for a in part.aliases)} or name == part.code:
            return part
    raise LogError(
        "no-such-part",
        f"数据集“{dataset.name}”没有报送部门“{name}”。{_declared_zh(dataset)}",
        f"The dataset {dataset.name} declares no part “{name}”. {_declared_en(dataset)}",
    )


def told(dataset: Dataset, reading: Reading) -> Part | None:
    """The part that a file is from; None for a dataset that is kept whole, without parts.

    The file's name decides; where it names nobody, the titles above its tables and its sheets' names do.
    Raises :class:`LogError` ``part-unclear`` naming the candidates or the declared parts: a list that is
    filed under the wrong department would remove that department's items.
    """
    if not dataset.parts:
        return None
    titles = [left.text for left in reading.left_out if left.reason == "title"]
    sheets = [sheet.sheet for sheet in reading.sheets]
    for texts in ([reading.file], titles, sheets):
        found = _mentioned(dataset.parts, texts)
        if len(found) == 1:
            return found[0]
        if found:
            names = "、".join(p.name for p in found)
            raise LogError(
                "part-unclear",
                f"“{reading.file}”可能属于以下报送部门：{names}。请用 --part 指定。",
                f"“{reading.file}” may belong to any of these parts: {names}. Choose one with --part.",
            )
    raise LogError(
        "part-unclear",
        f"无法识别“{reading.file}”属于哪个报送部门，请用 --part 指定。{_declared_zh(dataset)}",
        f"“{reading.file}” does not tell its part; say which with --part. {_declared_en(dataset)}",
    )


def _mentioned(parts: Sequence[Part], texts: Iterable[str]) -> list[Part]:
    """Parts that the texts name; a name inside a longer one (文化局 in 新闻文化局) is not meant."""
    text = "\n".join(_folded(t) for t in texts)
    stretches: list[tuple[int, int, Part]] = []
    for part in parts:
        for name in _names(part):
            start = text.find(name)
            while start >= 0:
                stretches.append((start, start + len(name), part))
                start = text.find(name, start + 1)
    kept = [
        part
        for start, end, part in stretches
        if not any(s <= start and end <= e and e - s > end - start for s, e, _ in stretches)
    ]
    return list(dict.fromkeys(kept))


def _names(part: Part) -> set[str]:
    """Every writing of a part's name, folded, two characters at the least."""
    names = {part.name, *part.aliases}
    names |= {alias for name in (part.name, *part.aliases) for alias in government_bodies.aliases(name)}
    return {folded for name in names if len(folded := _folded(name)) > 1}


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _declared_zh(dataset: Dataset) -> str:
    if not dataset.parts:
        return f"尚无报送部门。如需新增：qingdan dataset part add {dataset.name} 名称。"
    return f"现有：{'、'.join(p.name for p in dataset.parts)}。"


def _declared_en(dataset: Dataset) -> str:
    if not dataset.parts:
        return "It declares none; declare one with qingdan dataset part add."
    return f"Declared are: {', '.join(p.name for p in dataset.parts)}."
