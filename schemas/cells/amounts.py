"""Parser of amounts: ``12.50元/证``, ``每人每次50元``, ``0.5—1元``, ``按合同额的1‰``, ``免费``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from schemas.normalise import CAPITALS_TO_PLAIN, chinese_quantity


class Amount(NamedTuple):
    amount: str
    """A decimal, in units of ``unit``: 1.2万元 is 12000 元. The least of a range."""
    unit: str
    """元, 元/证, 元/人·次, %, ‰ …"""
    most: str = ""
    """The upper end of a range."""
    of: str = ""
    """The sum of which a rate is taken: 合同额."""
    kind: str = ""
    """``range``, ``ceiling`` (最高), ``floor`` (不低于) or ``free`` (免费); blank for a fixed sum or rate."""


SCALES: Mapping[str, int] = {
    "": 1,
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10_000,
    "百万": 1_000_000,
    "亿": 100_000_000,
}
_FREE = re.compile(
    r"(?:免费(?:办理|提供)?|不收费|不收取(?:任何)?费用|免收(?:费用?)?|零收费|无收费|未收费|不收|(?:暂时?)?免(?:予|于)?(?:征收?|交|缴)(?:费用?)?)"
)
_NUMBER = r"[0-9]{1,3}(?:[,，][0-9]{3})+(?:\.[0-9]{1,8})?|[0-9]{1,15}(?:\.[0-9]{1,8})?|\.[0-9]{1,8}"
"""Only digits of ASCII: the number becomes the value as it is written."""
_NUMERALS = "零〇壹贰叁肆伍陆柒捌玖拾佰仟一二三四五六七八九十百千两"
_CURRENCY = "美元|港元|港币|欧元|日元|英镑|元|圆|块钱?"
_LETTER = r"[^\d\s,，;；。、（）()/每元不含另按超免约左最由加上下内外封起]"
"""Letter of the name of a thing that is charged for; a word such as 不含 or 以下 is not part of it."""
_PER = (
    rf"起|(?:N?k?m[23]|{_LETTER}{{1,10}}?)(?:(?:[/·.．•*×]每?|每)(?!\d)(?:m[23]|{_LETTER}{{1,6}}?))*"
    rf"|\d{{1,5}}{_LETTER}{{1,8}}"
)
"""人·次, 100米: what an amount is per."""
_DASH = r"\s?[-－—–―~～∼至到]{1,2}\s?"
_BY = "按(?!揭)照?"
_LEAD = (
    rf"(?:(?:收费|征收|缴费|收取|计费|价格|付费|服务费)?(?:标准|金额|费用|[费税]?率|比例|额)?(?:为|是|[:：])|{_BY}|以"
    r"|(?:一次性)?(?:收取?|征收|缴纳)(?![入益额])|一次性|统一|一律|均为?|定额(?!的)|每次为|标准(?!工资))?"
)
"""收费标准为: words before an amount that do not change it; 收 of 收入 is not one of them."""
_VERB = r"(?:(?:收取|征收|缴纳|交纳|支付|计收|计征|计缴|缴费|交费|付费|收费|[收征缴交付计]))"
"""缴纳 of 每户每月缴纳5元: what is charged is not per 月缴纳."""
_BOUND_WORDS: Mapping[str, str] = {
    **dict.fromkeys(
        ("不超过", "不得超过", "不高于", "最高", "最高不超过", "最多", "上限", "上限为", "≤"), "ceiling"
    ),
    **dict.fromkeys(("不低于", "最低", "不少于", "至少", "下限", "下限为", "≥"), "floor"),
}
_BOUND_WORDS_AFTER: Mapping[str, str] = {
    **dict.fromkeys(("以内", "以下", "封顶", "之内"), "ceiling"),
    **dict.fromkeys(("以上", "起", "起步"), "floor"),
}
_ANY_BOUND = "|".join(sorted(_BOUND_WORDS, key=len, reverse=True))
_MONEY = re.compile(
    rf"{_LEAD}(?P<bound>{_ANY_BOUND})?\s?"
    rf"(?P<each>(?:每(?!次为)(?:\d{{1,4}}|半)?{_LETTER}{{1,8}}?){{1,3}})?(?:{_VERB}?(?:标准)?[为是:：]?)"
    rf"(?P<inner_bound>{_ANY_BOUND})?"
    rf"(?P<prefix>人民币|RMB|[￥¥])*\s?(?P<n>{_NUMBER})\s?"
    rf"(?:(?P<scale1>百万|[十百千万亿])?(?P<currency1>{_CURRENCY})?{_DASH}[￥¥]?(?P<most>{_NUMBER})\s?)?"
    rf"(?:(?P<scale>百万|[十百千万亿])?(?P<currency>{_CURRENCY})(?:(?P<jiao>[0-9])角)?(?:(?P<fen>[0-9])分)?[整正]?(?:人民币|[（(]人民币[）)])?|(?P<coin>角|分)(?:钱)?)?"
    rf"(?:\s?(?:[/／]\s?每?|每)\s?(?P<per>{_PER})|(?P<each_after>(?:每[^\d\s,，;；/每元]{{1,8}}?){{1,3}})|[（(](?:每(?P<bracket>[^\d（）()]{{1,8}}))[）)])?"
    rf"\s?(?P<after>{'|'.join(_BOUND_WORDS_AFTER)})?(?:/(?P<last>{_PER}))?(?:的?标准)?(?:{_VERB}|计算|执行)?",
    re.IGNORECASE,
)
"""每人每次不超过50元, 0.5—1元/吨以内: a sum or a range, its bound before or after, and what it is per.

