"""Examples of the desk's API. Tests check them against the schemas of the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DIGEST = "5d41402abc4b2a76b9719d911017c592ae3f0c1b8d6e2f7a90c4b5d6e7f80912"
_SUBMITTED = {
    "key": 7,
    "dataset": "shili-power-list",
    "kind": "draft",
    "state": "submitted",
    "digest": _DIGEST,
    "is_current": True,
    "parts": ["应急管理局"],
    "effective_on": "2026-12-01",
    "without_errors": False,
    "on_conflict": "refuse",
    "basis": "示政发〔2026〕12号",
    "note": "",
    "drafter": "zhang",
    "submitted_at": "2026-11-30T02:00:00Z",
    "reviewer": "",
    "decided_at": None,
    "reason": "",
    "publish_at": None,
}
_APPROVED = {**_SUBMITTED, "state": "approved", "reviewer": "li", "decided_at": "2026-11-30T06:30:00Z"}
_RETURNED = {**_APPROVED, "state": "returned", "reason": "承诺时限请再核"}
_SECRECY = {"openness": "主动公开", "secrecy_reviewed_by": "王五", "secrecy_reviewed_on": "2026-11-30"}
_FINDING = {
    "code": "required-missing",
    "severity": "error",
    "file": "市应急管理局.xlsx",
    "sheet": "Sheet1",
    "row": 3,
    "column": "B 事项名称",
    "found": "",
    "message_zh": "“事项名称”是必填项，此处为空",
    "message_en": "“事项名称” is required and blank here",
    "way_out_zh": "请填写",
    "way_out_en": "Fill it in",
    "because_zh": "",
    "because_en": "",
    "rule": "",
    "cites": [],
}
_CHANGE = {
    "kind": "added",
    "record": "01k0000000000000000000000a",
    "title": "第二类经营许可",
    "part": "应急管理局",
    "fields": [],
}
_SOURCE = {
    "name": "shili",
    "title": "示例市人民政府 · 政府文件",
    "dataset": "shili-zhengce",
    "hosts": ["www.shili.example"],
    "lists": ["https://www.shili.example/zwgk/zcwj/index.html"],
    "sitemaps": [],
    "feeds": [],
    "documents": r"/\d{8}/.*\.html$",
    "most_lists": 200,
    "every": "1h",
    "recheck": "7d",
    "pace": 1.0,
    "timeout": 30.0,
    "largest": 32,
    "redirects": 5,
    "publish": False,
    "tables": [],
}
_ADDRESS = "https://www.shili.example/zwgk/20261130/1.html"
_COUNTS = {
    "asked": 3,
    "unchanged": 0,
    "found": 1,
    "read": 1,
    "copies": 0,
    "attachments": 0,
    "tables": 0,
    "waiting": 0,
    "changed": 0,
    "vanished": 0,
    "returned": 0,
}
_RUN: Mapping[str, Any] = {
    "began_at": "2026-11-30T02:00:00Z",
    "ended_at": "2026-11-30T02:00:09Z",
    "counts": _COUNTS,
    "release": None,
    "findings": [],
    "findings_total": 0,
}
_SOURCE_STATE = {
    "source": _SOURCE,
    "next_run": "2026-11-30T03:00:00Z",
    "drafted": 1,
    "pages_set_aside": [],
    "runs": [_RUN],
}
_TOKEN = "9f86d081884c7d659a2feaa0c55ad015"  # noqa: S105 - of an import
_TITLE = "示例市人民政府关于清理行政审批事项的通知"
_COLLECTED = {
    "token": _TOKEN,
    "title": _TITLE,
    "address": _ADDRESS,
    "source": "shili",
    "digest": _DIGEST,
    "obtained_at": "2026-11-30T02:00:05Z",
    "in_error": False,
}
_REPEAL = {
    "key": "2c26b46b68ffc68ff99b453c1d304134",
    "title": "示例市人民政府关于公布行政审批事项的通知",
    "by": "示政发〔2026〕12号",
    "by_title": _TITLE,
    "sentence": "《示例市人民政府关于公布行政审批事项的通知》（示政发〔2015〕1号）同时废止。",
    "state": "proposed",
}
EXAMPLES: Mapping[str, Any] = {
    "importIntoDraft": {
        "dataset": "shili-power-list",
        "catalogue": "power-list",
        "dry_run": False,
        "staged": True,
        "rows": 1,
        "records": 1,
        "in_error": 1,
        "continuations": 0,
        "left_out": [],
        "findings": [_FINDING],
        "checks": [],
        "changes": {"added": 1, "changed": 0, "removed": 0, "unchanged": 0},
        "marked": 0,
        "proposed_repeals": 0,
        "conflicts": [],
        "warnings": [],
        "sheets": [],
        "files": [],
    },
    "getDraft": {
        "dataset": "shili-power-list",
        "imports": [
            {
                "part": "应急管理局",
                "file": "市应急管理局.xlsx",
                "digest": _DIGEST,
                "records": 1,
                "in_error": 1,
            }
        ],
    },
    "getDiff": {"counts": {"added": 1}, "changes": [_CHANGE], "conflicts": []},
    "getFindings": [_FINDING],
    "submitDraft": _SUBMITTED,
    "submitAmendment": {**_SUBMITTED, "kind": "correct", "parts": None, "effective_on": None},
    "submitWithdrawal": {**_SUBMITTED, "kind": "withdraw", "parts": None, "effective_on": None},
    "listSubmissions": [_SUBMITTED],
    "getSubmission": _SUBMITTED,
    "approveSubmission": _APPROVED,
    "returnSubmission": _RETURNED,
    "scheduleSubmission": {**_APPROVED, "publish_at": "2026-12-01T01:00:00Z"},
    "unscheduleSubmission": _APPROVED,
    "cancelSubmission": {**_SUBMITTED, "state": "cancelled", "is_current": False},
    "publishSubmission": {"dataset": "shili-power-list", "release": 4, "hash": _DIGEST},
    "listSources": [_SOURCE_STATE],
    "getSource": _SOURCE_STATE,
    "addSource": {**_SOURCE_STATE, "drafted": 0, "runs": []},
    "trySource": {
        "counts": {**_COUNTS, "waiting": 1},
        "documents": [{"url": _ADDRESS, "title": _TITLE, "values": {"发文字号": "示政发〔2026〕12号"}}],
        "findings": [],
    },
    "listDocuments": [_COLLECTED],
    "getDocument": {
        "token": _TOKEN,
        "title": _TITLE,
        "address": _ADDRESS,
        "fields": [{"field": "number", "text": "示政发〔2026〕12号", "line": 4}],
        "lines": [{"number": 4, "text": "示政发〔2026〕12号"}],
        "findings": [],
    },
    "leaveDocumentOut": [],
    "listRepeals": [_REPEAL],
    "decideRepeals": [{**_REPEAL, "state": "accepted"}],
}
"""Operation → body of its answer."""
BODIES: Mapping[str, Any] = {
    "submitDraft": {
        "effective_on": "2026-12-01",
        "basis": "示政发〔2026〕12号",
        "parts": ["应急管理局"],
        **_SECRECY,
    },
    "submitAmendment": {
        "kind": "correct",
        "reason": "承诺办结时限误录",
        "fields": {"promised_limit": "8个工作日"},
        **_SECRECY,
    },
    "submitWithdrawal": {"reason": "误将征求意见稿发布", **_SECRECY},
    "approveSubmission": {"digest": _DIGEST},
    "publishSubmission": {"digest": _DIGEST},
    "scheduleSubmission": {"digest": _DIGEST, "publish_at": "2026-12-01T09:00:00+08:00"},
    "returnSubmission": {"reason": "承诺时限请再核"},
    "addSource": _SOURCE,
    "trySource": _SOURCE,
    "leaveDocumentOut": {"reason": "识读有误"},
    "decideRepeals": {"keys": [_REPEAL["key"]], "accept": True},
}
"""Operation → body of its request, where that is JSON."""
