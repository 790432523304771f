"""Names of approvals: whether two mean the same one, and the words by which they differ.

A name consists of what is approved (煤炭经营) and of words that any approval may have: the act (审批,
许可证核发), the kind of holder (企业, 单位), the step (设立, 变更), the authority (由国务院…部门负责的) and
particles. Two names mean the same approval if every word of what is approved has a partner on the other
side; 批发 and 零售 have none, however alike the rest is. Steps have to overlap; a name without one means the
first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec

LEAST_JACCARD = 0.4
"""Shared pairs of characters, as a share of all pairs of what both names approve."""
LEAST_CONTAINED = 0.6
"""Shared pairs of characters, as a share of those of either name."""
_FEWEST_CHARACTERS = 2

_AUTHORITY = (
    r"由[^的由]{2,30}?(?:负责|审批|管理|实施|许可|核准)的?"
    r"|(?:国务院|国家|省级|市级|县级|地方)?[^，、；的在由]{0,10}(?:主管部门|管理部门)(?:管理|负责|审批|实施|核准)的"
    r"|(?:省|市|县|区|州|地)*(?:级|本级)?(?:人民政府|部门)?权限(?:内|范围内)?的?|本行政区域内?的?|本级"
)
_CERTIFICATE = (
    r"许可证件?|批准证书|批准书|批件|资[格质]证书|资[格质]证|合格证书?|执照|证书|证件"
    r"|证(?=的?(?:核发|颁发|发放)|$)"
)
_ACT = (
    rf"{_CERTIFICATE}|(?:非?行政)?许可|审批|核准|批准(?!文号)|核发|颁发|发放|签发|换发|审查|审核|审定|认定|确认|同意|初审"
    r"|资[格质](?=认定|审批|核准|许可|审查|审核|核定|$)|核定(?!征收)|办理|(?:事项|项目)(?=$|[)])"
)
_HOLDER = r"企业|单位|(?<!分支)(?<!派出)机构|公司|经营者"
_STEPS = {
    "设立": (
        "设立",
        "开办",
        "举办",
        "开设",
        "设置",
        "成立(?!登记)",
        "筹设",
        "新设",
        "兴办",
        "首次",
        "新办",
        "办学",
    ),
    "变更": ("变更", "更换", "增项", "增加注册资本", "减少注册资本"),
    "合并": ("合并", "分立"),
    "延续": ("延续", "延期", "换证", "续期"),
    "终止": ("终止", "注销", "撤销", "解散"),
    "补办": ("补办", "补发", "补证"),
}
"""Step → its words, as regular expressions."""
_FIRST_STEP = "设立"
_SYNONYMS = {"融资性担保": "融资担保", "驯养繁殖": "人工繁育", "环保": "环境保护", "外商投资": "外资"}
"""Older or longer terms → those of today's laws."""
_GENERIC = r"一般|普通|有关|相关|文件(?=的?(?:审批|审查|核准|许可)|$)"
_PARTICLE = (
    r"(?<!\w)(?:关于|对于|对|在)|从事|进行|以及|的|及(?!格)|或者|或|(?<!中)和(?!平)|与|(?<=[^高中初特一二三同])等(?![级离])"
    r"|(?<=.)活动(?=审批|许可|核准|的|$)|业务(?=审批|许可|核准|的|$)|行为(?=审批|许可|核准|的|$)"
)
_AUTHORITIES = re.compile(_AUTHORITY)
_OF_AUTHORITIES = re.compile("部门|权限|本行政|本级|由")
_TOKEN = re.compile(
    "|".join(
        [
            rf"(?P<generic>\W+|{_GENERIC}|{_ACT}|{_HOLDER}|{_PARTICLE})",
            *(f"(?P<step{n}>{'|'.join(words)})" for n, words in enumerate(_STEPS.values())),
        ]
    )
)
_IGNORED = re.compile(r"[\s“”\"《》〈〉]+")
_PARTS = re.compile(r"[^·•，,；;]+")


