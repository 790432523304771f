"""Agency codes (机关代字): the start of the issuer's code in the text before a document number."""

from __future__ import annotations

import re

LONGEST_CODE = 10
"""Maximum characters of a plausible 机关代字."""

# Words of a sentence before a number that are not part of any 机关代字.
_PROSE = re.compile(
    r".*(?:根据|依据|按照|依照|遵照|参照|执行|贯彻|落实|转发|印发|废止|替代|同时|现将|以及|或者|通知|文件|规定"
    r"|意见|决定|办法|批复|附件|及其|提到|提及|参见|参考|详见|遵守|违反|符合|引用|[及和与或见的了等号即按])",
    re.DOTALL,
)
_USUAL = 8
"""Characters that a 机关代字 has at most, apart from rare ones."""
_STARTS = re.compile(
    "国|中|京|津|冀|晋|蒙|内|辽|吉|黑|沪|苏|浙|皖|闽|赣|鲁|豫|鄂|湘|粤|桂|琼|渝|川|蜀|黔|贵|云|滇|藏|陕|秦|甘|青|宁|新"
    "|财|发改|计|价|教|公|建|人社|劳|卫|税|工信|工商|环|水|农|林|商|文|民|司|审|统|交|自然资|国土|银|证|保"
)
"""Words with which a 机关代字 often begins: the short names of places and of bodies."""


def find_start_of_code(run: str) -> int:
    """Return the offset of the 机关代字 in ``run``, which ends where the number begins: 根据鞍政发 → 2.

    Return the length of ``run`` if no code is left after removing the words of the sentence.
    """
    start = prose.end() if (prose := _PROSE.match(run)) else 0
    if _length_without_spaces(run[start:]) > LONGEST_CODE:
        likely = [
            m.start()
            for m in _STARTS.finditer(run, start)
            if _length_without_spaces(run[m.start() :]) <= _USUAL
        ]
        start = likely[0] if likely else len(run) - _USUAL
    return start + len(run[start:]) - len(run[start:].lstrip())


def _length_without_spaces(run: str) -> int:
    return len("".join(run.split()))
