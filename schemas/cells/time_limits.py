"""Parser of time limits: ``20个工作日``, ``15（工作日）``, ``自受理之日起二十日内``, ``即来即办``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from schemas.cells.limit_comparison import AT_ONCE
from schemas.normalise import CAPITALS_TO_PLAIN, chinese_quantity

type LimitKind = Literal["limit", "none", "text"]


class Limit(NamedTuple):
    value: int
    unit: str
    """工作日, 自然日, 日 (either of both; the text does not state which), 小时, 分钟, 周, 月, 年 or 即时."""
    rest: str = ""
    """Words of the text that the limit does not contain, such as a condition."""
    converted: bool = False
    """Whether the value is a convention: 半天 is 4 hours of work, 半个月 is 15 days of the calendar."""


class LimitText(NamedTuple):
    """A limit as a text states it. ``limit`` is None for ``none`` and ``text``."""

    kind: LimitKind
    """``none``: there is no limit. ``text``: several limits, or one that depends on something else."""
    limit: Limit | None = None


_UNITS: Mapping[str, str] = {
    "工作日": "工作日", "工作天": "工作日", "法定工作日": "工作日", "工作日日": "工作日", "个工作": "工作日",
    "自然日": "自然日", "自然天": "自然日", "日历日": "自然日", "日历天": "自然日",
    "working days": "工作日", "working day": "工作日", "days": "日", "day": "日",
    "日": "日", "天": "日", "d": "日", "小时": "小时", "工作小时": "小时", "时": "小时",
    "h": "小时", "hour": "小时", "hours": "小时",
    "分钟": "分钟", "分": "分钟", "min": "分钟", "周": "周", "星期": "周", "礼拜": "周",
    "月": "月", "季度": "季度", "年": "年",
}  # fmt: skip
_DAYS = frozenset({"工作日", "自然日", "日"})
_UNIT = rf"(?:个|個)?\s?(?:{'|'.join(sorted(_UNITS, key=len, reverse=True))})"
_NUMERAL = (
    r"\d{1,2}个半|[一二三四五六七八九十两]{1,3}个半|\d{1,5}(?:\.\d{1,2})?|[一二三四五六七八九十百两半]{1,5}"
)
_RANGE = rf"(?:(?P<least>{_NUMERAL})\s?(?:{_UNIT})?\s?[-－–—―~～∼至到]{{1,2}}\s?)?"
_LIMIT = re.compile(
    rf"{_RANGE}(?P<n>{_NUMERAL})\s?(?:(?P<unit>{_UNIT})(?P<half>半)?(?![a-z])|[（(/【\[〔]\s?(?P<bracket>{_UNIT})\s?[）)】\]〕]?)"
    rf"(?:\s?[（(【\[](?P<kind>{_UNIT})[）)】\]])?",
    re.IGNORECASE,
)
"""20个工作日, 15（工作日）, 3-5日, 1个半月, 15日（自然日）: a unit in brackets says which days."""
_UNIT_FIRST = re.compile(rf"(?P<unit>工作日|自然日|小时|天)\s?[:：]?\s?(?P<n>{_NUMERAL})\s?(?:个|天|日)?")
_BARE = re.compile(rf"(?:≤|<=|<|不超过)?\s?{_RANGE}(?P<n>{_NUMERAL})")
_LEAST = re.compile(
    r"(?:(?<!不)(?<!不得)(?<!不应)(?<!不能)(?:超过|大于|多于|高于)|[>＞≥]=?|不得?少于|最快|最短|最早|至少|不低于|不短于|不得早于|[期届]?满前|届满|之前|前)$"
)
_LEAST_AFTER = re.compile(r"以上|前(?!办结|完成)|后")
"""Words before and after a number that make it a least time, or a day before which something is due."""
_QUALIFIER = re.compile(r"(工作日|自然日|日历日)\s?[:：]?\s?$")
"""工作日：20日: which days are meant stands before the number."""
_DATE = re.compile(r"\d{1,2}月\d{1,2}[日号]|每[月年周季]|\d[日号]前|年底|月底|年末|月末")

_AT_ONCE = re.compile(
    r"(?:(?:受理|收件)?后?(?:可|能)?(?:当日)?(?:即时|及时即办|当场|现场|即办|立即|当即|立刻|马上)(?:就)?(?:办结|办理|办毕|办|完成|出证|取证|领取|件|即办|审批|审核)*"
    r"|(?:即|随|当)(?:来|到|收|报|审|申)(?:即|随|当)(?:办|审|批|结|取|受|领)|立等可取|立等可办|即办即结|秒批|秒办|即时即办)(?:件|结)?"
)
_SAME_DAY = re.compile(
    r"(?:当日|当天|即日)(?:受理[、，]?(?:当日|当天)(?:内)?(?:办结|办理|办毕|完成|办|结|出证|取件|审结)"
    r"|(?:内)?(?:办理|办毕|完成|办|结|出证|取件|审结)*)"
)
_HALF_DAY = re.compile(r"(?:半|0\.5)个?(?:工作日|天|日|工作天)")
_NO_LIMIT = re.compile(
    r"(?:暂|尚)?(?:无|没有|未)(?:相关|有关)?(?:法律|法规)?(?:法定|明确|具体|统一|作出|作|设定|设|规定|要求|限定)*(?:的)?(?:办结|办理|审批)?"
    r"(?:时限|期限|时间|限制|规定|限期|要求)*|(?:法律|法规|规章|法律法规|法律、法规)(?:、?规章)?(?:均|对此)?(?:无|未|没有)(?:作|作出|设|明确|具体|时限|期限)*"
    r"(?:规定|要求|限制)?(?:办结|办理)?(?:时限|期限|时间)?|不限(?:时|期|时间|定时限)?|不设(?:时限|期限)|不适用|无期限|无限制|长期(?:有效)?|常年(?:受理|办理)?|法无规定"
    r"|不涉及|不受(?:时限|期限|时间)?限制|无固定(?:时限|期限|时间)|n/a|na",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"依法|依规|按照?.{0,30}(?:规定|要求|执行|办理)|视.{0,12}(?:情况|情形|而定)|根据.{0,20}(?:确定|情况|规定|执行)|另行|详见|参照|由.{1,16}(?:确定|规定)|约定|随时|之前|前完成|为准|待定|一次|同步|实际情况|隔日|次日|受理"
)
"""Words of a text without a number whose limit depends on something else."""
_LEADS = (
    *("自", "从", "在", "于", "应当", "应", "须", "需", "可", "最长", "最多", "最迟", "最晚", "一般"),
    *("原则", "原则上", "不超过", "不得超过", "不多于", "不大于", "少于", "小于", "低于", "≤", "<", "<="),
    *("共", "共计", "合计", "总计", "承诺", "法定", "办结", "办理", "审批", "审核", "时限", "期限"),
    *("时间", "为", "是", ":", "：", "正式", "受理", "收到", "接到", "接收", "提出", "提交", "递交"),
    *("申请", "申请人", "材料", "资料", "报告", "文件", "齐全", "齐备", "完备", "完整", "符合", "要求"),
    *("规定", "法定形式", "的", "之日", "之时", "日", "当日", "当天", "次日", "第二天", "起", "后"),
    *("以后", "之后", "开始", "算", "算起", "计算", "决定", "作出", "做出", "行政许可", "许可", "登记"),
    *("全部", "合格", "有效", "且", "并", "和", "及", "、", "，", ","),
)
_LEAD = re.compile(f"(?:{'|'.join(sorted(_LEADS, key=len, reverse=True))})++")
"""Words before a limit that do not change it. The repetition is possessive, so that no text takes long."""
_START = re.compile(
    rf"(?:[^\d，。；、（(:：自从]{{0,12}}(?:机关|部门|机构|单位|企业|公司|政府|[人者局委]))??(?:{_LEAD.pattern})?"
    r"[^\d，。；、（(:：自从]{0,40}(?:之日起|之时起|[起后])的?"
)
"""The event from which a limit counts, and who has to act: 登记机关应当自变更登记之日起.

