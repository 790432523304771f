"""Documents that a sentence repeals: the subjects of 废止, 失效 and 停止执行, and the objects of 决定废止.

``《甲》（文号）、《乙》等同时废止`` ends both. Nothing else is ended: not the agent of 被…废止, nor an
object of 继续执行, nor a part (《甲》第三条), a certificate (《许可证》), a condition, nor what a report or a
plan names. Every document of a sentence becomes one sign before the grammar is compared, so titles cannot
confuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from schemas.cells.quantities import WRITTEN_DAY
from schemas.reference.citations.text_signs import unify_signs
from schemas.reference.document_numbers import Citation, find_citations

_KIND = "通知|意见|决定|公告|通告|办法|规定|方案|批复|函|细则|规则|制度|条例|命令|通报|决议"
_DEEP = r"(?:[^（）()]|[（(][^（）()]*[）)])*"
_BRACKET = rf"(?<!\s)\s*+[（(]{_DEEP}[）)]"
_QUOTED = r"《(?:[^《》]|《(?:[^《》]|《[^《》]*》)*》)+》"
_UNQUOTED = (
    rf"关于(?:[^，,。；;：:、《》（）()“”]|{_QUOTED}){{2,80}}?(?:{_KIND})\s?[（(][^（）()]*?号[^（）()]*[）)]"
)
_NUMBERED = (
    r"[\u4e00-\u9fff]{1,14}\s?[〔［\[（(【﹝](?:19|20)\d\d年?[〕］\]）)】﹞]\s?第?\d{1,5}(?:\s*[、和及]\s*\d{1,5})*号"
    r"(?:\s*[、和及]\s*\d{1,5}号)*"
)
_ORDERED = (
    r"(?![年月日])[\u4e00-\u9fff]{2,20}?(?:令|公告|通告)"
    r"\s?(?:[〔［\[（(]?(?:19|20)\d\d年?[〕］\]）)]?)?\s?第?[0-9一二三四五六七八九十百]{1,6}号"
)
_REFERENCE = re.compile(
    rf"{_UNQUOTED}|{_ORDERED}(?:{_QUOTED})?"
    rf"|(?:关于)?(?:印发|发布|公布|转发|批转|颁发)?{_QUOTED}(?:的(?:补充)?(?:{_KIND}))?(?:{_BRACKET})*"
    rf"|{_NUMBERED}(?:文件|文|通知)?"
)
_TITLE_MARKS = str.maketrans("〈〉", "《》")
_SIGN = "\ue000"
"""Private-use character that replaces a document."""
_OTHER_BRACKETS = re.compile(_BRACKET)
_CERTIFICATE = re.compile(
    r"(?:证|证书|证明|执照|牌照|票据|发票|通知书|决定书|批准书|同意书|告知书|承诺书|申请书|登记[表簿]|合同|协议书?|批件|资质|印章|公章)"
    r"(?:[（(][^（()）]*[）)])?$"
)
_LIMITED = re.compile(r"[（(](?:除|仅|部分|已|第[一二三四五六七八九十百0-9]+[条章])[^（）()]*[）)]$")
"""Remark in brackets that only a part is meant, or that it ended before."""
_PART_ONLY = re.compile(
    r"\s*(?:[（(](?:除|仅|部分|第[一二三四五六七八九十百0-9]+[条章])[^（）()]*[）)]"
    r"|的?(?:第\s?[一二三四五六七八九十百零〇0-9]+\s?[条章款项]|(?:部分|个别|有关|相关)(?:条款|内容|规定)|中))"
)
"""After a document of which only a part is ended: 《甲》第三条, 《甲》部分条款."""

_SINCE = (
    rf"(?>(?:自|从)(?:{WRITTEN_DAY}|即日|(?:本|该)?[^，,。；;：:、{_SIGN}]{{0,14}}?(?:之日|当日|同日|次日|之时)|同日|今日)"
    rf"起?(?:\d+日后)?|{WRITTEN_DAY}起|即日起|届时|于(?:本|该)[^，,。；;：:、]{{0,12}}之日(?:起)?)"
)
"""自发布之日起: since when. It is read in one way, as it may be repeated."""
_ADVERB = (
    rf"同时|同步|予以|予|自行|自动|自然|即行|即时|立即|随即|随之|相应|一并|一律|一概|全部|全文|整体|正式|均|都|亦|也|即|则|现|特予"
    rf"|宣布|宣告|{_SINCE}"
)
_COUNTED = r"[0-9０-９一二三四五六七八九十百两几多余]{0,5}\s?(?:件|个|部|份|项|篇)?"
_AND_SO_ON = (
    rf"等?{_COUNTED}(?:政府|行政|市政府|省政府|部门)?(?:规范性|政策性|政策|有关|相关|上述)?"
    r"(?:文件|规章|规定|办法|通知|意见|法规|决定|制度|文)|等(?:\s?" + _COUNTED + r")?"
)
_EXPIRED = r"(?:因)?(?:有效期|适用期|执行期|试行期)限?(?:已经?)?(?:届满|期满|到期|满)，?"
_ANNEX = r"及其(?:配套)?(?:实施细则|附件|补充(?:通知|规定)|解释|修正案)"
_BETWEEN = rf"(?:{_AND_SO_ON})?(?:{_ANNEX})?，?(?:{_EXPIRED})?(?:{_ADVERB}|，)*"
_ENDS = r"(?:废止|失效|作废|停止执行|停止施行|不再执行|不再施行)"
_BY_THIS = rf"(?:由|被|为)(?:本|此)[\u4e00-\u9fff]{{0,4}}?(?:{_KIND}|文件|目录|标准|清单)"
_REPLACED = rf"{_BY_THIS}所?(?:代替|替代|取代)"
_VERB = re.compile(rf"{_REPLACED}|(?:{_BY_THIS})?{_ENDS}(?:[、和并]?{_ENDS})*")
"""废止, also 由本办法废止, and 由本办法代替: the document itself replaces the subject."""
_END = re.compile(r"\s*(?:$|[。；;！!]|[，,](?!\s*(?:但|其中|不过|仅))|执行完毕)")
_SUBJECT = re.compile(rf"{_SIGN}{_BETWEEN}$")
_JOIN = re.compile(r"[，,]?\s*(?:、|以及|及|和|与|，|,|并)?\s*")

_PUBLISHED = (
    r"(?:印发|发布|公布|颁布|颁发|制定|下发|出台|批转|转发|通过|批准"
    r"|修正|修订|修改|发出|施行|实施|执行|签发|制发|联合|重新)"
)
_BODY = (
    r"(?:原|我|本|该)?[\u4e00-\u9fff、]{0,30}?"
    r"(?:政府|办公室|办公厅|委员会|委|局|厅|部|院|署|处|会|办|中心|小组|指挥部|省|市|县|区|国务院|总局|镇|乡)"
)
_BARE_START = re.compile(
    rf"(?:{WRITTEN_DAY}|(?:19|20)\d\d年|同时|现行?|原有?的?|旧的?|此前|以前|先前|之前|过去|上述|本|我|该|其|另|此外|并|{_SINCE}|起|后|以下简称|文件|通知|规定)*(?:{_BODY})?的?"
)
_MODIFIED_START = re.compile(
    rf"(?!.*(?:被|拟|建议|如果|倘若|除|凡))[^，,]*{_PUBLISHED}(?:并?施行|的?有关|试行|执行)?的?"
)
_CITED_IN_PREMODIFIER = re.compile(
    r"(?:第?[一二三四五六七八九]次)?(?:文件|通知|文|令)?(?:修正|修订|修改|批准|规定修改|印发|发布|公布|批转|制定)"
)
_DECIDES = (
    r"(?:现|特|兹|并|同时|经(?:研究|审议|审查|批准)|研究|讨论|会议"
    r"|(?:我|本|市|县|区|省|州|国务院)(?:人民)?(?:政府|府|局|委|厅|部|办)?)*(?:决定|宣布|同意)"
)
_TOPIC = re.compile(
    rf"(?P<first>[^{_SIGN}，]*){_SIGN}(?:(?:、|以及|及|和|与)?{_SIGN})*(?:{_AND_SO_ON})?(?:已|因|由于|与|不)[^{_SIGN}]*，"
    rf"(?:现|特|{_DECIDES})(?:决定|予以|予|{_ADVERB})*$"
)
"""《甲》已不适应需要，现予以废止: the subject is the topic of the clause before."""
_OBJECT_MARK = re.compile(rf"(?P<decides>{_DECIDES}|现|兹|特)?(?:自[^，]*起)?(?:将|对|把)(?P<rest>.*)")
_TRANSITIVE = re.compile(
    rf"(?P<decides>{_DECIDES}|现)?(?P<also>同时|并同时|一并|并)?(?:{_SINCE}|同时|立即|正式|予以|，|：|:)*"
)
_REPLACES = re.compile(
    rf"(?:^|[，：])(?:第[一二三四五六七八九十百]+条)?(?:本|此)(?:(?![不可能拟应所])[\u4e00-\u9fff]){{1,8}}?(?:{_SINCE}|，)*(?:代替|替代|取代)"
    rf"(?:原有?的?)?(?P<list>{_SIGN}(?:[、和及与]?{_SIGN})*)"
)
"""本办法替代《甲》: the document itself replaces others."""
_REPORTS = re.compile(r"(?:规定|明确|指出|载明|提出|提到|显示|认为|要求|称|表示|所述)[，,：:]?$")
_GROUND = re.compile(r"根据|按照|依据|依照|为")
_PERFORMS = re.compile(r"予以|同时|一并|一律|停止[执施]行|不再[执施]行")
"""Words with which a document itself ends another: 根据《甲》规定，《乙》予以废止 or 停止执行."""
_HEARSAY = re.compile(r"(?:反映|获悉|据悉|了解|核实|查实|查询|介绍|报道|咨询|认为)[，：]?$")
_CONDITION = re.compile(
    r"^(?:如果?|若|倘若|假如|一旦|凡|只要|即使|虽然|除非|除|待|俟|截至|截止)|(?:的|(?<!同)时|的话|期间)$"
    r"|^(?:19|20)\d\d年(?:\d{1,2}月)?(?:\d{1,2}日)?$"
)
_BARE_DAY = re.compile(WRITTEN_DAY)
_SCOPE = re.compile(
    r"^(?:在|对|对于|针对|就|凡)(?!.*(?:基础上|之日|同时|时)$)|(?:内的?|企业|单位|个人|人员|项目|区域|地区|范围)$"
)
_POINT = re.compile(r"(?:[（(]?[0-9一二三四五六七八九十]{1,3}[)）.．、])?")
_DECIDED = re.compile(r"决定|宣布|同意")
_LISTS = re.compile(
    rf"(?:以下|下列|如下)[^，,。；;：:]{{0,24}}?(?:{_ADVERB}|，)*+(?:废止|失效|停止执行)[：:]?$"
    r"|(?:决定|宣布)[^，,。；;]{0,12}?(?:废止|失效|停止执行)(?:以下|下列)[^，,。；;：:]{0,24}[：:]?$"
)


class _Reference(msgspec.Struct, frozen=True):
    text: str
    names: tuple[str, ...]
    """Document numbers, or the title in 《》 if the text has no number."""


class _Sentence(msgspec.Struct, frozen=True):
    """A sentence in which each document became one sign."""

    text: str
    references: tuple[_Reference, ...]

    def references_before(self, position: int) -> int:
        return self.text.count(_SIGN, 0, position)


def find_repealed_documents(sentence: str) -> list[str]:
    """Return the documents that a sentence ends: numbers, or titles in 《》 where a number is missing."""
    if not (_VERB.search(unify_signs(sentence)) or re.search("代替|替代|取代", sentence)):
        return []
    names: dict[str, None] = {}
    for masked in _split(_mask(sentence)):
        for match in _REPLACES.finditer(masked.text):
            if _END.match(masked.text, match.end()):
                first = masked.references_before(match.start("list"))
                for index in range(first, first + match["list"].count(_SIGN)):
                    names |= dict.fromkeys(masked.references[index].names)
        for verb in _VERB.finditer(masked.text):
            before, after = masked.text[: verb.start()], masked.text[verb.end() :]
            for index in (*_subjects(masked, before, verb[0], after), *_objects(masked, before, after)):
                names |= dict.fromkeys(masked.references[index].names)
    return list(names)


def _split(masked: _Sentence) -> Iterator[_Sentence]:
    """Split a text at full stops outside titles and brackets."""
    start = 0
    for text in re.findall(r"[^。；！\n]+[。；！\n]?", masked.text):
        count = text.count(_SIGN)
        yield _Sentence(text.strip(), masked.references[start : start + count])
        start += count


def announces_list(sentence: str) -> bool:
    """Test for a sentence that ends the documents of the list after it: 下列文件同时废止：."""
    return _LISTS.search(_OTHER_BRACKETS.sub("", sentence.strip().rstrip("。"))) is not None


def listed_documents(item: str) -> list[str]:
    """Return the documents that an item of such a list names. In a row of a table, numbers replace titles."""
    item = unify_signs(item)
    references = (
        _Reference(match[0], tuple(_names_of(match[0])))
        for match in _REFERENCE.finditer(item)
        if not _PART_ONLY.match(item, match.end())
    )
    names = list(dict.fromkeys(name for reference in references for name in reference.names))
    numbers = [name for name in names if not name.startswith("《")]
    return numbers if numbers and "\t" in item else names


def _mask(sentence: str) -> _Sentence:
    references: list[_Reference] = []

    def mask(match: re.Match[str]) -> str:
        first = next(iter(find_citations(match[0])), None) if "关于" not in match[0] else None
        # The words before a number belong to the sentence.
        rest = match[0] if first is None or first.kind == "statute" else match[0][first.start :]
        references.append(_Reference(rest, tuple(_names_of(rest))))
        return f"{match[0][: len(match[0]) - len(rest)]}{_SIGN}"

    sentence = unify_signs(sentence.replace(_SIGN, ""))
    text = _REFERENCE.sub(mask, sentence if "《" in sentence else sentence.translate(_TITLE_MARKS))
    for bracket in reversed(list(_OTHER_BRACKETS.finditer(text))):
        first = text.count(_SIGN, 0, bracket.start())
        del references[first : first + bracket[0].count(_SIGN)]
        text = text[: bracket.start()] + text[bracket.end() :]
    return _Sentence(
        re.sub(r"[ \t\u3000]+", "", text).replace(",", "，").replace(";", "；"), tuple(references)
    )


def _names_of(text: str) -> Iterator[str]:
    """Yield one name for each document of a reference; a number represents its title too."""
    citations = find_citations(text)
    statutes = [c for c in citations if c.kind == "statute"]
    outer = text[: statutes[0].end] if statutes else ""
    numbers = [c for c in citations if c.kind != "statute" and not _is_history(text, c)]
    if (statutes and _CERTIFICATE.search(statutes[0].title)) or _LIMITED.search(text):
        return
    if numbers:
        yield from (number.standard for number in numbers)
    elif statutes and (not re.match(r"的", text[len(outer) :]) or outer.startswith(("关于", "印发", "转发"))):
        quoted = re.search(_QUOTED, text)
        yield f"《{statutes[0].title}》" if quoted is None else re.sub(r"\s", "", quoted[0])


def _is_history(text: str, citation: Citation) -> bool:
    """Test for the number of a later amendment within the brackets of a title."""
    before, after = text[: citation.start], text[citation.end :]
    return re.search(r"(?:根据|依据|按)[^，,、）)]*$", before) is not None or after.startswith(
        ("修改", "修正", "修订")
    )


def _subjects(masked: _Sentence, before: str, verb: str, after: str) -> list[int]:
    """Return the indexes of the documents directly before the verb."""
    if _END.match(after) is None:
        return []
    topic = _TOPIC.fullmatch(before)
    if topic is not None and _is_start(topic["first"]):
        return list(range(before.count(_SIGN)))
    subject = _SUBJECT.search(before)
    if subject is None:
        return []
    first = subject.start()
    indexes = [masked.references_before(first)]
    while (coordinate := _coordinate_before(before, first)) is not None:
        first = coordinate
        indexes.append(masked.references_before(first))
    return indexes[::-1] if _may_begin(before[:first], before[subject.start() :] + verb) else []


def _coordinate_before(text: str, position: int) -> int | None:
    """Return the position of the document that 、 or 和 joins to the one at ``position``."""
    previous = text.rfind(_SIGN, 0, position)
    while previous >= 0 and _CITED_IN_PREMODIFIER.match(text, previous + 1):
        previous = text.rfind(_SIGN, 0, previous)
    if previous < 0:
        return None
    between = text[previous + 1 : position]
    if between == "，" and _is_ground(text[:previous]):
        return None  # 依据《甲》，《乙》予以废止: of two documents the first is the ground
    join = _JOIN.match(between)
    rest = between[join.end() :] if join is not None else between
    if not rest:
        return previous
    joined = join is not None and join.end() > 0
    and_so_on = re.fullmatch(rf"(?:{_AND_SO_ON})(?:、|以及|及|和|与)", between)
    if and_so_on or (
        joined and (_BARE_START.fullmatch(rest) or (rest.endswith("的") and _MODIFIED_START.fullmatch(rest)))
    ):
        return previous
    return None


def _is_ground(before: str) -> bool:
    """Test whether the clause of a document, of which the text before it is given, states a ground."""
    return re.match(rf"{_POINT.pattern}(?:{_GROUND.pattern})", re.split(r"[，：:]", before)[-1]) is not None


def _may_begin(start: str, predicate: str) -> bool:
    """Test whether the text before the first subject lets it be the subject of a main clause."""
    clauses = re.split(r"[，：:]", start)
    own = re.split(r"、(?=以及|及|和|与|《|$)", clauses[-1])[-1]
    own = re.sub(r"^(?:\(?[0-9一二三四五六七八九十]+[)）.．、]|第[一二三四五六七八九十百0-9]+条\s*)", "", own)
    earlier = [clause for clause in clauses[:-1] if clause]
    if any(_SCOPE.search(_strip_signs(clause)) for clause in earlier):
        return False
    last = earlier[-1] if earlier else ""
    is_decided = _DECIDED.search(own) is not None or _PERFORMS.search(predicate) is not None
    is_ground = _is_ground(last) and is_decided
    if (_REPORTS.search(last) and _SIGN in last and not is_ground) or _HEARSAY.search(last):
        return False
    if _is_condition(last) and not (own.endswith("的") and _BARE_DAY.fullmatch(last)):
        return False
    if "“" in start and start.rfind("“") > start.rfind("”"):
        return False
    own = re.sub(rf"^{_DECIDES}(?=[^的]*$)", "", own) if "宣布" in own else own
    mark = _OBJECT_MARK.fullmatch(own)
    if mark is not None:
        decided = (
            mark["decides"]
            or (earlier and _DECIDED.search(earlier[-1]))
            or re.search("予以|一并|一律", predicate)
        )
        return bool(decided) and _is_start(mark["rest"])
    return _is_start(re.sub(rf"^{_DECIDES}", "", own))


def _is_point(before: str, end: str) -> bool:
    """Test for a point of a decision that is only 一、废止《甲》（文号）。"""
    return _POINT.fullmatch(before) is not None and end in {"", "。", "；"}


def _strip_signs(text: str) -> str:
    return text.replace(_SIGN, "")


def _is_condition(clause: str) -> bool:
    return _CONDITION.search(clause) is not None and not re.search(
        r"(?:施行|实施|生效|发布|公布)(?:之日|之?时|后)$", clause
    )


def _is_start(own: str) -> bool:
    pieces = own.split(_SIGN)
    if any(_CITED_IN_PREMODIFIER.match(piece) is None for piece in pieces[1:]):
        return False
    if len(pieces) == 1 and _BARE_START.fullmatch(own):
        return True
    return own.endswith("的") and _MODIFIED_START.fullmatch(own) is not None


def _objects(masked: _Sentence, before: str, after: str) -> list[int]:
    """Return the indexes of the objects of 决定废止《甲》 and of 自…起施行，同时废止《甲》."""
    objects = re.match(
        rf"(?:以下|下列)?(?:[^，。；：:{_SIGN}]{{0,16}}[：:])?(?P<list>(?:原|[^，。；：:、{_SIGN}第中]{{0,40}}的)?{_SIGN}"
        rf"(?:(?:[，、]|以及|及|和|与)*(?:原|[^，。；：:、{_SIGN}]{{2,40}}的)?{_SIGN})*)(?:{_AND_SO_ON})?(?P<end>.*)",
        after,
        re.DOTALL,
    )
    if objects is None or _END.match(objects["end"]) is None:
        return []
    clauses = re.split(r"[，：:]", before)
    verb_group = _TRANSITIVE.fullmatch(
        re.sub(r"^(?:第[一二三四五六七八九十百]+条|[0-9一二三四五六七八九十]+[.．、])", "", clauses[-1])
    )
    if verb_group is None or any(_SCOPE.search(_strip_signs(c)) for c in clauses[:-1] if c):
        return []
    previous = clauses[-2] if len(clauses) > 1 else ""
    if _is_condition(previous):
        return []
    begins = re.search(r"(?:施行|实施|执行|生效|有效)(?:，|$)", previous) or _DECIDED.search(previous)
    if not (
        verb_group["decides"]
        or (verb_group["also"] and begins)
        or (begins and _DECIDED.search(previous))
        or re.search(_SINCE, previous + clauses[-1])
        or _is_point(masked.text[: len(before)], objects["end"])
    ):
        return []
    first = masked.references_before(len(before))
    count = objects["list"].count(_SIGN)
    return list(range(first, first + count))
