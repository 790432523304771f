"""What a page says of its document in labelled lines: 索引号, 发文字号, 发布时间 …, also run together."""

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
"""Of a catalogue of documents, those that stand in labelled lines."""
SHORT = frozenset({"来源", "文号", "标题"})
"""Labels of two characters that are no common words of a text."""
OTHERS = frozenset(
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
"""Labels that say nothing of the document; they end the value before them."""
HEAD = 60
"""Lines among which a label without a colon, in a table's cell, is looked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value, where it stands and what it was called."""

    text: str
    line: int
    label: str


@dataclass(slots=True)
class Labelled:
    values: dict[str, Said] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    """Numbers of the lines that hold labels and their values."""


class Labels:
    """Reads the labels that a catalogue's titles and aliases name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._field_of: dict[str, str] = {}
        words = list(OTHERS)
        for name in sorted(FIELDS):
            f = catalogue.by_name.get(name)
            for word in (f.title, *f.aliases) if f else ():
                if len(word) > 2 or word in SHORT:
                    self._field_of.setdefault(heading_key(word), name)
                    words.append(word)
        spaced = (r"\s?".join(map(re.escape, word)) for word in sorted(set(words), key=len, reverse=True))
        label = f"(?P<label>{'|'.join(spaced)})"
        self._colon = re.compile(rf"[\[【·•]?\s?{label}\s?[】\]]?\s?[:：]\s?", re.IGNORECASE)
        self._bare = re.compile(rf"[\[【]?\s?{label}\s?[】\]]?", re.IGNORECASE)

    def field_of(self, label: str) -> str | None:
        return self._field_of.get(heading_key(label))

    def read(self, lines: Sequence[Line]) -> Labelled:
        found = Labelled()
        for index, line in enumerate(lines):
            if line.number in found.taken:
                continue
            matches = list(self._colon.finditer(line.text))
            if matches and matches[0].start() == 0:
                self._line(lines, index, matches, found)
        bare = [i for i, line in enumerate(lines[:HEAD]) if self._bare.fullmatch(line.text)]
        if len(bare) > 1:
            for index in bare:
                self._pair(lines, index, found)
        return found

    def _line(self, lines: Sequence[Line], index: int, matches: list[re.Match[str]], found: Labelled) -> None:
        line = lines[index]
        ends = [*(m.start() for m in matches[1:]), len(line.text)]
        names = [self.field_of(m["label"]) for m in matches]
        if any(names) or len(line.text) < 60:
            found.taken.add(line.number)
        for match, name, end in zip(matches, names, ends, strict=True):
            value = line.text[match.end() : end].strip(" |｜[]【】")
            if name is not None and value:
                found.values.setdefault(name, Said(value, line.number, match["label"]))
            elif name is not None and match is matches[-1]:
                self._pair(lines, index, found)

    def _pair(self, lines: Sequence[Line], index: int, found: Labelled) -> None:
        """A label whose value is the next cell."""
        match = self._colon.match(lines[index].text) or self._bare.match(lines[index].text)
        after = lines[index + 1] if index + 1 < len(lines) else None
        name = self.field_of(match["label"]) if match else None
        if match is None or after is None or name is None:
            return
        if self._colon.match(after.text) or self._bare.fullmatch(after.text) or len(after.text) > 120:
            return
        found.taken.add(lines[index].number)
        if name != "title" and "关于" in after.text:  # the last label is blank and the title follows
            return
        found.taken.add(after.number)
        found.values.setdefault(name, Said(after.text, after.number, match["label"]))
