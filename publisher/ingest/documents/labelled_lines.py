"""Labelled lines of a page (索引号, 发文字号, 发布时间 …); a line may contain several labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from publisher.ingest.documents.page_lines import Line
from schemas.definition.catalogue import Catalogue
from schemas.normalise import heading_key

FIELDS = frozenset(
    {"number", "title", "issuer", "date_written", "date_published", "index_number"}
    | {"topic", "source", "validity", "effective_on"}
)
"""Fields of a catalogue of documents whose values appear in labelled lines."""
SHORT_LABELS = frozenset({"来源", "文号", "标题"})
"""Labels of two characters that rarely occur in running text."""
OTHER_LABELS = frozenset(
    {
        "浏览次数",
        "点击次数",
        "点击数",
        "点击量",
        "阅读量",
        "访问量",
        "浏览量",
        "责任编辑",
        "作者",
        "编辑",
        "审核",
    }
    | {"公开方式", "公开时限", "公开范围", "公开类别", "公开形式", "关键词", "关键字", "字体", "字号"}
    | {"信息分类", "服务对象", "体裁", "内容概述"}
)
"""Labels that do not describe the document. They end the value before them."""
HEAD_LINES = 60
"""Number of first lines that are searched for labels without a colon (labels in table cells)."""


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """A value, the number of its line and its label."""

    text: str
    line: int
    label: str


@dataclass(slots=True)
class LabelledValues:
    values: dict[str, LabelledValue] = field(default_factory=dict)
    line_numbers: set[int] = field(default_factory=set)
    """Numbers of the lines that contain labels and their values."""


class LabelFinder:
    """Finds the labels that match a catalogue's titles and aliases."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._field_of: dict[str, str] = {}
        words = list(OTHER_LABELS)
        for name in sorted(FIELDS):
            f = catalogue.by_name.get(name)
            for word in (f.title, *f.aliases) if f else ():
                if len(word) > 2 or word in SHORT_LABELS:
                    self._field_of.setdefault(heading_key(word), name)
                    words.append(word)
        spaced = (r"\s?".join(map(re.escape, word)) for word in sorted(set(words), key=len, reverse=True))
        label = f"(?P<label>{'|'.join(spaced)})"
        self._colon = re.compile(rf"[\[【·•]?\s?{label}\s?[】\]]?\s?[:：]\s?", re.IGNORECASE)
        self._bare = re.compile(rf"[\[【]?\s?{label}\s?[】\]]?", re.IGNORECASE)

    def field_of(self, label: str) -> str | None:
        return self._field_of.get(heading_key(label))

    def read_lines(self, lines: Sequence[Line]) -> LabelledValues:
        labelled = LabelledValues()
        for index, line in enumerate(lines):
            if line.number in labelled.line_numbers:
                continue
            matches = list(self._colon.finditer(line.text))
            if matches and matches[0].start() == 0:
                self._read_line(lines, index, matches, labelled)
        bare = [i for i, line in enumerate(lines[:HEAD_LINES]) if self._bare.fullmatch(line.text)]
        if len(bare) > 1:
            for index in bare:
                self._read_pair(lines, index, labelled)
        return labelled

    def _read_line(
        self, lines: Sequence[Line], index: int, matches: list[re.Match[str]], labelled: LabelledValues
    ) -> None:
        line = lines[index]
        ends = [*(m.start() for m in matches[1:]), len(line.text)]
        names = [self.field_of(m["label"]) for m in matches]
        if any(names) or len(line.text) < 60:
            labelled.line_numbers.add(line.number)
        for match, name, end in zip(matches, names, ends, strict=True):
            value = line.text[match.end() : end].strip(" |｜[]【】")
            if name is not None and value:
                labelled.values.setdefault(name, LabelledValue(value, line.number, match["label"]))
            elif name is not None and match is matches[-1]:
                self._read_pair(lines, index, labelled)

    def _read_pair(self, lines: Sequence[Line], index: int, labelled: LabelledValues) -> None:
        """Read a label whose value is the next line, as in table cells."""
        match = self._colon.match(lines[index].text) or self._bare.match(lines[index].text)
        next_line = lines[index + 1] if index + 1 < len(lines) else None
        name = self.field_of(match["label"]) if match else None
        if match is None or next_line is None or name is None:
            return
        if (
            self._colon.match(next_line.text)
            or self._bare.fullmatch(next_line.text)
            or len(next_line.text) > 120
        ):
            return
        labelled.line_numbers.add(lines[index].number)
        if name != "title" and "关于" in next_line.text:  # the label has no value; this line is the title
            return
        labelled.line_numbers.add(next_line.number)
        labelled.values.setdefault(name, LabelledValue(next_line.text, next_line.number, match["label"]))
