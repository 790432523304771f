"""Agency codes (机关代字): the start of the issuer's code in the text before a document number."""

from __future__ import annotations

import re

from schemas.reference import administrative_divisions, government_bodies
from schemas.reference.citations.places import (
    begins_a_name,
    begins_with_place,
    ends_with_place,
    find_place,
)
from schemas.reference.issuers import find_issuer, has_code

LONGEST_CODE = 10
"""Maximum characters of a plausible 机关代字."""

# Words of a sentence before a number that are not part of any 机关代字.
_PROSE = re.compile(
    r".*(?P<word>根据|依据|按照|依照|遵照|参照|执行|贯彻|落实|转发|印发|废止|替代|同时|现将|以及|或者|通知|文件|规定"
    r"|意见|决定|办法|批复|附件[一二三四五六七八九十]{0,3}"
    r"|及其|提到|提及|参见|参考|详见|遵守|违反|符合|引用|适用|使用|采用|援用"
    r"|取消|下放|公布|发布|颁布|修订|修改|修正|批准|实施|明确|列入|纳入|载入|属于|关于|对于|基于|鉴于|文号|字号"
    r"|[一二三四五六七八九十百零〇○][条款项目年月日](?!目)|[各该此本其上前同当每][条款项年月](?!目)|事项|条款"
    r"|[及与或见的了号按被以在因除由把已到该其此和即等至为])",
    re.DOTALL,
)
_AFTER_NUMERAL = re.compile(r"[条款项目年月日](?!目)\s*+")
"""The word after a numeral in digits, or in brackets, right before a run: （三）项国发, 24日国发."""
_OF_PLACE = re.compile("政|府|委办|委发|行署|署发")
"""Codes that need a place before them: 和政发 is the code of 和县, 即政发 that of 即墨."""
_AFTER_NOUN = re.compile(r"(?:[号〕\])）》」}｝文件案书表单录]|规定|意见|决定|办法|批复|通知|[条款项])\s*+$")
"""What 和 joins to a number: 国发〔2014〕5号和, 《甲办法》和, 有关文件和."""
_AFTER_PAUSE = re.compile(r"[、；;]\s*+$")
"""Signs after which 和 joins: 国发〔2014〕5号、和."""
_AFTER_BREAK = re.compile(r"[\[(（【，,：:—]\s*+$")
"""Signs after which 即 explains: 该文（即国发〔2014〕5号）."""
_ENDS_IN_NUMERAL = re.compile(r"(?:\d|[\[(（][一二三四五六七八九十\d]{1,3}[\])）])\s*+$")
_BEFORE_CODE = re.compile(
    "(?P<word>[经对据照另现但而凡又用则条款从将随于原并遵自如含故若无项月依上内后])\\s*+"
)
"""Words before a code that may also begin one (自然资发, 经信发): left out before a known code or a place.

A word with which the name of a place begins (内财综 is of 内蒙古, 项政办 of 项城) is left out only before a
code that follows no place.
"""
_PLACES_BY_OTHER_NAMES = "并后"
"""Short names that are not in the names: 太原 is also 并."""
_AFTER_ITS_NOUN = "上内"
"""Words that follow a noun: 范围内国发〔2014〕5号. Without one before they are of the code."""
_USUAL = 8
"""Characters that a 机关代字 has at most, apart from rare ones."""
_PROVINCES = "京津冀晋蒙内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川蜀黔贵云滇藏陕秦甘青宁新"
_STARTS = re.compile(
    f"[国中{_PROVINCES}]|财|发改|计|价|教|公|建|人社|劳|卫|税|工信|工商|环|水|农|林|商|文|民|司|审|统|交|自然资|国土|银|证|保"
)
"""Words with which a 机关代字 often begins: the short names of places and of bodies."""
_BODY_END = re.compile("委员会|办公厅|办公室|总局|[部委局厅署院会府]")
_ORGAN = re.compile(
    r"国务院(?:办公厅)?|中共中央(?:办公厅)?|党中央|[\u4e00-\u9fff]{0,10}[省市县区州盟旗]委(?:办公厅|办公室)?"
    r"|[\u4e00-\u9fff]{0,12}政府(?:办公厅|办公室)?|(?:国家|全国|中国|最高人民)[\u4e00-\u9fff]{1,12}"
)
_OFFICE = re.compile("办公厅$|办公室$")
_CODE_OF_PLACE = re.compile("[\u4e00-\u9fff]{1,2}(?:政|府|财|价|发改|人社|委办|委发)")
_OF_GOVERNMENT = re.compile("[\u4e00-\u9fff]{1,2}(?:政|府)办?(?:发|函|字|规)")
_SHORT_NAMES = 3
"""Characters of a name of a body that may also begin a code: 发改委办, 人社厅发."""
_BEGIN_CODES = frozenset({"人社部", "工信部"})
"""Names of ministries with which their codes begin: 工信部民爆函."""


def find_start_of_code(run: str, before: str = "") -> int:
    """Return the offset of the 机关代字 in ``run``, which ends where the number begins: 根据鞍政发 → 2.

    Return the length of ``run`` if no code is left after removing the words of the sentence and the names of
    bodies before it (财政部财综). ``before`` is the text right before the run.
    """
    word = _AFTER_NUMERAL.match(run) if _ENDS_IN_NUMERAL.search(before) else None
    start = _find_end_of_words(run, word.end() if word else 0, before)
    start = _leave_out_word(run, start, before)
    while (after := _end_of_body(run, start)) is not None:
        start = after
    start = next((n for n in range(start + 2, len(run) - 1) if _is_inner_code(run, start, n)), start)
    if _length_without_spaces(run[start:]) > LONGEST_CODE:
        likely = [
            m.start()
            for m in _STARTS.finditer(run, start)
            if _length_without_spaces(run[m.start() :]) <= _USUAL
        ]
        start = likely[0] if likely else len(run) - _USUAL
    return start + len(run[start:]) - len(run[start:].lstrip())