Other words before 自 or a colon name the case of the limit: 材料不齐的自补正之日起, 新办：自受理之日起.
"""
_TAIL = re.compile(
    r"(?:\s|以内|之内|内|以下|作出|做出|给予|予以|准予|决定|是否|办理?结?|办毕|办完|完毕|完成|审结|审批|审核|审查|受理|答复|出证|发证|送达|行政许可|许可|"
    r"登记|核准|核发|颁发|证件?|的|时限|期限|[（(](?:法定|承诺)[）)]|[。.；;，,、])*"
)
_CONDITION = re.compile(
    r"延长|延期|顺延|不含|不包括|除外|不计|扣除|其中|听证|检验|检测|鉴定|评审|公示|特殊|特别|复杂|经.{0,12}批准|另"
)
_AT_ONCE_LATER = re.compile(
    r"(?<![（(])(?:当场|现场(?![勘踏核检查评测考鉴]|审查)|即时|即办|当日|当天|立即)(?!.{0,6}[）)])"
)
"""Words of a second procedure, outside brackets: 法定20个工作日，承诺当场办结; 现场勘验 is a step."""
_SUM = re.compile(r"[\d半]\s?[+＋加*×xX]$")
"""10+5个工作日, 7×24小时: the number is only the last one of a sum or a product."""
_SUM_AFTER = re.compile(r"[^，。；;（(]{0,8}[+＋]")
"""7日公示+20个工作日: the number is only the first one of a sum."""
_CUT = re.compile(r"(?:\d[\s,，.．']|^[-−负]|[\d一二三四五六七八九十百两]个?)$")
"""2 0个工作日, 1,000日, -5日: the number is only the last part of one, or has a sign."""
_CALENDAR_YEARS = range(1900, 2200)
"""2015年 is a date."""
_CLOCK = re.compile(rf"(?P<hours>{_NUMERAL})个?小时(?P<minutes>\d{{1,2}})分钟?(?:以?内)?")
_NAMED_DAY = re.compile(
    r"[（(](?:指|均?为|按照?|以|即|系|均按)?(工作日|自然日|日历日)(?:计算?)?(?:[）)]$|(?=[，,；;、]))"
)
"""15日（指工作日，不含公示）: the remark says which days are meant."""
_ZERO = re.compile(rf"[（(]0\s?{_UNIT}[）)]$")
"""即办（0个工作日）"""
_TO_PLAIN: Mapping[int, int | str] = {**CAPITALS_TO_PLAIN, ord("廿"): "二十", ord("卅"): "三十"}
_SPACED = re.compile(r"(?<=[\u4e00-\u9fff（(]) (?=[\u4e00-\u9fff）)])")
_LONGEST = 200
"""Characters of a cell that may be a limit; a longer one is a text."""
_HOURS_OF_WORK = 8
"""Hours of a working day (Labour Law, art. 36)."""


@lru_cache(maxsize=8192)
def read_limit(text: str, unit: str = "") -> LimitText | None:
    """Read a time limit; None if the text is unreadable. A bare number gets ``unit``."""
    clean = text.strip().strip("。；;，,").removesuffix(".").strip()
    if len(clean) > _LONGEST:
        return LimitText("text")
    if _SPACED.search(clean):
        clean = _SPACED.sub("", clean)
    if _NO_LIMIT.fullmatch(clean):
        return LimitText("none")
    clean = clean.translate(_TO_PLAIN)
    if _AT_ONCE.fullmatch(_ZERO.sub("", clean)):
        return LimitText("limit", Limit(0, AT_ONCE))
    if _SAME_DAY.fullmatch(clean):
        return LimitText("limit", Limit(1, "日"))
    if _HALF_DAY.fullmatch(clean.removesuffix("办结").removesuffix("内").removesuffix("以")):
        return LimitText("limit", Limit(_HOURS_OF_WORK // 2, "小时", converted=True))
    if (clock := _CLOCK.fullmatch(clean)) and (halves := _count_halves(clock["hours"])) is not None:
        return LimitText("limit", Limit(halves * 30 + int(clock["minutes"]), "分钟"))
    if unit and (bare := _BARE.fullmatch(clean)):
        return _bare_limit(bare, unit)
    if _DATE.search(clean):
        return LimitText("text") if clean.startswith("每") or clean.endswith("前") else None
    return _find_limit(clean)


def _bare_limit(match: re.Match[str], unit: str) -> LimitText | None:
    limit = _convert(match["n"], unit, half=False)
    if limit is None:
        return None
    return LimitText("limit", limit._replace(rest=match[0]) if match["least"] else limit)


def _find_limit(text: str) -> LimitText | None:
    """Find the limit of a text in which words surround it.

    Words before and after it that do not change it are dropped, the others become ``rest``. A least time, a
    second limit that is not in a condition after the first, a sum, or 即时 next to it make it a ``text``.
    """
    matches = list(_LIMIT.finditer(text)) or list(_UNIT_FIRST.finditer(text))
    if not matches:
        return LimitText("text") if _OPEN.search(text) or _AT_ONCE.search(text) else None
    first = matches[0]
    before, after = text[: first.start()], text[first.end() :]
    if _CUT.search(before):
        return None
    if _LEAST.search(before) or _LEAST_AFTER.match(after):
        return LimitText("text")
    unit, before, after = _split_words(first, before, after)
    if len(matches) > 1 and (before or not _CONDITION.search(after)):
        return LimitText("text")
    if _AT_ONCE_LATER.search(before) or _AT_ONCE_LATER.search(after):
        return LimitText("text")
    if _SUM.search(before) or _SUM_AFTER.match(after):
        return LimitText("text")
    groups = first.groupdict()
    limit = unit and _convert(first["n"], unit, half=bool(groups.get("half")))
    if not limit or (limit.unit == "年" and limit.value in _CALENDAR_YEARS):
        return None
    rest = "…".join(part for part in (before, first[0] if groups.get("least") else "", after) if part)
    return LimitText("limit", limit._replace(rest=rest))


def _name_unit(unit: str) -> str:
    """Return the unit of a word: 日 of 个天. A word that is none stays."""
    name = unit.strip().casefold().removeprefix("个").removeprefix("個").strip()
    return _UNITS.get(name) or _UNITS.get(unit, unit)


def _split_words(match: re.Match[str], before: str, after: str) -> tuple[str | None, str, str]:
    """Return the unit of a limit and the words before and after it that may change it.

    The unit is None where the words name another one: 15工作日（自然日）.
    """
    groups = match.groupdict()
    unit = _name_unit(str(groups["unit"] or groups.get("bracket")))
    kind, named = groups.get("kind"), []
    if unit in _DAYS and (qualifier := _QUALIFIER.search(before)):
        named, before = [qualifier[1]], before[: qualifier.start()]
    before = "" if _LEAD.fullmatch(before.strip(" ")) or _START.fullmatch(before) else before
    tail = _TAIL.match(after)
    after = after[tail.end() if tail else 0 :].strip()
    if (remark := _NAMED_DAY.match(after)) and unit == "日":
        named.append(remark[1])
        after = after[remark.end() :] if remark.end() == len(after) else after
    if kind and unit in _DAYS:
        named.append(kind)
    elif kind and _name_unit(kind) != unit:  # 3个月（自然日）: months, with a remark
        after = f"（{kind}）{after}"
    units = {unit, *map(_name_unit, named)}
    meant = units - {"日"} or units
    agree = len(meant) == 1 and units <= {unit} | _DAYS
    return meant.pop() if agree else None, before, after


def _convert(numeral: str, unit: str, *, half: bool) -> Limit | None:
    """Convert a number and its unit to a whole number: 半年 is 6 months, 1.5小时 is 90 minutes."""
    name = _name_unit(unit)
    halves = _count_halves(numeral)
    if halves is None:
        return None
    halves += half
    if name == "季度":
        halves, name = halves * 3, "月"
    if halves % 2 == 0:
        return Limit(halves // 2, name)
    smaller = {
        "年": (6, "月"),
        "月": (15, "自然日"),
        "小时": (30, "分钟"),
        "日": (4, "小时"),
        "工作日": (4, "小时"),
    }.get(name)
    if smaller is None or (name in {"日", "工作日"} and halves != 1):
        return None
    return Limit(halves * smaller[0], smaller[1], converted=name in {"日", "工作日", "月"})


def _count_halves(numeral: str) -> int | None:
    """Return the number of halves: 3 for 1.5, 一个半; None for another fraction, and for 三五."""
    if numeral == "半":
        return 1
    whole, _, fraction = numeral.partition(".")
    if fraction.strip("0") not in {"", "5"}:
        return None
    extra = fraction.strip("0") == "5"
    if whole.endswith("半"):
        whole, extra = whole[:-1].removesuffix("个"), True
    number = chinese_quantity(whole)
    return None if number is None else number * 2 + extra
