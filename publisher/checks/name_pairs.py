"""Pairs of names, by which :mod:`publisher.checks.approval_names` is measured.

Real pairs are labelled by hand. Made pairs have a seed: a name and another name that an office could give the
same approval, and a name and the same name with one word of its substance replaced.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.checks.approval_names import compare_names, find_name, names_in
from publisher.checks.cancellation import NO_APPROVAL

type Names = tuple[str, str]
"""A name of an item of a decision, and one that a list has."""


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """A pair of names with ``label``: same, derived (a penalty that hangs on it), unsure, other."""

    item: str
    listed: str
    kind: str
    """Type of the listed power."""
    label: str
    decision: str
    body: str
    treatment: str


_COLUMNS = ("source", "live", "live_type", "label", "decision", "source_body", "treatment")


def read_pairs(path: Path) -> Iterator[LabelledPair]:
    """Read JSON Lines: the fields of a pair, called as in the data that were labelled."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield LabelledPair(*(row[name] for name in _COLUMNS))


@dataclass(frozen=True, slots=True)
class PairMeasures:
    """``missed`` and ``wrong``: both names, and the words of each that have no partner in the other."""

    positives: int
    negatives: int
    precision: float
    recall: float
    missed: tuple[tuple[Names, tuple[tuple[str, ...], ...]], ...]
    wrong: tuple[tuple[Names, tuple[tuple[str, ...], ...]], ...]


def measure_pairs(path: Path) -> PairMeasures:
    """Measure on labelled pairs: ``same`` should be taken, ``derived`` and ``other`` should not."""
    pairs = [pair for pair in read_pairs(path) if pair.label != "unsure"]
    same = [pair for pair in pairs if pair.label == "same"]
    taken = [pair for pair in pairs if pair.kind not in NO_APPROVAL and is_taken((pair.item, pair.listed))]
    right = [pair for pair in taken if pair in same]
    return PairMeasures(
        len(same),
        len(pairs) - len(same),
        len(right) / len(taken) if taken else 1.0,
        len(right) / len(same) if same else 1.0,
        tuple(_explain(pair) for pair in same if pair not in taken),
        tuple(_explain(pair) for pair in taken if pair not in same),
    )


def _explain(pair: LabelledPair) -> tuple[Names, tuple[tuple[str, ...], ...]]:
    items, listed = names_in(pair.item), names_in(pair.listed)
    words = compare_names(items[0], listed[0]).words if items and listed else ()
    return (pair.item, pair.listed), words


def is_taken(pair: Names) -> bool:
    return find_name(pair[1], pair[0]) is not None


_ACTS = ("审批", "许可", "核准", "许可证核发", "审查", "行政许可", "批准")
_ENDING = re.compile(r"(?:许可证)?(?:审批|许可|核准|核发|审查|批准|许可证)$")
_HOLDERS = ("企业", "单位", "机构")


def _other_act(name: str, draw: random.Random) -> str:
    return _ENDING.sub("", name) + draw.choice(_ACTS)


def _particle(name: str, _: random.Random) -> str:
    return re.sub(r"(?=(?:审批|核准|核发|审查)$)", "的", name)


def _move_verb(name: str, _: random.Random) -> str:
    moved = re.sub(r"^设立(.+?)(审批|许可|核准)$", r"\1设立\2", name)
    return moved if moved != name else re.sub(r"^(.+?)设立(审批|许可|核准)$", r"设立\1\2", name)


def _other_holder(name: str, draw: random.Random) -> str:
    return re.sub("企业|单位", draw.choice(_HOLDERS), name)


def _more_steps(name: str, _: random.Random) -> str:
    return re.sub("设立(?=审批|许可|核准)", "设立、变更、注销", name)


def _authority(name: str, draw: random.Random) -> str:
    return draw.choice(("市级权限内", "由市级以上主管部门负责的", "对", "从事")) + name


def _spacing(name: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(name))
    return f"{name[:place]}{draw.choice((' ', '\u3000', '\n'))}{name[place:]}".translate(
        str.maketrans("（）", "()")
    )


def _sub_item(name: str, draw: random.Random) -> str:
    return f"{name}·{_other_act(name, draw)}（首次）"


def _reorder(name: str, _: random.Random) -> str:
    return re.sub(r"(生产|经营|运输|储存|使用)、(生产|经营|运输|储存|使用)", r"\2、\1", name)


_RENAMINGS: Sequence[Callable[[str, random.Random], str]] = (
    _other_act,
    _particle,
    _move_verb,
    _other_holder,
    _more_steps,
    _authority,
    _spacing,
    _sub_item,
    _reorder,
)
_SWAPS = (
    *(
        ("批发", "零售"),
        ("陆生", "水生"),
        ("生产", "经营"),
        ("进口", "出口"),
        ("设立", "终止"),
        ("甲级", "乙级"),
    ),
    *(
        ("一级", "二级"),
        ("国家级", "省级"),
        ("危险", "医疗"),
        ("药品", "兽药"),
        ("爆破", "燃放"),
        ("电视", "广播"),
    ),
    *(
        ("出版", "印刷"),
        ("证券", "期货"),
        ("保险", "担保"),
        ("融资", "贸易"),
        ("外国", "港澳"),
        ("互联网", "有线网"),
    ),
    *(
        ("储存", "运输"),
        ("枪支", "弹药"),
        ("煤炭", "石油"),
        ("银行", "信托"),
        ("建设", "拆除"),
        ("专营", "直销"),
    ),
    *(
        ("劳务", "人才"),
        ("海域", "林地"),
        ("内资", "外资"),
        ("食品", "饲料"),
        ("小型", "大型"),
        ("变更", "设立"),
    ),
)


def make_renamings(names: Sequence[str], number: int, seed: int) -> Iterator[Names]:
    """Yield names with up to three changes that leave the approval the same."""
    draw = random.Random(seed)  # noqa: S311 - for data of tests
    while number:
        name = renamed = draw.choice(names)
        for change in draw.sample(_RENAMINGS, draw.randrange(1, 4)):
            renamed = change(renamed, draw)
        if renamed != name:
            number -= 1
            yield name, renamed


def make_swaps(names: Sequence[str], number: int, seed: int) -> Iterator[Names]:
    """Yield names with one word replaced by another, which makes them another approval."""
    draw = random.Random(seed)  # noqa: S311 - for data of tests
    swaps = [(one, other) for pair in _SWAPS for one, other in (pair, pair[::-1])]
    fitting = [(name, one, other) for name in names for one, other in swaps if one in name]
    for name, one, other in draw.sample(fitting, number):
        yield name, name.replace(one, other, 1)