def _find_end_of_words(run: str, start: int, before: str) -> int:
    """Return the end of the last word of the sentence in ``run`` that is not in the name of a place."""
    stop = len(run)
    while match := _PROSE.match(run, start, stop):
        first, end = match.span("word")
        if end - first > 1 or not (
            _is_of_place(run, start, first, before) or _is_place_alone(run, start, first, before)
        ):
            return end
        stop = first
    return start


def _is_of_place(run: str, start: int, position: int, before: str) -> bool:
    """Test for a character in the name of a place of the code: 和 in 根据和田财综, not in 创新和财综."""
    bounds = find_place(run, position, position + 1, before)
    if bounds is None:
        return False
    rest = _join(run[position + 1 :])
    if bounds[0] == position:
        is_joined = run[position] == "和" and _AFTER_NOUN.search(before + run[:position])
        return not (is_joined and _is_code(rest) and rest[0] not in "省市县区")
    lead = run[start : bounds[0]]
    return ends_with_place(lead) or _is_of_sentence(lead, before)


def _is_place_alone(run: str, start: int, position: int, before: str) -> bool:
    """Test for a place of one character: 和财综 is the code of 和县, 即国税发 that of 即墨."""
    if not begins_a_name(run[position]):
        return False
    rest = _join(run[position + 1 :])
    if _OF_PLACE.match(rest):
        return not begins_with_place(rest)
    return (
        _is_code(rest)
        and not (_follows_no_place(rest) or _joins(run, position, before))
        and _is_of_sentence(run[start:position], before)
    )


def _is_of_sentence(lead: str, before: str) -> bool:
    """Test for text that ends with a word of the sentence, or is empty: a code begins behind it."""
    text = lead.strip()
    return (
        not text
        or _BEFORE_CODE.fullmatch(text) is not None
        or _find_end_of_words(lead, 0, before) == len(lead)
    )


def _joins(run: str, position: int, before: str) -> bool:
    """Test for a word that joins the number to what is before it: 国发〔2014〕5号和, （即."""
    text = before + run[:position]
    sign = _AFTER_BREAK if run[position] == "即" else _AFTER_PAUSE
    return bool(_AFTER_NOUN.search(text) or sign.search(text))


def _leave_out_word(run: str, start: int, before: str) -> int:
    """Return the start of the code after a word that is not of it: 经 in 经鞍政发, not in 经信发."""
    match = _BEFORE_CODE.match(run, start)
    if match is None or has_code(_join(run[start:])):
        return start
    word, rest = match["word"], _join(run[match.end() :])
    if word in _AFTER_ITS_NOUN and not _AFTER_NOUN.search(before + run[:start]):
        return start
    if not (begins_a_name(word) or word in _PLACES_BY_OTHER_NAMES):
        return match.end() if _is_code(rest) or begins_with_place(rest) else start
    if find_place(run, start, start + 1, before) is not None:
        return start
    return match.end() if _follows_no_place(rest) else start


def _end_of_body(run: str, start: int) -> int | None:
    """Return the end of the name of a body that a code follows: 省物价局 of 省物价局辽价发."""
    for match in _BODY_END.finditer(run, start):
        name, rest = _join(run[start : match.end()]), _join(run[match.end() :])
        if len(rest) < 2 or not (_is_code(rest) or _CODE_OF_PLACE.match(rest) or _STARTS.match(rest)):
            continue
        name = name.removeprefix("原")
        if not (_ORGAN.fullmatch(name) or government_bodies.is_name(_OFFICE.sub("", name))):
            continue
        is_clear = len(name) > _SHORT_NAMES or (name.endswith("部") and name not in _BEGIN_CODES)
        if is_clear or has_code(rest) or rest[:2] == name[:2]:  # 国资委国资发
            return match.end()
    return None


def _is_code(text: str) -> bool:
    """Test for a known code, or one of a government or of the nation: 辽政发."""
    plain = _join(text)
    return has_code(plain) or (len(plain) > 1 and plain[0] == "国") or _OF_GOVERNMENT.match(plain) is not None


def _follows_no_place(code: str) -> bool:
    """Test for a code that follows no place: 国发, 辽财综, but not 财综 or 国土资发 (黔南国土资发)."""
    if has_code(code):
        issuer = find_issuer(code)
        if issuer.level == "国家级":
            return issuer.maker == "国务院"
        return code[0] in _PROVINCES or _OF_GOVERNMENT.match(code) is not None
    return code[0] in _PROVINCES and _OF_GOVERNMENT.match(code) is not None


def _is_inner_code(run: str, start: int, offset: int) -> bool:
    """Test for a known code of the State Council or of a province after other words: 确保川办发.

    The words must not form a place with the code's first character: 阿克苏政发.
    """
    code = _join(run[offset:])
    if not (code[0] in f"国{_PROVINCES}" and has_code(code) and _follows_no_place(code)):
        return False
    words = _join(run[start:offset])
    return not any(administrative_divisions.find_codes(words[-n:] + code[0]) for n in (1, 2, 3))


def _length_without_spaces(run: str) -> int:
    return len(_join(run))


def _join(text: str) -> str:
    return "".join(text.split())
