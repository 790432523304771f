"""Problems (RFC 9457): the table of all errors of the API, their body and their exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from openapi.operation import ProblemKind

MEDIA_TYPE = "application/problem+json"

KINDS: tuple[ProblemKind, ...] = (
    ProblemKind(
        "bad-request",
        400,
        "请求无法理解",
        "The request cannot be understood",
        "请按接口文档检查请求。",
        "Check the request against the API document.",
    ),
    ProblemKind(
        "cross-site",
        403,
        "不接受其他网站页面提交的表单",
        "A form that a page of another site sent",
        "请在本站的页面上提交。",
        "Send it from the page of this site.",
    ),
    ProblemKind(
        "no-such-route",
        404,
        "没有这个地址",
        "No such address",
        "接口的全部地址见 /openapi.json。",
        "All addresses of the API are in /openapi.json.",
    ),
    ProblemKind(
        "no-such-dataset",
        404,
        "没有这个数据集",
        "No such dataset",
        "数据集的名称见 /v1/datasets。",
        "The names of the datasets are in /v1/datasets.",
    ),
    ProblemKind(
        "no-such-release",
        404,
        "没有这次发布",
        "No such release",
        "发布的编号见数据集的 releases。",
        "The numbers are in the releases of the dataset.",
    ),
    ProblemKind(
        "no-such-record",
        404,
        "没有这条记录",
        "No such record",
        "标识可能有误，或该日尚无此记录；可查 history。",
        "The id may be wrong, or there was no such record at the requested time; see its history.",
    ),
    ProblemKind(
        "no-such-revision",
        404,
        "没有这个修订版",
        "No such revision",
        "校验值见记录的 revision 和 history。",
        "The hashes are in revision of the record and in its history.",
    ),
    ProblemKind(
        "no-such-finding",
        404,
        "没有这个待核问题",
        "No such finding",
        "标识见 /v1/findings；该日可能尚无这个问题。",
        "The ids are in /v1/findings; perhaps there was none on the requested day.",
    ),
    ProblemKind(
        "no-such-commitment",
        404,
        "没有这个工作任务",
        "No such commitment",
        "标识见 /v1/commitments；该日可能尚无这个任务。",
        "The ids are in /v1/commitments; perhaps there was none on the requested day.",
    ),
    ProblemKind(
        "no-such-work",
        404,
        "没有这份文件的记载",
        "No such work",
        "本站没有记录引用它；已引用的见 /v1/works。",
        "No record of this site names it; those that are named are in /v1/works.",
    ),
    ProblemKind(
        "no-such-correction",
        404,
        "没有这件纠错",
        "No such correction",
        "请核对回执的地址；未采纳的纠错，一年后删除。",
        "Check the address of the receipt; a rejected correction is deleted after a year.",
    ),
    ProblemKind(
        "no-such-schema",
        404,
        "没有这种清单类型",
        "No such kind of list",
        "清单类型的名称见 /v1/schemas。",
        "The names of the kinds are in /v1/schemas.",
    ),
    ProblemKind(
        "no-such-entry",
        404,
        "日志中没有这一项",
        "No such entry",
        "条目数见 /log/checkpoint；地址的写法见 docs/proof.md。",
        "/log/checkpoint contains the number of entries; docs/proof.md describes the addresses.",
    ),
    ProblemKind(
        "document-destroyed",
        410,
        "文件已依法删除",
        "The document was destroyed",
        "日志保留其校验值；内容已依法删除，不能恢复。",
        "The log keeps its digest; the content was destroyed by law and cannot be restored.",
    ),
    ProblemKind(
        "no-such-file",
        404,
        "没有这种文件",
        "No such kind of file",
        "格式见发布的 files。",
        "The kinds are in the files of a release.",
    ),
    ProblemKind(
        "method-not-allowed",
        405,
        "不支持这种方法",
        "Method not allowed",
        "接口只读：请用 GET 或 HEAD。",
        "The API is read-only: use GET or HEAD.",
    ),
    ProblemKind(
        "not-acceptable",
        406,
        "不提供所请求的格式",
        "Not available in the requested media type",
        "请更改 Accept 请求头；错误信息列出可用的格式。",
        "Change the Accept header; the detail names what is available.",
    ),
    ProblemKind(
        "withdrawn",
        410,
        "记录已撤回公布",
        "The record was withdrawn",
        "tombstone 说明撤回的时间和理由；撤回前的内容见 history。",
        "The tombstone states when and why; its former content is in its history.",
    ),
    ProblemKind(
        "erased",
        410,
        "记录已依法删除",
        "The record was erased",
        "内容已依法删除，不能恢复；tombstone 说明依据。",
        "Its content was destroyed and cannot be restored; the tombstone states the legal ground.",
    ),
    ProblemKind(
        "request-timeout",
        408,
        "请求未按时发完",
        "The request took too long to arrive",
        "请求头须在15秒内发完，表单亦同。",
        "The headers must arrive within 15 seconds, and so must a form.",
    ),
    ProblemKind(
        "form-too-large",
        413,
        "表单过大",
        "The form is too large",
        "表单最大64 KiB。",
        "A form has at most 64 KiB.",
    ),
    ProblemKind(
        "query-too-long",
        414,
        "查询过长",
        "The query is too long",
        "查询串最长8192字节。",
        "A query string has at most 8192 bytes.",
    ),
    ProblemKind(
        "not-a-form",
        415,
        "不是表单",
        "Not a form",
        "这里只接受 application/x-www-form-urlencoded。",
        "Only application/x-www-form-urlencoded is accepted here.",
    ),
    ProblemKind(
        "too-many-corrections",
        429,
        "今天提交的表单过多",
        "Too many forms today",
        "同一来源每天最多10件，请明天再提交，或按页脚的联系方式告知。",
        "An address can send 10 a day; send it tomorrow, or use the contact at the foot of the page.",
    ),
    ProblemKind(
        "too-many-requests",
        429,
        "请求过多",
        "Too many requests",
        "同一来源的费时请求（文件、比较、查询）合计过多；请在 Retry-After 秒后重试，并逐个请求。",
        "This client's heavy requests (files, comparisons, lists) take too much; try again after Retry-After "
        "seconds, one request after the other.",
    ),
    ProblemKind(
        "headers-too-large",
        431,
        "请求头过大",
        "The headers are too large",
        "请求头最多100行、合计65536字节。",
        "A request has at most 100 header lines and 65536 bytes of them.",
    ),
    ProblemKind(
        "invalid-parameters",
        422,
        "参数有误",
        "Invalid parameters",
        "errors 逐项说明哪个参数、错在何处。",
        "Each of errors names a parameter and what is wrong with it.",
    ),
    ProblemKind(
        "form-refused",
        422,
        "表单填写有误",
        "The form is not filled in correctly",
        "errors 逐项说明。",
        "Each of errors names a field and what is wrong with it.",
    ),
    ProblemKind(
        "invalid-cursor",
        422,
        "游标无效",
        "Invalid cursor",
        "游标只能用于生成它的查询；请从第一页重新开始。",
        "A cursor is valid only for the query that issued it; start again from the first page.",
    ),
    ProblemKind(
        "internal-error",
        500,
        "服务器内部错误",
        "Internal error",
        "请稍后重试；如仍出现，请告知网站联系人。",
        "Try again later; if it occurs again, notify the contact of the site.",
    ),
    ProblemKind(
        "search-unavailable",
        503,
        "搜索暂不可用",
        "Search is temporarily unavailable",
        "其他接口不受影响；请在 Retry-After 秒后重试。",
        "Other routes are not affected; try again after Retry-After seconds.",
    ),
    ProblemKind(
        "store-unavailable",
        503,
        "数据库暂不可用",
        "The database is temporarily unavailable",
        "请在 Retry-After 秒后重试。",
        "Try again after Retry-After seconds.",
    ),
    ProblemKind(
        "file-being-made",
        503,
        "文件正在生成",
        "A file is being generated",
        "文件还没有生成完毕；请在 Retry-After 秒后重试。",
        "The file is not complete yet; try again after Retry-After seconds.",
    ),
    ProblemKind(
        "too-busy",
        503,
        "服务繁忙",
        "The service is busy",
        "等候处理的请求已满；请在 Retry-After 秒后重试。",
        "The queue of waiting requests is full; try again after Retry-After seconds.",
    ),
    ProblemKind(
        "corrections-full",
        503,
        "暂时不能提交纠错",
        "Corrections cannot be sent now",
        "等待处理的纠错已满，请几天后再提交，或按页脚的联系方式告知。",
        "The queue of corrections is full; try again in some days, or use the contact at the foot.",
    ),
    ProblemKind(
        "not-ready",
        503,
        "服务尚未就绪",
        "The service is not ready",
        "请在 Retry-After 秒后重试。",
        "Try again after Retry-After seconds.",
    ),
)

BY_CODE: Mapping[str, ProblemKind] = {kind.code: kind for kind in KINDS}


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """一个参数的错误。/ What is wrong with one parameter."""

    parameter: Annotated[str, Meta(description="参数名 / Name of the parameter")]
    code: Annotated[
        str,
        Meta(description="`unknown`、`repeated`、`bad-value`、`conflict`、`missing`、`lost` / One of these"),
    ]
    detail: Annotated[str, Meta(description="中文说明 / What is wrong, in Chinese")]
    detail_en: Annotated[str, Meta(description="What is wrong, in English")]
    nearest: Annotated[str | None, Meta(description="最接近的已知参数或取值 / The nearest that is known")] = (
        None
    )


class Tombstone(msgspec.Struct, frozen=True, kw_only=True):
    """撤回（删除）说明。/ What remains of a withdrawn or erased record."""

    dataset: str
    id: str
    title: Annotated[str, Meta(description="名称；已删除的为空 / Empty where erased")]
    release: Annotated[int, Meta(description="由哪次发布撤回或删除 / Number of the release that did it")]
    since: Annotated[date, Meta(description="自何日起 / From which day")]
    known_from: Annotated[datetime, Meta(tz=True, description="何时发布 / When it was published")]
    reason: Annotated[str, Meta(description="理由或依据 / The reason or ground")]
    history: Annotated[str, Meta(description="历次变化的地址 / Address of its history")]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """错误的统一格式（RFC 9457）。/ The one shape of every error (RFC 9457)."""

    type: Annotated[str, Meta(description="错误类型的稳定地址 / Stable URI of the kind of problem")]
    title: Annotated[str, Meta(description="错误类型，中文 / The kind, in Chinese")]
    status: Annotated[int, Meta(description="HTTP 状态码 / HTTP status")]
    detail: Annotated[str, Meta(description="本次错误的说明，中文 / This occurrence, in Chinese")]
    detail_en: Annotated[str, Meta(description="This occurrence, in English")]
    instance: Annotated[str, Meta(description="所请求的路径 / Requested path")]
    errors: Annotated[tuple[Fault, ...], Meta(description="逐个参数的错误 / The parameters in error")] = ()
    tombstone: Tombstone | None = None


class ProblemError(Exception):
    """Error of a request; the edge converts it to a response."""

    def __init__(
        self,
        code: str,
        zh: str = "",
        en: str = "",
        *,
        errors: Sequence[Fault] = (),
        tombstone: Tombstone | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = BY_CODE[code]
        super().__init__(en or self.kind.title_en)
        self.zh, self.en = zh or self.kind.advice, en or self.kind.advice_en
        self.errors, self.tombstone = tuple(errors), tombstone
        self.headers = dict(headers or {})

    def __reduce__(self) -> tuple[Any, ...]:
        details: dict[str, Any] = {
            "errors": self.errors,
            "tombstone": self.tombstone,
            "headers": self.headers,
        }
        return partial(ProblemError, self.kind.code, self.zh, self.en, **details), ()


def body(error: ProblemError, *, base: str, path: str) -> Problem:
    """Build the body of the response. ``base`` is the site's own address, never that of the request."""
    return Problem(
        type=f"{base}/problems/{error.kind.code}",
        title=error.kind.title,
        status=error.kind.status,
        detail=error.zh,
        detail_en=error.en,
        instance=path,
        errors=error.errors,
        tombstone=error.tombstone,
    )
