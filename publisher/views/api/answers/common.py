"""Common structs of API responses. Every key is always present; a missing value is null."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

type Json = Any
"""Any JSON value. The dataset's schema defines the type of each field."""

type Instant = Annotated[datetime, Meta(tz=True)]
type Content = Annotated[
    dict[str, Json],
    Meta(description="字段名 → 值；没有值的字段不出现 / Field → value; a field without a value is absent"),
]
type Status = Literal["current", "future", "removed", "withdrawn", "erased"]
type Kind = Literal["added", "changed", "removed", "renamed", "corrected", "withdrawn"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers."""


def fill[T: Answer](answer: type[T], value: object, **own: Any) -> T:
    """Build an answer from ``own`` and, for all other fields, from the attributes of a value of the log.

    It takes 1.5 times as long as naming each field, so it is not used for records and changes, of which one
    response contains thousands.
    """
    others = {name: getattr(value, name) for name in answer.__struct_fields__ if name not in own}
    return answer(**others, **own)


class Source(Answer, frozen=True, kw_only=True):
    """一次发布所依据的原始文件；只给出名称与校验值，不提供原件。/ Evidence: named, never served."""

    digest: Annotated[str, Meta(description="原件的 SHA-256，十六进制 / SHA-256 of the bytes")]
    name: str
    media_type: str
    size: Annotated[int, Meta(description="字节数 / Bytes")]
    obtained_at: Instant
    url: str | None
    detected_by: Annotated[str, Meta(description="发现变化的方式 / How a change was noticed")]
    partial: Annotated[bool, Meta(description="是否只是一部分 / Whether it is only a part")]
    parser_version: Annotated[str, Meta(description="识读程序的版本 / Version of the parser")]
    salt: Annotated[
        str | None, Meta(description="名称与地址的盐，十六进制 / Salt of the commitment to name and address")
    ]


class Part(Answer, frozen=True, kw_only=True):
    """报送部门：报送数据集一部分的部门。/ A department that submits a share of a dataset."""

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
    basis: Annotated[str, Meta(description="依据的文号 / Document number of its basis")]
    records: Annotated[int | None, Meta(description="生效日有效的记录数 / In force on `effective_on`")]
    link: str


class DatasetLinks(Answer, frozen=True, kw_only=True):
    """数据集的各个地址。/ Addresses of the dataset."""

    self: str
    schema: str
    releases: str
    records: str
    changes: str
    atom: str
    rss: str


class Dataset(Answer, frozen=True, kw_only=True):
    """一个公布机关在一个地区的一份清单。/ One list of one body for one area."""

    name: str
    catalogue: Annotated[str, Meta(description="清单类型 / The kind of list")]
    title: str
    title_en: str
    body: Annotated[str, Meta(description="公布机关 / The publishing body")]
    division: Annotated[str | None, Meta(description="行政区划代码 GB/T 2260")]
    licence: str
    contact: str
    description: str
    notice: Annotated[str, Meta(description="读者须知 / What readers must know first")]
    labels: Annotated[
        tuple[str, ...],
        Meta(description="`demo` 演示数据、`partial` 不完整等 / What `notice` says, as codes"),
    ]
    source_note: Annotated[str, Meta(description="数据来源 / Where the data are from")]
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
    vocabulary: Annotated[tuple[str, ...], Meta(description="取值范围；空为不限 / Empty: any value")]
    open_vocabulary: Annotated[bool, Meta(description="也可有范围外的值 / Others may occur")]
    operators: Annotated[
        tuple[str, ...],
        Meta(description="可用的筛选：`eq`、`gte` 等；空为不可筛选 / How it may be filtered"),
    ]
    sortable: bool
    facet: Annotated[bool, Meta(description="可用于 facets / May be named in facets")]
    searched: Annotated[bool, Meta(description="可搜索 / Its text is searched")]


class DatasetSchema(Answer, frozen=True, kw_only=True):
    """清单类型定义；每次发布固定用当时的定义。/ The definition; a release pins the one that it used."""

    dataset: str
    catalogue: str
    release: Annotated[
        int | None, Meta(description="这是哪次发布所用的定义 / Release that used this definition")
    ]
    title: str
    title_en: str
    description: str
    digest: Annotated[str, Meta(description="定义文件的 SHA-256 / SHA-256 of the definition's file")]
    identity: Annotated[
        tuple[tuple[str, ...], ...],
        Meta(description="识别一条记录的字段，依次取第一组有值的 / What identifies a record"),
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


class ReleasePerson(Answer, frozen=True, kw_only=True):
    role: Annotated[str, Meta(description="填报、审核、发布或保密审查 / Role")]
    commitment: Annotated[str, Meta(description="加盐的承诺值，不公布姓名 / Salted commitment to the name")]


class ReleaseApproval(Answer, frozen=True, kw_only=True):
    """发布前的审核，或紧急发布的理由。/ The approval before a release, or the reason of an emergency."""

    digest: Annotated[str, Meta(description="所审核内容的 SHA-256；紧急时为空 / Of what was approved")]
    emergency: Annotated[
        str | None, Meta(description="未经审核即发布的理由 / Why it was published without an approval")
    ]
    secrecy_reviewed_on: Annotated[date | None, Meta(description="保密审查日期 / Day of the secrecy review")]
    people: tuple[ReleasePerson, ...]


class Release(Answer, frozen=True, kw_only=True):
    """一次发布：全部生效或全部不生效，发布后不再更改。/ One atomic release; never edited."""

    sequence: Annotated[int, Meta(description="全站的顺序号 / Site-wide sequence")]
    number: Annotated[int, Meta(description="本数据集内的编号 / Number in its dataset")]
    published_at: Instant
    effective_on: date
    basis: str
    note: str
    actor: str
    counts: Annotated[
        dict[str, int],
        Meta(description="`added`、`changed`、`removed` …，`records` 为生效日有效的记录数"),
    ]
    sources: tuple[Source, ...]
    left_out: Annotated[
        tuple[dict[str, Json], ...],
        Meta(description="有误而未发布的行 / Rows in error that were left out"),
    ]
    erased: Annotated[bool, Meta(description="部分内容后经依法删除 / Part of it was erased later")]
    cancels: Annotated[
        int | None,
        Meta(description="所取消的发布，当时尚未生效 / Release that it cancels, not yet in effect"),
    ]
    catalogue_digest: str
    parser_version: str
    software_version: str
    manifest_hash: str
    previous_hash: Annotated[str, Meta(description="上一次发布的哈希值 / Hash of the release before")]
    hash: str
    document: Annotated[
        str, Meta(description="存证文件的 SHA-256，即日志条目所记 / SHA-256 of its document, as in its entry")
    ]
    approval: Annotated[
        ReleaseApproval | None,
        Meta(
            description="两人发布规则下的审核；null：不适用此规则 / Its approval under the two-person rule; "
            "null: not under the rule"
        ),
    ]
    salts: Annotated[
        dict[str, str],
        Meta(
            description="`actor`、`basis`、`note`、`left_out` → 盐，十六进制；已删除或不公开的不出现 / "
            "Property → salt of its commitment in the document; absent if erased or not public"
        ),
    ]
    checkpoint: Annotated[
        str | None,
        Meta(
            description="首个含有本次发布的存证点；尚未签名则空 / First signed checkpoint over it; null: "
            "not yet signed"
        ),
    ]
    links: ReleaseLinks


class ReleaseLinks(Answer, frozen=True, kw_only=True):
    self: str
    dataset: str
    schema: str
    records: str
    changes: str
    document: str
    manifest: str
    entry: Annotated[str, Meta(description="日志条目与存证证明 / Its entry in the log, with its proof")]


class PageLinks(Answer, frozen=True, kw_only=True):
    self: str
    next: Annotated[str | None, Meta(description="下一页；末页为空 / null at the end")]
    dataset: str


class Releases(Answer, frozen=True, kw_only=True):
    """数据集的发布，新的在前。/ The releases of a dataset, newest first."""

    dataset: str
    total: int
    releases: tuple[Release, ...]
    links: PageLinks


class RecordLinks(Answer, frozen=True, kw_only=True):
    self: str
    history: str
    dataset: str
    release: Annotated[str, Meta(description="此内容所属的发布 / The release that brought this state")]
    schema: str


class Revision(Answer, frozen=True, kw_only=True):
    """内容的哈希校验：SHA-256（salt ‖ 规范 JSON，RFC 8785）。/ Commits to the content; anyone can check."""

    hash: str
    salt: Annotated[str | None, Meta(description="十六进制 / Hexadecimal")]


class RecordItem(Answer, frozen=True, kw_only=True):
    """一页中的一条记录。/ A record in a list."""

    dataset: str
    id: Annotated[str, Meta(description="记录标识，长期不变，请勿解析 / Permanent; do not parse it")]
    status: Status
    title: str
    part: Annotated[str | None, Meta(description="报送部门 / The department that submits it")]
    content: Content
    release: Annotated[int, Meta(description="此内容所属的发布 / The release that brought this state")]
    effective_from: Annotated[date, Meta(description="此内容自何日起有效 / In effect from this day")]
    effective_to: Annotated[date | None, Meta(description="至何日止（不含） / Until this day, exclusive")]
    known_from: Annotated[datetime, Meta(tz=True, description="发布时间 / When it was published")]
    known_to: Annotated[datetime | None, Meta(description="被更正的时间（UTC） / When it was corrected")]
    withdrawn_at: Annotated[
        datetime | None,
        Meta(
            description="现已撤回公布的，撤回时间（UTC）；查询历史日期时也标明 / Withdrawn since, if it was"
        ),
    ]
    reason: Annotated[str, Meta(description="更正、撤回等的理由 / Why it was corrected, withdrawn …")]
    revision: Revision | None
    links: RecordLinks


class Amendment(Answer, frozen=True, kw_only=True):
    """其后发布对此内容的更正、撤回或取消。/ What a later release said about this state."""

    kind: Annotated[
        Literal["corrected", "withdrawn", "cancelled"],
        Meta(description="`cancelled`：带来此内容的发布在生效前取消 / Its release was cancelled"),
    ]
    release: int
    published_at: Instant
    reason: str
    fields: Annotated[tuple[FieldChange, ...], Meta(description="更正前后 / What the correction changed")]
    link: Annotated[str, Meta(description="该次发布 / That release")]


class FullRecord(RecordItem, frozen=True, kw_only=True):
    """一条记录及其出处位置。/ One record and its place in the source."""

    amendments: Annotated[
        tuple[Amendment, ...],
        Meta(
            description="所查时刻之后发布的对此内容的更正、撤回或取消，旧的在前；"
            "没有 known_at 或 release 时为空 / "
            "Amendments published after the instant of the view, oldest first; "
            "empty without known_at or release"
        ),
    ]

    originals: Annotated[
        dict[str, str],
        Meta(description="与原文写法不同的字段 → 原单元格文字 / Field → cell text, where it differs"),
    ]
    locator: Annotated[
        dict[str, Json],
        Meta(
            description="在原件中的位置：工作表、行、单元格；mended 为报送时更改的单元格及前后文字 / "
            "Where it stood; `mended`: cells that were changed when it was handed in, with both texts"
        ),
    ]
    excerpts: Annotated[
        dict[str, str],
        Meta(
            description="字段 → 在 locator.cells 所指之处原文，至多200字 / "
            "Field → what stood at its place in locator.cells, 200 characters at most"
        ),
    ]
    sources: tuple[Source, ...]


class FacetValue(Answer, frozen=True, kw_only=True):
    value: str
    title: Annotated[str, Meta(description="便于阅读的名称 / The value for people")]
    count: int


class Facet(Answer, frozen=True, kw_only=True):
    field: str
    title: str
    values: tuple[FacetValue, ...]


class Records(Answer, frozen=True, kw_only=True):
    """一页记录。各页同属一个版本，其间的发布不影响翻页。/ One page; all pages are of one state."""

    dataset: str
    total: Annotated[int, Meta(description="符合条件的总数，精确 / Exact")]
    withdrawn_since: Annotated[
        int,
        Meta(
            description="查询历史日期时：该日列有、后来撤回公布的记录数，不受筛选影响；其余为0 / "
            "For a past day as known now: records that the dataset listed then and withdrew later, whatever "
            "the filters; else 0"
        ),
    ]
    records: tuple[RecordItem, ...]
    facets: tuple[Facet, ...]
    links: PageLinks


class FieldChange(Answer, frozen=True, kw_only=True):
    field: str
    title: str
    before: Json
    after: Json
