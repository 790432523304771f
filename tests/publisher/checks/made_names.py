"""Made pairs of names: one approval under two names, and two approvals whose names differ in one word."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence

from publisher.checks.name_pairs import Names

_ACTS = ("审批", "许可", "核准", "许可证核发", "审查", "行政许可", "批准")
_ENDING = re.compile(r"(?:许可证)?(?:审批|许可|核准|核发|审查|批准|许可证)$")
_HOLDERS = ("企业", "单位", "机构")


def _replace_act(name: str, draw: random.Random) -> str:
    return _ENDING.sub("", name) + draw.choice(_ACTS)


def _add_particle(name: str, _: random.Random) -> str:
    return re.sub(r"(?=(?:审批|核准|核发|审查)$)", "的", name)


def _move_verb(name: str, _: random.Random) -> str:
    moved = re.sub(r"^设立(.+?)(审批|许可|核准)$", r"\1设立\2", name)
    return moved if moved != name else re.sub(r"^(.+?)设立(审批|许可|核准)$", r"设立\1\2", name)


def _replace_holder(name: str, draw: random.Random) -> str:
    return re.sub("企业|单位", draw.choice(_HOLDERS), name)


def _add_steps(name: str, _: random.Random) -> str:
    return re.sub("设立(?=审批|许可|核准)", "设立、变更、注销", name)


def _add_authority(name: str, draw: random.Random) -> str:
    return draw.choice(("市级权限内", "由市级以上主管部门负责的", "对", "从事")) + name


def _add_space(name: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(name))
    return f"{name[:place]}{draw.choice((' ', '\u3000', '\n'))}{name[place:]}".translate(
        str.maketrans("（）", "()")
    )


def _add_sub_item(name: str, draw: random.Random) -> str:
    return f"{name}·{_replace_act(name, draw)}（首次）"


def _swap_steps(name: str, _: random.Random) -> str:
    return re.sub(r"(生产|经营|运输|储存|使用)、(生产|经营|运输|储存|使用)", r"\2、\1", name)


_RENAMINGS: Sequence[Callable[[str, random.Random], str]] = (
    _replace_act,
    _add_particle,
    _move_verb,
    _replace_holder,
    _add_steps,
    _add_authority,
    _add_space,
    _add_sub_item,
    _swap_steps,
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
    draw = random.Random(seed)
    while number:
        name = renamed = draw.choice(names)
        for change in draw.sample(_RENAMINGS, draw.randrange(1, 4)):
            renamed = change(renamed, draw)
        if renamed != name:
            number -= 1
            yield name, renamed


def make_swaps(names: Sequence[str], number: int, seed: int) -> Iterator[Names]:
    """Yield names with one word replaced by another, which makes them another approval."""
    draw = random.Random(seed)
    swaps = [(one, other) for pair in _SWAPS for one, other in (pair, pair[::-1])]
    fitting = [(name, one, other) for name in names for one, other in swaps if one in name]
    for name, one, other in draw.sample(fitting, number):
        yield name, name.replace(one, other, 1)
