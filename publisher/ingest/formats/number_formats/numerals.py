"""Chinese numerals of ``[DBNum1]`` to ``[DBNum3]``: 一百二十三, 壹佰贰拾叁, １百２十３."""

from __future__ import annotations

_DIGITS = ("", "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖", "０１２３４５６７８９")
_UNITS = ("", ("", "十", "百", "千"), ("", "拾", "佰", "仟"), ("", "十", "百", "千"))
_GROUPS = ("", "万", "亿", "万亿")
_POINT = ("", "．", "点", "．")


def write_digits(text: str, form: int) -> str:
    """Replace each digit: ``2015`` is 二〇一五."""
    return "".join(
        _DIGITS[form][int(c)] if c in "0123456789" else _POINT[form] if c == "." else c for c in text
    )


def write_day(number: int, form: int) -> str:
    """Write a month, day or hour: 12 is 十二, as people write dates, not 一十二."""
    words = write_number(str(number), form)
    return words[1:] if form != 2 and 10 <= number < 20 else words


def write_number(text: str, form: int) -> str:
    """Write a plain decimal with its places: ``120.5`` is 一百二十．五 with ``form`` 1."""
    whole, point, fraction = text.partition(".")
    words = _write_whole(whole.lstrip("0") or "0", form)
    return words + (_POINT[form] + write_digits(fraction, form) if point else "")


def _write_whole(digits: str, form: int) -> str:
    if digits == "0":
        return _DIGITS[form][0]
    zero = _DIGITS[form][0]
    groups = [digits[max(end - 4, 0) : end] for end in range(len(digits), 0, -4)]
    words = ""
    for index in range(len(groups) - 1, -1, -1):
        group = _write_group(groups[index].zfill(4), form, zero)
        if not group:
            words += (
                "" if not words or words.endswith(zero) or not any(map(_has_value, groups[:index])) else zero
            )
            continue
        if words and groups[index].startswith("0") and not words.endswith(zero):
            words += zero
        words += group + _GROUPS[index]
    return words


def _has_value(group: str) -> bool:
    return bool(group.strip("0"))


def _write_group(group: str, form: int, zero: str) -> str:
    words, gap = "", False
    for place, digit in zip((3, 2, 1, 0), group, strict=True):
        if digit == "0":
            gap = bool(words)
            continue
        words += (zero if gap else "") + _DIGITS[form][int(digit)] + _UNITS[form][place]
        gap = False
    return words
