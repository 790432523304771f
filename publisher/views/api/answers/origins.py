"""Structs of the origin of a revision."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from publisher.views.api.answers import common, proofs
from publisher.views.api.answers.common import Answer, Content, Json


class OriginRow(Answer, frozen=True, kw_only=True):
    """来源文件中已公布的一行，按录入时的文字。/ A published row of the source file, as its cells read."""

    record: str
    own: Annotated[bool, Meta(description="所查记录自己的行 / The row of the revision itself")]
    rows: Annotated[tuple[int, ...], Meta(description="行号，从1起 / Numbers of its rows, from 1")]
    cells: Annotated[dict[str, str], Meta(description="字段 → 单元格 / Field → cell, such as `C5`")]
    texts: Annotated[
        dict[str, str], Meta(description="字段 → 单元格的原文，至多200字 / Field → text of its cell")
    ]


class Rule(Answer, frozen=True, kw_only=True):
    code: str
    title: str
    title_en: str


class FieldReading(Answer, frozen=True, kw_only=True):
    """与原文写法不同的一个字段。/ A field whose value differs from the text of its cell."""

    field: str
    title: str
    original: str
    value: Json
    rules: tuple[Rule, ...]


class OriginLinks(Answer, frozen=True, kw_only=True):
    self: str
    record: Annotated[str, Meta(description="该次发布时的记录 / The record as that release published it")]
    release: str
    document: str
    manifest: str
    dataset: str


class RecordOrigin(Answer, frozen=True, kw_only=True):
    """记录一个修订版的来历与存证。/ Where a revision of a record was read, and its proof."""

    dataset: str
    id: str
    title: str
    content: Content
    revision: common.Revision
    typed: Annotated[bool, Meta(description="由更正录入，不是识读的 / Typed by an amendment, not read")]
    source: Annotated[common.Source | None, Meta(description="直接录入的为空 / null if it was typed")]
    source_text: Annotated[str, Meta(description="各单元格原文的 SHA-256 / SHA-256 of its cells' texts")]
    locator: dict[str, Json]
    originals: dict[str, str]
    neighbourhood: Annotated[
        tuple[OriginRow, ...],
        Meta(description="同一文件中前后各两行内已公布的行 / Published rows of the file, two up and down"),
    ]
    readings: tuple[FieldReading, ...]
    parser_version: str
    software_version: str
    release: Annotated[int, Meta(description="带来此修订版的发布 / Release that brought it")]
    sequence: Annotated[int, Meta(description="变化的顺序号 / Sequence of the change that brought it")]
    manifest_line: Annotated[
        str, Meta(description="该变化在变化清单中的一行，含换行 / Its line of the manifest, with line feed")
    ]
    commitment: Annotated[
        str | None, Meta(description="对来源的承诺值，在该行中 / Commitment to its origin, in that line")
    ]
    entry: Annotated[
        proofs.LogEntry, Meta(description="该次发布的日志条目与证明 / Entry of the release, with its proof")
    ]
    links: OriginLinks
