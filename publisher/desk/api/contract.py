"""The contract of the desk's API: what Litestar's OpenAPI document says besides the types of handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import (
    Components,
    OpenAPI,
    Operation,
    Parameter,
    Schema,
    SecurityScheme,
    Server,
)
from litestar.openapi.spec.enums import OpenAPIType

from publisher.desk.accounts.roles import Action
from publisher.desk.api import bodies as b
from publisher.desk.api import collected_bodies as c
from publisher.desk.api.examples import BODIES, EXAMPLES
from publisher.desk.http.guards import ACTION
from publisher.desk.http.problems import PROBLEM, Problem
from publisher.desk.http.repeated_requests import HEADER
from publisher.harvest.source_config import SourceSite

VERSION = "1.0.0"
OPENAPI_PATH = "/desk/v1/openapi.json"
_REFERENCE = "#/components/schemas/{name}"
_TOKEN, _SESSION = "token", "session"
_PROBLEMS: Mapping[int, str] = {
    400: "请求的内容或参数不符合要求 / The body or a parameter is not as it should be",
    401: "未登录，或令牌无效、已过期、已停用 / Not signed in, or the token is unknown or has ended",
    403: "没有权限 / Not permitted",
    404: "没有这个数据集、条目、发布、提交或来源等 / There is no such dataset, record, release, submission, "
    "source …",
    409: "与现在的状态不符，例如内容已有变化 / It does not fit, for example `digest-moved`",
    413: "文件太大 / The files are too large",
    422: "这个 Idempotency-Key 已用于另一请求 / This Idempotency-Key was used for another request",
    503: "正忙，请稍后重试 / Busy; try again later",
}

_BODIES = (
    *(b.NewSubmission, b.NewAmendmentBody, b.NewWithdrawal, b.Decision, b.Return, b.NewSchedule),
    *(c.LeaveOut, c.RepealDecision),
)
_SUMMARIES: Mapping[str, str] = {
    "importIntoDraft": "报送文件 / Hand in files",
    "getDraft": "草稿的文件 / Files of the draft",
    "getDiff": "发布后的变化 / What publication would change",
    "getFindings": "检查问题 / Findings",
    "submitDraft": "提交草稿 / Submit the draft",
    "submitAmendment": "提交更正、更名或撤回公布 / Submit a correction, another name or a withdrawal",
    "submitWithdrawal": "提交撤回或取消一次发布 / Submit the withdrawal or cancellation of a release",
    "listSubmissions": "等待审核和发布的提交 / What waits for review or publication",
    "getSubmission": "一次提交 / A submission",
    "approveSubmission": "审核通过 / Approve",
    "returnSubmission": "退回 / Return",
    "publishSubmission": "发布 / Publish",
    "scheduleSubmission": "定时发布 / Publish at a time",
    "unscheduleSubmission": "取消定时发布 / Take the time back",
    "cancelSubmission": "取消提交 / Take a submission back",
    "listSources": "来源和上次采集 / Sources and their last runs",
    "getSource": "一个来源和历次采集 / A source and its runs",
    "addSource": "新增来源 / Add a source",
    "trySource": "来源试运行 / Dry run of a source",
    "listDocuments": "采集的文件 / Collected documents",
    "getDocument": "识读的内容和保存的网页 / What was read, beside the page",
    "leaveDocumentOut": "不列入草稿 / Leave a document out of the draft",
    "listRepeals": "待确认的废止 / Repeals to decide about",
    "decideRepeals": "采用或不采用废止 / Accept or refuse repeals",
}


@dataclass
class _RepeatableOperation(Operation):
    """An operation that takes an ``Idempotency-Key``."""

    def __post_init__(self) -> None:
        key = Parameter(
            name=HEADER,
            param_in="header",
            description="同一请求重发时用同一值，24小时内得到与第一次相同的结果 / A request that is sent "
            "again with the same key within 24 hours is answered as the first was",
            schema=Schema(type=OpenAPIType.STRING, pattern="^[!-~]{1,255}$", min_length=1, max_length=255),
            required=False,
        )
        self.parameters = [*(self.parameters or ()), key]


def operation(name: str, action: Action, answer: Any, *, status: int = 200) -> dict[str, Any]:
    """Return the arguments of a handler that describe its operation; ``answer`` is the type of its body."""
    takes_key = action not in (Action.READ_DRAFT, Action.READ_SETTINGS)
    return {
        "opt": {ACTION: action},
        "status_code": status,
        "operation_id": name,
        "summary": _SUMMARIES[name],
        "include_in_schema": True,
        "operation_class": _RepeatableOperation if takes_key else Operation,
        "security": [{_TOKEN: []}, {_SESSION: []}],
        "responses": {
            status: ResponseSpec(answer, generate_examples=False, description="成功 / OK"),
            **{
                code: ResponseSpec(Problem, generate_examples=False, description=text, media_type=PROBLEM)
                for code, text in _PROBLEMS.items()
                if takes_key or code not in (413, 422)
            },
        },
    }


def openapi_config(base: str, cookie: str) -> OpenAPIConfig:
    """Configure the document. ``base``: address of the desk; ``cookie``: name of that of a session."""
    return OpenAPIConfig(
        title="Qingdan desk API",
        version=VERSION,
        description="清单工作台的接口：报送、提交、审核、发布 / The API of the desk: hand in, submit, "
        "approve, publish. Programs send a token (`Authorization: Bearer …`).",
        servers=[Server(url=base)],
        components=Components(
            security_schemes={
                _TOKEN: SecurityScheme(type="http", scheme="bearer"),
                _SESSION: SecurityScheme(
                    type="apiKey",
                    name=cookie,
                    security_scheme_in="cookie",
                    description="已登录的浏览器；表单令牌放在 x-csrftoken 头 / A browser that is signed in; "
                    "the form token goes in the header x-csrftoken",
                ),
            }
        ),
        use_handler_docstrings=True,
    )


def describe(document: OpenAPI) -> dict[str, Any]:
    """Return the document as JSON values, with examples: Litestar leaves the nulls of an example out."""
    values = document.to_schema()
    for item in values["paths"].values():
        for one in item.values():
            name, contents = one["operationId"], [one.get("requestBody", {}), *one["responses"].values()]
            for example, body in zip((BODIES.get(name), EXAMPLES[name]), contents, strict=False):
                content = body.get("content", {}).get("application/json")
                if content is not None:
                    content["example"] = example
    schemas = values["components"]["schemas"]
    # Litestar leaves out what the items of its lists have to be: msgspec says what it checks.
    schemas |= msgspec.json.schema_components((*_BODIES, SourceSite), ref_template=_REFERENCE)[1]
    return values