class ApprovalName(msgspec.Struct, frozen=True):
    """A name, or a part of one that is a name itself."""

    pieces: tuple[str, ...]
    """The subject of an approval, without the words that any approval may have."""
    steps: frozenset[str]
    start: int
    end: int
    pairs: frozenset[str]
    """The pairs of neighbouring characters of what is approved."""

    @property
    def key(self) -> str:
        """The characters of what is approved; names that mean the same approval have the same key."""
        return "".join(sorted(set("".join(self.pieces))))

    def share_of_pairs(self, other: ApprovalName) -> float:
        """Return the shared pairs, as a share of those of the name that has fewer."""
        return len(self.pairs & other.pairs) / min(len(self.pairs), len(other.pairs))


class NameComparison(msgspec.Struct, frozen=True):
    """Likeness of two names, as shares of equal pairs of characters, and the words without a partner."""

    jaccard: float
    contained: tuple[float, float]
    words: tuple[tuple[str, ...], tuple[str, ...]]
    """Words of the first and of the second name."""
    share_step: bool

    @property
    def is_same(self) -> bool:
        alike = self.jaccard >= LEAST_JACCARD or min(self.contained) >= LEAST_CONTAINED
        return alike and self.share_step and not any(self.words)


@lru_cache(maxsize=4096)
def names_in(text: str) -> tuple[ApprovalName, ...]:
    """Return the name, and the parts of it that are names themselves: 主项·子项, and what commas divide."""
    parts = [(0, len(text)), *(match.span() for match in _PARTS.finditer(text))]
    names = (_parse(text, start, end) for start, end in dict.fromkeys(parts))
    return tuple(name for name in names if len(set("".join(name.pieces))) >= _FEWEST_CHARACTERS)


def compare_names(one: ApprovalName, other: ApprovalName) -> NameComparison:
    """Compare what two names approve."""
    pairs = one.pairs, other.pairs
    shared = len(pairs[0] & pairs[1])
    return NameComparison(
        shared / len(pairs[0] | pairs[1]),
        (shared / len(pairs[0]), shared / len(pairs[1])),
        (_words_without_partner(one.pieces, pairs[1]), _words_without_partner(other.pieces, pairs[0])),
        bool(one.steps & other.steps),
    )


def find_name(text: str, other: str) -> ApprovalName | None:
    """Return the name in a text that means the approval of another name; None without one."""
    for approval in names_in(other)[:1]:
        return next((name for name in names_in(text) if compare_names(name, approval).is_same), None)
    return None


def _parse(text: str, start: int, end: int) -> ApprovalName:
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", text[start:end]))
    if _OF_AUTHORITIES.search(plain):
        plain = _AUTHORITIES.sub("，", plain)
    for word, today in _SYNONYMS.items():
        plain = plain.replace(word, today)
    pieces, steps, position = [], set(), 0
    for match in _TOKEN.finditer(plain):
        pieces.append(plain[position : match.start()])
        position = match.end()
        if (group := str(match.lastgroup)).startswith("step"):
            steps.add(list(_STEPS)[int(group.removeprefix("step"))])
    pieces.append(plain[position:])
    words = tuple(filter(None, pieces))
    return ApprovalName(words, frozenset(steps or {_FIRST_STEP}), start, end, _pairs(words))


def _pairs(pieces: Sequence[str]) -> frozenset[str]:
    """Return the pairs of neighbouring characters; a piece of one character is one of them."""
    return frozenset(pair for piece in pieces for pair in _pairs_of(piece))


def _pairs_of(piece: str) -> Iterator[str]:
    if len(piece) == 1:
        yield piece
    yield from map("".join, pairwise(piece))


def _words_without_partner(pieces: Sequence[str], others: frozenset[str]) -> tuple[str, ...]:
    """List the runs of characters that are in no pair of the other name."""
    characters = {character for pair in others for character in pair}
    words: list[str] = []
    for piece in pieces:
        covered = [len(piece) == 1 and piece in characters] * len(piece)
        for position, pair in enumerate(_pairs_of(piece) if len(piece) > 1 else ()):
            if pair in others:
                covered[position] = covered[position + 1] = True
        run = "".join(one if not is_covered else " " for one, is_covered in zip(piece, covered, strict=True))
        words += run.split()
    return tuple(words)
