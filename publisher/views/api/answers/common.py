"""The structs that the API answers with. Every key is always there; what has no value is null."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

type Json = Any
"""Any JSON value; which one a field holds is told by the dataset's schema."""

type Instant = Annotated[datetime, Meta(tz=True)]
type Content = Annotated[
    dict[str, Json],
    Meta(description="字段名 → 值; 没有值的字段不出现 / Field → value; a field without a value is absent"),
]
type Status = Literal["current", "future", "removed", "withdrawn", "erased"]
type Kind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers."""


def fill[T: Answer](answer: type[T], value: object, **own: Any) -> T:
    """An answer of ``own`` and, for each field beside, the attribute of that name of a value of the log.

    Half as slow again as naming each, so not for records and changes, of which one answer holds thousands.
    """
    others = {name: getattr(value, name) for name in answer.__struct_fields__ if name not in own}
    return answer(**others, **own)


class Source(Answer, frozen=True, kw_only=True):
    """一次发布所依据的原始文件; 只给出名称与摘要, 不提供原件。/ Evidence: named, never served."""

    digest: Annotated[str, Meta(description="原件的 SHA-256, 十六进制 / SHA-256 of the bytes")]
    name: str
    media_type: str
    size: Annotated[int, Meta(description="字节数 / Bytes")]
    obtained_at: Instant
    url: str | None
    detected_by: Annotated[str, Meta(description="如何得知有变 / How a change was noticed")]
    partial: Annotated[bool, Meta(description="是否只是一部分 / Whether it holds only a part")]
    parser_version: Annotated[
        str, Meta(description="读它的解读程序的版本 / Version of the parser that read it")
    ]


class Part(Answer, frozen=True, kw_only=True):
    """数据集中由一个部门报送的部分。/ The share of a dataset that one body hands in."""

    name: str
    aliases: tuple[str, ...]
    code: str | None
    valid_from: date | None
    valid_to: date | None


class ReleaseReference(Answer, frozen=True, kw_only=True):
    """最近一次发布。/ The latest release, in short."""

    number: int
    published_at: Instant
    effective_on: date
    basis: Annotated[str, Meta(description="依据的文号 / The document it rests on")]
    records: Annotated[int | None, Meta(description="此后有效的记录数 / Records in force after it")]
    link: str


class DatasetLinks(Answer, frozen=True, kw_only=True):
    """数据集各处的地址。/ Where everything of the dataset is."""

    self: str
    schema: str
    releases: str
    records: str
    changes: str
    atom: str
    rss: str


class Dataset(Answer, frozen=True, kw_only=True):
    """一个机构在一个地区保有的一份清单。/ A catalogue kept by one body for one area."""

    name: str
    catalogue: Annotated[str, Meta(description="所用的清单种类 / The kind of catalogue")]
    title: str
    title_en: str
    body: Annotated[str, Meta(description="发布机构 / The publishing body")]
    division: Annotated[str | None, Meta(description="行政区划代码 GB/T 2260")]
    licence: str
    contact: str
    description: str
    notice: Annotated[str, Meta(description="读者须先知道的事 / What a reader must know first")]
    labels: Annotated[
        tuple[str, ...],
        Meta(description="`demo` 演示数据, `partial` 不完整 / Machine-readable twins of notice"),
    ]
    source_note: Annotated[str, Meta(description="数据来自何处 / Where the data are from")]
    parts: tuple[Part, ...]
    created_at: Instant | None
    latest_release: ReleaseReference | None
    links: DatasetLinks


class Datasets(Answer, frozen=True, kw_only=True):
    """全部数据集。/ Every dataset of the site."""

    datasets: tuple[Dataset, ...]


class SchemaField(Answer, frozen=True, kw_only=True):
    """清单的一个字段。/ One field of a catalogue."""

    name: str
    title: str
    title_en: str
    type: str
    format: str
    description: str
    required: bool
    unit: str
    vocabulary: Annotated[tuple[str, ...], Meta(description="取值范围; 空为不限 / Empty: any value")]
    open_vocabulary: Annotated[bool, Meta(description="范围外的值也可 / Others may occur")]
    operators: Annotated[
        tuple[str, ...],
        Meta(description="可用的筛选: `eq`、`gte` 等; 空为不可筛选 / How it may be filtered"),
    ]
    sortable: bool
    facet: Annotated[bool, Meta(description="可用于 facets / May be named in facets")]
    searched: Annotated[bool, Meta(description="可被检索 / Its text is searched")]


class Schema(Answer, frozen=True, kw_only=True):
    """数据集的结构; 每次发布固定用当时的结构。/ The schema; a release pins the one it was made with."""

    dataset: str
    catalogue: str
    release: Annotated[int | None, Meta(description="这是哪次发布的结构 / Whose schema this is")]
    title: str
    title_en: str
    description: str
    digest: Annotated[str, Meta(description="结构文件的 SHA-256 / SHA-256 of the schema's file")]
    identity: Annotated[
        tuple[tuple[str, ...], ...],
        Meta(description="识别一条记录的字段, 依次取第一组有值的 / What identifies a record"),
    ]
    title_field: str
    running: Annotated[bool, Meta(description="只增不减的清单 / A list that only grows")]
    fields: tuple[SchemaField, ...]
    table_schema: Annotated[dict[str, Json], Meta(description="Frictionless Table Schema")]
    json_schema: Annotated[
        dict[str, Json], Meta(description="记录内容的 JSON Schema (2020-12) / Of a record's content")
    ]
    links: SchemaLinks


class SchemaLinks(Answer, frozen=True, kw_only=True):
    self: str
    dataset: str


class Release(Answer, frozen=True, kw_only=True):
    """一次发布: 要么全部生效, 要么全无; 永不修改。/ One atomic release; never edited."""

    sequence: Annotated[int, Meta(description="全站的顺序号 / Site-wide sequence")]
    number: Annotated[int, Meta(description="本数据集内的编号 / Number in its dataset")]
    published_at: Instant
    effective_on: date
    basis: str
    note: str
    actor: str
    counts: Annotated[
        dict[str, int],
        Meta(description="`added`、`changed`、`removed` …, `records` 为此后有效的记录数"),
    ]
    sources: tuple[Source, ...]
    left_out: Annotated[
        tuple[dict[str, Json], ...],
        Meta(description="有错而未发布的行 / Rows in error that were left out"),
    ]
    erased: Annotated[bool, Meta(description="其中有内容后来依法删除 / Something of it was erased since")]
    catalogue_digest: str
    parser_version: str
    software_version: str
    manifest_hash: str
    previous_hash: Annotated[str, Meta(description="前一次发布的散列 / Hash of the release before")]
    hash: str
    links: ReleaseLinks


class ReleaseLinks(Answer, frozen=True, kw_only=True):
    self: str
    dataset: str
    schema: str
    records: str
    changes: str


class PageLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页; 末页为空 / null at the end")]
    dataset: str


class Releases(Answer, frozen=True, kw_only=True):
    """数据集的发布, 新的在前。/ The releases of a dataset, newest first."""

    dataset: str
    total: int
    releases: tuple[Release, ...]
    links: PageLinks


class RecordLinks(Answer, frozen=True, kw_only=True):
    self: str
    history: str
    dataset: str
    release: Annotated[str, Meta(description="带来此状态的发布 / The release that brought this state")]
    schema: str


class Revision(Answer, frozen=True, kw_only=True):
    """内容的凭证: SHA-256(salt ‖ 规范 JSON, RFC 8785)。/ Commits to the content; anyone can check."""

    hash: str
    salt: Annotated[str | None, Meta(description="十六进制 / Hexadecimal")]


class RecordItem(Answer, frozen=True, kw_only=True):
    """列表中的一条记录。/ A record in a list."""

    dataset: str
    id: Annotated[str, Meta(description="不透明、永久的编号 / Opaque, permanent")]
    status: Status
    title: str
    part: Annotated[str | None, Meta(description="由哪个部门报送 / Who hands it in")]
    content: Content
    release: Annotated[int, Meta(description="带来此状态的发布 / The release that brought this state")]
    effective_from: Annotated[date, Meta(description="此状态自何日起 / In effect from this day")]
    effective_to: Annotated[date | None, Meta(description="至何日止(不含) / Until this day, exclusive")]
    known_from: Annotated[datetime, Meta(tz=True, description="何时发布 / When it was published")]
    known_to: Annotated[datetime | None, Meta(description="何时被更正(UTC) / When it was corrected")]
    withdrawn_at: Annotated[
        datetime | None,
        Meta(description="现已撤回的, 何时撤回(UTC); 在往日的视图里也标明 / Withdrawn since, if it was"),
    ]
    reason: Annotated[str, Meta(description="更正、撤回等的理由 / Why it was corrected, withdrawn …")]
    revision: Revision | None
    links: RecordLinks


class Record(RecordItem, frozen=True, kw_only=True):
    """一条记录, 连同出处。/ One record, with where it was found."""

    originals: Annotated[
        dict[str, str],
        Meta(description="与原文写法不同的字段 → 原单元格文字 / Field → cell text, where it differs"),
    ]
    locator: Annotated[
        dict[str, Json], Meta(description="在原件中的位置: 工作表、行、单元格 / Where it stood")
    ]
    excerpts: Annotated[
        dict[str, str],
        Meta(
            description="字段 → 在 locator.cells 所指之处原来写的文字, 至多 200 字 / "
            "Field → what stood at its place in locator.cells, 200 characters at most"
        ),
    ]
    sources: tuple[Source, ...]


class FacetValue(Answer, frozen=True, kw_only=True):
    value: str
    title: Annotated[str, Meta(description="供人阅读的名称 / The value for people")]
    count: int


class Facet(Answer, frozen=True, kw_only=True):
    field: str
    title: str
    values: tuple[FacetValue, ...]


class Records(Answer, frozen=True, kw_only=True):
    """一页记录。各页同属一个时点, 其间的发布不会打乱翻页。/ One page; all pages are of one state."""

    dataset: str
    total: Annotated[int, Meta(description="符合条件的总数, 精确 / Exact")]
    records: tuple[RecordItem, ...]
    facets: tuple[Facet, ...]
    links: PageLinks


class FieldChange(Answer, frozen=True, kw_only=True):
    field: str
    title: str
    before: Json
    after: Json


class ChangeLinks(Answer, frozen=True, kw_only=True):
    record: str
    release: str


class Change(Answer, frozen=True, kw_only=True):
    """一条记录在一次发布中的变化。/ What one release did to one record."""

    sequence: Annotated[int, Meta(description="全站递增 / Site-wide, increasing")]
    dataset: str
    record: str
    title: str
    part: str | None
    kind: Kind
    cause: Annotated[
        Literal["source", "reading"],
        Meta(description="`source` 原文变了; `reading` 只是我们读得更准 / `reading`: a better parser"),
    ]
    release: int
    effective_on: date
    effective_to: Annotated[date | None, Meta(description="至何日止(不含); 空为一直 / Acts until, exclusive")]
    published_at: Instant
    reason: str
    content: Annotated[
        Content | None,
        Meta(description="此后的内容; 移除、撤回、删除的为空 / What holds from then on, if anything"),
    ]
    revision: Revision | None
    withdrawn: Annotated[bool, Meta(description="记录现已撤回 / The record is withdrawn now")]
    erased: Annotated[bool, Meta(description="内容已依法删除 / Its contents were destroyed")]
    fields: Annotated[tuple[FieldChange, ...], Meta(description="逐字段的前后 / Field by field")]
    links: ChangeLinks


class History(Answer, frozen=True, kw_only=True):
    """一条记录的全部变化, 旧的在前。/ Everything that happened to a record, oldest first."""

    dataset: str
    id: str
    changes: tuple[Change, ...]
    links: HistoryLinks


class HistoryLinks(Answer, frozen=True, kw_only=True):
    self: str
    record: str
    dataset: str


class Changes(Answer, frozen=True, kw_only=True):
    """数据集的一页变化。/ One page of the changes of a dataset."""

    dataset: str
    changes: tuple[Change, ...]
    last: Annotated[
        int,
        Meta(description="本页最大的顺序号; 下次以 since 传来 / Pass it as since the next time"),
    ]
    erased: Annotated[
        tuple[str, ...],
        Meta(description="内容已依法删除的记录, 镜像也须删除; 只在第一页 / Destroy what you hold of these"),
    ]
    links: PageLinks
