"""Labelled lines of a page (索引号, 发文字号, 发布时间 …); a line may contain several labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from publisher.ingest.documents.page_lines import Line
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

_FIELDS = frozenset(
    {"number", "title", "issuer", "date_written", "date_published", "index_number"}
    | {"topic", "source", "validity", "effective_on", "kind", "recipients"}
)
"""Fields of a catalogue of documents whose values appear in labelled lines."""
_SHORT_LABELS = frozenset({"来源", "文号", "标题"})
"""Labels of two characters that rarely occur in running text."""
_OTHER_LABELS = frozenset(
    (
        *("浏览次数", "点击次数", "点击数", "点击量", "阅读量", "访问量", "浏览量", "浏览", "点击"),
        *("责任编辑", "作者", "编辑", "审核", "发布人", "录入", "校对", "打印", "分享", "字体"),
        *("公开方式", "公开时限", "公开范围", "公开类别", "公开形式", "关键词", "关键字", "信息名称"),
        *("信息分类", "服务对象", "体裁", "内容概述", "文章类型", "办文部门", "承办单位", "组配分类"),
        *("失效日期", "有效期", "废止日期", "效力级别", "语种", "载体", "字号", "阅读次数"),
    )
)
"""Labels that do not describe the document. They end the value before them."""
_HEAD_LINES = 60
"""Number of first lines that are searched for labels without a colon (labels in table cells)."""
_LONGEST_BARE = 100
"""Most characters of a line whose first inline element is a label without a colon."""
_LONGEST_LABELLED_LINE = 60
"""Characters from which on a line without a known field stays a line of the document, labels or not."""
_LONGEST_VALUE = 120
"""Most characters of a value beside its label; a longer text is the document."""


class LabelledValue(msgspec.Struct, frozen=True):
    """A value, the number of its line and its label."""

    text: str
    line: int
    label: str


class LabelledValues(msgspec.Struct):
    values: dict[str, LabelledValue] = msgspec.field(default_factory=dict)
    line_numbers: set[int] = msgspec.field(default_factory=set)
    """Numbers of the lines that contain labels and their values."""


_GENERIC = r"[\[【]?[\u4e00-\u9fff](?:\s?[\u4e00-\u9fff]){1,9}[】\]]?\s?[:：]"
_AFTER_GAP = re.compile(rf"(?<=[\s|｜】\]]){_GENERIC}")
_AT_START = re.compile(_GENERIC)
_NO_VALUE = frozenset({"", "-", "--", "—", "/", "无", "暂无", "空"})
_ANY = re.compile("")
_FITS: Mapping[str, re.Pattern[str]] = {
    "number": re.compile(r"号"),
    "index_number": re.compile(r"\d"),
    **dict.fromkeys(("date_written", "date_published", "effective_on"), re.compile(r"\d|年")),
}
"""Text that the next line has to contain in plain text, to be the value of a label of this field."""


class _Label(msgspec.Struct, frozen=True):
    """A label within a line: its word, its field if it is known, and its position."""

    word: str
    field: str | None
    start: int
    end: int


class LabelFinder:
    """Finds the labels that match a catalogue's titles and aliases."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._field_of: dict[str, str] = {}
        self._field_of_short: dict[str, str] = {}
        words = list(_OTHER_LABELS)
        for name in sorted(_FIELDS):
            f = catalogue.by_name.get(name)
            for word in (f.title, *f.aliases) if f else ():
                if len(word) > 2 or word in _SHORT_LABELS:
                    self._field_of.setdefault(heading_key(word), name)
                    words.append(word)
                else:
                    self._field_of_short.setdefault(heading_key(word), name)
        spaced = (r"\s*".join(map(re.escape, word)) for word in sorted(set(words), key=len, reverse=True))
        label = f"(?P<label>{'|'.join(spaced)})"
        ends = r"(?(open)(?:[】\]]\s?[:：]?|[:：])|[】\]]?\s?[:：])"  # 【文号】 needs no colon
        self._colon = re.compile(rf"(?P<open>[\[【])?[·•]?\s?{label}\s?{ends}\s?", re.IGNORECASE)
        self._bare = re.compile(rf"[\[【]?\s?{label}\s?[】\]]?", re.IGNORECASE)

    def field_of(self, label: str) -> str | None:
        return self._field_of.get(heading_key(label))

    def _field_beside(self, label: str) -> str | None:
        """Return the field of a label whose place shows that it is one; then two characters are enough."""
        return self.field_of(label) or self._field_of_short.get(heading_key(label))

    def read_lines(
        self,
        lines: Sequence[Line],
        pairs: Mapping[int, tuple[int, ...]] | None = None,
        below: Mapping[int, tuple[int, ...]] | None = None,
    ) -> LabelledValues:
        """Read the labels of lines and their values.

        A value ends at the next label, known or not. ``pairs``: the lines beside a label in the structure of
        a page, see :class:`DocumentPage`; a label without any has no value. In plain text the value of a
        label may be the next line. ``below``: the lines of the cell below a label, which count in a row of
        labels.
        """
        labelled = LabelledValues()
        pairs = self._with_rows_of_labels(lines, pairs, below or {})
        for index, line in enumerate(lines):
            if line.number in labelled.line_numbers:
                continue
            labels = self._labels_of(line)
            if labels and labels[0].start == 0:
                self._read_line(lines, index, labels, labelled, pairs)
        bare = [i for i, line in enumerate(lines[:_HEAD_LINES]) if self._bare.fullmatch(line.text)]
        if pairs is not None:
            in_pairs = (i for i, line in enumerate(lines) if line.number in pairs)
            bare = [i for i in in_pairs if i in bare or self._is_short_label(lines[i].text)]
        if len(bare) > 1:
            for index in bare:
                self._read_pair(lines, index, labelled, pairs)
        return labelled

    def _with_rows_of_labels(
        self,
        lines: Sequence[Line],
        pairs: Mapping[int, tuple[int, ...]] | None,
        below: Mapping[int, tuple[int, ...]],
    ) -> Mapping[int, tuple[int, ...]] | None:
        """Replace the cell beside a label by that below it, where a label stands beside it too."""
        if pairs is None:
            return None
        labels = {line.number for line in lines if self._is_label(line)}
        rows: dict[int, tuple[int, ...]] = {}
        for number in labels & pairs.keys() & below.keys():
            beside = pairs[number]
            if (
                len(beside) == 1
                and beside[0] in labels
                and beside[0] in below
                and not labels & set(below[number])
            ):
                rows |= {number: below[number], beside[0]: below[beside[0]]}
        return {**pairs, **rows}

    def _is_label(self, line: Line) -> bool:
        if self._bare.fullmatch(line.text) or self._is_short_label(line.text):
            return True
        match = self._colon.match(line.text)
        return match is not None and match.end() == len(line.text)

    def _is_short_label(self, text: str) -> bool:
        return heading_key(text) in self._field_of_short

    def _labels_of(self, line: Line) -> list[_Label]:
        """Return the labels of a line that begins with a known one, in order."""
        bare = (
            self._bare.fullmatch(line.pieces[0]) if line.pieces and len(line.text) <= _LONGEST_BARE else None
        )
        if bare is not None and not line.pieces[1].startswith((":", "：")):
            end = line.text.find(line.pieces[0]) + len(line.pieces[0])
            labels = [_Label(bare["label"], self.field_of(bare["label"]), 0, end)]
            return [*labels, *(x for x in self._colon_labels(line) if x.start >= end)]
        labels = self._colon_labels(line)
        return labels if self._colon.match(line.text) else []

    def _colon_labels(self, line: Line) -> list[_Label]:
        labels = [
            _Label(m["label"], self.field_of(m["label"]), m.start(), m.end())
            for m in self._colon.finditer(line.text)
        ]
        position = 0
        starts = []
        for piece in line.pieces:
            position = line.text.find(piece, position)
            if position < 0:
                break
            starts.append(_AT_START.match(line.text, position))
            position += len(piece)
        unknown = [m for m in (*starts, *_AFTER_GAP.finditer(line.text)) if m is not None]
        for m in unknown:
            if not any(x.start < m.end() and m.start() < x.end for x in labels):
                word = m[0].strip("[【】]:： ")
                labels.append(_Label(word, self._field_beside(word), m.start(), m.end()))
        return sorted(labels, key=lambda x: x.start)

    def _read_line(
        self,
        lines: Sequence[Line],
        index: int,
        labels: Sequence[_Label],
        labelled: LabelledValues,
        pairs: Mapping[int, tuple[int, ...]] | None,
    ) -> None:
        line = lines[index]
        ends = [*(label.start for label in labels[1:]), len(line.text)]
        if any(label.field for label in labels) or len(line.text) < _LONGEST_LABELLED_LINE:
            labelled.line_numbers.add(line.number)
        for label, end in zip(labels, ends, strict=True):
            value = line.text[label.end : end].strip(" |｜[]【】")
            if label.field is not None and value not in _NO_VALUE:
                labelled.values.setdefault(label.field, LabelledValue(value, line.number, label.word))
            elif value == "" and label is labels[-1]:
                self._read_pair(lines, index, labelled, pairs)

    def _read_pair(
        self,
        lines: Sequence[Line],
        index: int,
        labelled: LabelledValues,
        pairs: Mapping[int, tuple[int, ...]] | None,
    ) -> None:
        """Read a label whose value is the cell or line beside it."""
        line = lines[index]
        label = self._last_label(line)
        if label is None:
            return
        if pairs is None:
            self._read_next_line(lines, index, label, labelled)
            return
        name = self._field_beside(label)
        numbers = set(pairs.get(line.number, ()))
        value_lines = [other for other in lines[index + 1 :] if other.number in numbers]
        if any(self._colon.match(x.text) or self._bare.fullmatch(x.text) for x in value_lines[:1]):
            return
        labelled.line_numbers.add(line.number)
        if sum(len(x.text) for x in value_lines) > _LONGEST_VALUE:
            return
        labelled.line_numbers |= {x.number for x in value_lines}
        text = " ".join(x.text for x in value_lines)
        if name is not None and text not in _NO_VALUE:
            labelled.values.setdefault(name, LabelledValue(text, value_lines[0].number, label))

    def _last_label(self, line: Line) -> str | None:
        bare = self._bare.fullmatch(line.text)
        if bare is not None:
            return bare["label"]
        if self._is_short_label(line.text):
            return line.text.rstrip(":： ")
        labels = self._colon_labels(line)
        return labels[-1].word if labels else None

    def _read_next_line(
        self, lines: Sequence[Line], index: int, label: str, labelled: LabelledValues
    ) -> None:
        next_line = lines[index + 1] if index + 1 < len(lines) else None
        name = self.field_of(label)
        if next_line is None or name is None or len(next_line.text) > _LONGEST_VALUE:
            return
        if self._colon.match(next_line.text) or self._bare.fullmatch(next_line.text):
            return
        labelled.line_numbers.add(lines[index].number)
        if name != "title" and "关于" in next_line.text:
            return  # the last label has no value; the next line is the title
        if not _FITS.get(name, _ANY).search(next_line.text):
            return
        labelled.line_numbers.add(next_line.number)
        labelled.values.setdefault(name, LabelledValue(next_line.text, next_line.number, label))