``inner_bound`` follows 每人每次; ``after``, a word of :data:`_BOUND_WORDS_AFTER`, follows the sum. ``scale1``
and ``currency1`` are those of the lower end of a range.
"""
_RATE_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,8})?"
_RATE = re.compile(
    rf"{_LEAD}(?:{_BY}|以)?(?:(?P<of>[^\d%‰‱，,；;。]{{2,24}}?)的?(?:\s?[×xX*]\s?)?)?"
    rf"(?P<bound>{_ANY_BOUND})?"
    rf"(?P<n>{_RATE_NUMBER})\s?(?P<unit1>[%‰‱％])?(?:{_DASH}(?P<most>{_RATE_NUMBER})\s?)?(?P<unit>[%‰‱％])(?:之间)?(?P<after>以内|以下|以上)?"
    r"(?:的?(?:标准|比例|费率))?(?:收取|计收|计征|征收|缴纳|收费|计提|计算|执行|提取)?"
)
"""按合同额的不超过1—2‰: a rate with its sign, and the sum of which it is taken."""
_FRACTION = re.compile(
    rf"{_LEAD}(?:(?P<of>(?:(?!分之)[^\d%‰‱，,；;。]){{2,24}}?)的?)?(?P<denominator>百|千|万)分之(?P<n>[{_NUMERALS}]{{1,5}}(?:点[{_NUMERALS}]{{1,4}})?|{_RATE_NUMBER})"
    rf"(?:{_DASH}(?:(?P=denominator)分之)?(?P<most>[{_NUMERALS}]{{1,5}}(?:点[{_NUMERALS}]{{1,4}})?|{_RATE_NUMBER}))?"
    r"(?:收取|计收|计征|征收|缴纳|收费|计提|计算)?"
)
"""按成交额的千分之三: a rate in words."""
_SIGNS = {"百": "%", "千": "‰", "万": "‱"}
_CAPITAL = re.compile(
    rf"(?:人民币)?(?P<wan>[{_NUMERALS}]{{1,9}})?(?P<scale>万|亿)?(?P<rest>[{_NUMERALS}]{{1,9}})?[元圆](?:(?P<jiao>[{_NUMERALS}])角)?(?:零?(?P<fen>[{_NUMERALS}])分)?[整正]?"
)
"""壹万贰仟元整: a sum in capital numerals."""
_WITHOUT_CURRENCY = re.compile(rf"(?:{_NUMBER})(?:{_DASH}(?:{_NUMBER}))?\s?(?:百万|[千万亿])")
"""1.5万 in a column of sums."""
_LONGEST = 80
"""Characters of a text that may be an amount."""
_EDGES = re.compile(r"^[。；;，,\s]+|[。.；;，,\s]+$")
_BRACKETED_UNIT = re.compile(r"(?<=\d)\s?[（(]((?:[十百千万亿]*元)[^（()）]{0,12})[）)]$")
"""10（元/证）"""
_BRACKETED_PER = re.compile(r"(?<=元/)[（(]([^（()）\d]{1,10})[）)]$")
"""10元/（人·次）"""
_REPEATED_UNIT = re.compile(
    rf"(?P<first>{_NUMBER})(?P<unit>元/{_LETTER}{{1,8}}){_DASH}(?P<most>{_NUMBER})(?P=unit)"
)
"""0.1元/吨—0.3元/吨"""
_FEE_NAME = re.compile(
    r"^((?:每(?:学期|学年|床位|车辆|台班|项目|科目|证书|半年|半天|季度|立方米|平方米|车次|人次|小时|[人次月年天日户车辆本证件份台套吨亩项科床张页]))"
    rf"{{1,3}}){_VERB}?[^\d\s,，;；。（）()/每元免减]{{1,8}}?费用?(?:标准)?(?:[为是:：])?(?=[\d￥¥不最])"
)
"""每人每学期住宿费500元: the name of a charge between what it is per and the sum."""
_NUMERAL_OF_SUM = re.compile(rf"[{_NUMERALS}]+(?=[万亿]?[元圆块角分](?!之))")
"""五十 in 每人五十元: a numeral in a sum that is not in capitals as a whole."""


@lru_cache(maxsize=8192)
def read_amount(text: str, unit: str = "元") -> Amount | None:
    """Read one amount. A bare number gets ``unit``; None for several amounts and for other text."""
    clean = _EDGES.sub("", text)
    if len(clean) > _LONGEST:
        return None
    if _FREE.fullmatch(clean):
        return Amount("0", unit.partition("/")[0], kind="free")
    if unit == "元" and _WITHOUT_CURRENCY.fullmatch(clean):
        clean += unit
    for pattern in (_BRACKETED_UNIT, _BRACKETED_PER):
        clean = pattern.sub(r"\1", clean)
    clean = _FEE_NAME.sub(r"\1", clean)
    clean = _REPEATED_UNIT.sub(r"\g<first>—\g<most>\g<unit>", clean)
    return _read_forms(clean, unit) or _read_forms(_NUMERAL_OF_SUM.sub(_write_digits, clean), unit)


def _read_forms(text: str, unit: str) -> Amount | None:
    for pattern, build in (
        (_MONEY, _build_money),
        (_RATE, _build_rate),
        (_FRACTION, _build_fraction),
        (_CAPITAL, _build_capital),
    ):
        if (match := pattern.fullmatch(text)) is not None:
            amount = build(match, unit)
            if amount is not None and (not amount.most or Decimal(amount.amount) < Decimal(amount.most)):
                return amount
    return None


def _write_digits(match: re.Match[str]) -> str:
    number = chinese_quantity(match[0].translate(CAPITALS_TO_PLAIN))
    return match[0] if number is None else str(number)


_FOR_SOME = "|".join(
    (
        *(
            "首次",
            "首年",
            "二次",
            "再次",
            "初次",
            "补办",
            "补发",
            "补领",
            "换发",
            "换领",
            "异地",
            "外地",
            "本地",
        ),
        *(
            "加急",
            "逾期",
            "超期",
            "延期",
            "个人",
            "企业",
            "单位",
            "公司",
            "居民",
            "学生",
            "儿童",
            "成人",
            "老人",
        ),
        *("军人", "大型", "中型", "小型", "车型"),
    )
)
"""Words that say for whom or in which case a charge is."""
_REMARK = re.compile(
    rf"[（(](?![^（()）]*(?:起|封顶|[上下]限|以[内上下]|最[高低多少]|浮|减|免|[另加]收|基准|{_FOR_SOME}))"
    r"(?:(?:不?含|不?包[括含])[^（()）\d]{1,24}|税[前后]|人民币|试行(?:标准|期间?)?|暂[定行](?:标准)?|代收|一次性"
    r"|(?:实行)?(?:政府|市场|国家|经营者)[^（()）\d]{0,12}(?:定价|指导价|调节价|标准|规定)(?:管理)?|(?:现行)?(?:收费)?标准"
    r"|(?:上缴|缴入|由)[^（()）\d]{1,20}|(?:按照?|依据?|根据)[^（()）\d]{1,20}|行政事业性收费|[^（()）\d]{0,8}费)[）)]$"
)
"""A remark without effect on the amount. （小型车） and （成人） say for whom it is, （次） per what."""
_REMARK_OF_FREE = re.compile(
    r"[（(](?:(?:由|各级|市|区|县)*财政.{0,12}|由[^（()）]{1,20}承担|全免|公益性?|不收费)[）)]$"
)
_LABEL_OF_FREE = re.compile(
    r"^(?:收费标准|收费|费用|标准|收费情况|是否收费|[^\d，,；;。：:每按不最免]{1,8}费)[:：]\s*"
)
"""首次（免费） and 小微企业：免征 are free for some only; 工本费：免费 is free for everyone."""
_LABEL = re.compile(
    rf"^(?![^：:\d]*(?:{_FOR_SOME}))(?:[^\d，,；;。：:%‰每按不最免]{{0,14}}?(?:费用?|标准|金额|收取|征收|缴纳|单价|定价|价格|额度|税额)(?:[:：]\s*|(?<=费)(?=[\d￥¥])))"
)
"""收费标准： and 工本费： say that a charge follows; 小型车： and 首次： for what."""


def find_amount(text: str) -> Amount | None:
    """Read the only amount of a charging standard (收费标准).

    A label before it and a remark in brackets after it are left out. Unlike :func:`read_amount`, it reads no
    bare number, which may be a count or a year.
    """
    clean = _EDGES.sub("", text)
    free = _LABEL_OF_FREE.sub("", _REMARK_OF_FREE.sub("", clean))
    if _FREE.fullmatch(free):
        return Amount("0", "元", kind="free")
    for candidate in dict.fromkeys((clean, _REMARK.sub("", clean), _LABEL.sub("", _REMARK.sub("", clean)))):
        amount = read_amount(candidate, "")
        if amount is not None and amount.unit.partition("/")[0]:
            return amount
    return None


def _build_money(match: re.Match[str], unit: str) -> Amount | None:
    pers = [match[name] for name in ("per", "last", "each_after", "bracket", "each") if match[name]]
    per = "·".join(map(_join_units, pers))
    first, last = _scale_range(match)
    if match["jiao"] or match["fen"]:
        if "." in first:  # 3.5元5角
            return None
        coins = Decimal(match["jiao"] or 0) / 10 + Decimal(match["fen"] or 0) / 100
        first = plain_number(Decimal(first) + coins)
    if match["coin"]:
        parts = 10 if match["coin"] == "角" else 100
        first, last = (plain_number(Decimal(n) / parts) if n else "" for n in (first, last))
    currency = re.sub("圆|块钱?", "元", match["currency"] or "").replace("港币", "港元")
    stated = bool(currency or match["coin"] or match["prefix"] or "￥" in match[0] or "¥" in match[0])
    name = (currency or "元") if stated else unit
    if (per and not stated and "/" in unit) or (match["bound"] and match["inner_bound"]):
        return None
    if any(
        one.endswith(("费", "费用")) for one in per.split("·")
    ):  # 每铺位取暖费: where 铺位 ends is not known
        return None
    if per and not any(
        c.isalpha() or c in "㎡㎥㎏㎞" for c in per
    ):  # 每0.5 names nothing that is charged for
        return None
    kind = (
        _BOUND_WORDS.get(match["bound"] or match["inner_bound"] or "", "")
        or _BOUND_WORDS_AFTER.get(match["after"] or "", "")
        or ("range" if last else "")
    )
    return Amount(first, f"{name}/{per}" if per else name, last, kind=kind)


def _scale_range(match: re.Match[str]) -> tuple[str, str]:
    """Return both ends of a range: 1-2万元 scales both, 5000元—1万元 and 8000—1万元 the second."""
    scale = match["scale"] or ""
    if not match["most"]:
        return _scale(match["n"], scale), ""
    last = _scale(match["most"], scale)
    own = match["scale1"] or ("" if match["currency1"] else scale)
    first = _scale(match["n"], own)
    if not match["scale1"] and Decimal(first) >= Decimal(last):
        first = _scale(match["n"], "")
    return first, last


def _build_rate(match: re.Match[str], _: str) -> Amount | None:
    sign = match["unit"].replace("％", "%")
    if match["unit1"] and match["unit1"].replace("％", "%") != sign:
        return None
    bound, base = _split_bound(match["of"])
    if bound and match["bound"]:
        return None
    kind = _BOUND_WORDS.get(match["bound"] or bound, "") or _BOUND_WORDS_AFTER.get(match["after"] or "", "")
    kind = kind or ("range" if match["most"] else "")
    return Amount(strip_zeros(match["n"]), sign, strip_zeros(match["most"] or ""), base, kind)


def _build_fraction(match: re.Match[str], _: str) -> Amount | None:
    first, last = (_read_numerator(match[name]) if match[name] else "" for name in ("n", "most"))
    if first is None or last is None:
        return None
    bound, base = _split_bound(match["of"])
    kind = _BOUND_WORDS.get(bound, "") or ("range" if last else "")
    return Amount(first, _SIGNS[match["denominator"]], last, base, kind)


def _read_numerator(numeral: str) -> str | None:
    """Read the number of a fraction: 三 is 3, 一点五 is 1.5."""
    if numeral[0].isascii():
        return strip_zeros(numeral)
    whole, _, fraction = numeral.translate(CAPITALS_TO_PLAIN).partition("点")
    digits = [chinese_quantity(c) for c in (whole, *fraction)]
    if None in digits:
        return None
    return f"{digits[0]}{'.' if fraction else ''}{''.join(map(str, digits[1:]))}"


def _build_capital(match: re.Match[str], _: str) -> Amount | None:
    """Read an amount in capital numerals: 壹万贰仟元整."""
    if not (match["wan"] or match["rest"]) or (match["rest"] and not match["scale"]):
        return None
    total = Decimal(0)
    for words, factor in (
        (match["wan"], SCALES[match["scale"] or ""]),
        (match["rest"], 1),
        (match["jiao"], Decimal("0.1")),
        (match["fen"], Decimal("0.01")),
    ):
        number = chinese_quantity((words or "零").translate(CAPITALS_TO_PLAIN).lstrip("零〇") or "零")
        if number is None:
            return None
        total += number * factor
    return Amount(plain_number(total), "元")


_BOUND = re.compile(
    rf"(?:{_BY}|以|为)?(?P<bound>{_ANY_BOUND})?(?:{_BY})?(?P<base>.*?)"
    r"(?:的|总额的|(?:费|税|征收|收费)率|比例)?"
)


def _split_bound(text: str | None) -> tuple[str, str]:
    """Split the words before a rate: 不超过按成交额的 is a bound and its base; 税率 names no base."""
    match = _BOUND.fullmatch(text or "")
    return (match["bound"] or "", match["base"]) if match else ("", text or "")


def _join_units(text: str) -> str:
    """Join the units that an amount is per: 每人每次 and 人/次 are 人·次."""
    parts = [p for p in re.split(r"每|[/·.．•*×]", text) if p.strip()]
    return "·".join(p.strip().removeprefix("个") if len(p.strip()) > 2 else p.strip() for p in parts)


def _scale(number: str, scale: str) -> str:
    plain = strip_zeros(number.replace(",", "").replace("，", ""))
    return plain if SCALES[scale] == 1 else plain_number(Decimal(plain) * SCALES[scale])


def plain_number(number: Decimal) -> str:
    """Write a decimal without an exponent and without zeros at its end."""
    return format(number.normalize() + 0, "f")


def strip_zeros(number: str) -> str:
    """Strip zeros before a decimal: ``007.50`` is ``7.50``, ``.5`` is ``0.5``."""
    if not number:
        return ""
    whole, point, fraction = number.partition(".")
    return f"{whole.lstrip('0') or '0'}{point}{fraction}"
