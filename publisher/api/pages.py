"""Pages for people that are no part of the contract: the first page, the viewer, what problems mean."""

from __future__ import annotations

import base64
import hashlib

from openapi import viewer
from openapi.model import Operation
from publisher.api import problems
from publisher.api.conditional import Validity
from publisher.api.html import Child, Html, page, tag
from publisher.api.problems import ProblemError
from publisher.api.routing import Call, Reply, Route, Service, route
from publisher.store.model import Dataset, Release

_HTML = "text/html; charset=utf-8"
_STYLE = """
body{font:16px/1.7 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:52rem;
margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:0}
article{border-top:1px solid #ccc;padding:.8rem 0}p{margin:.3rem 0}a{color:#0b4f9e}
.label{background:#8a2b06;color:#fff;border-radius:.2rem;padding:0 .4rem;font-size:.85rem;margin-left:.4rem}
.note{color:#8a2b06}.quiet{color:#555;font-size:.9rem}nav a{margin-right:1rem}code{overflow-wrap:anywhere}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
}
_LABELS = {
    "demo": "演示数据",
    "partial": "不完整",
    "historic": "历史版本",
    "transcribed": "转录",
    "compiled": "整理",
}


def _page(path: str, media_type: str = _HTML) -> Operation:
    return Operation(
        name=f"page:{path}", path=path, tag="", summary="", description="", media_type=media_type
    )


@route(_page("/"))
def landing(service: Service, _: Call) -> Reply:
    datasets = service.store.datasets()
    sequence, _day = service.store.validator()

    def build() -> bytes:
        return page(
            "清单",
            _STYLE,
            tag(
                "header",
                tag("h1", "清单"),
                tag("p", "政府的各种清单：现在怎么说，从前怎么说，何时、为何改变。"),
                tag(
                    "nav",
                    _link(service, "/v1/datasets", "数据集"),
                    _link(service, "/docs", "接口文档"),
                    _link(service, "/openapi.json", "OpenAPI"),
                    _link(service, "/feeds/all.atom", "订阅全部变化（Atom）"),
                    _link(service, "/feeds/all.rss", "RSS"),
                ),
                tag(
                    "p",
                    "检索示例：",
                    _link(service, "/v1/search?q=许可", "/v1/search?q=许可"),
                    class_="quiet",
                ),
            ),
            tag("main", *(_dataset(service, dataset) for dataset in datasets))
            if datasets
            else tag("main", tag("p", "还没有数据集。")),
            tag("footer", tag("p", "Qingdan: versioned, traceable, searchable open data.", class_="quiet")),
        )

    return Reply(Validity((sequence, datasets)), build, _POLICY)


def _dataset(service: Service, dataset: Dataset) -> Html:
    home = f"/v1/datasets/{dataset.name}"
    releases = service.store.releases(dataset.name)
    latest = max(releases, key=lambda r: r.number, default=None)
    labels = [tag("span", _LABELS.get(label, label), class_="label") for label in dataset.labels]
    return tag(
        "article",
        tag("h2", dataset.title, *labels, id=dataset.name),
        tag("p", dataset.notice, class_="note") if dataset.notice else None,
        tag("p", dataset.description) if dataset.description else None,
        tag("p", f"机构：{dataset.body}。", _released(latest), class_="quiet"),
        tag("p", f"来源：{dataset.source_note}", class_="quiet") if dataset.source_note else None,
        tag("p", f"许可：{dataset.licence}", class_="quiet"),
        tag(
            "nav",
            _link(service, f"{home}/records", "记录"),
            _link(service, f"{home}/releases", "各次发布"),
            _link(service, f"{home}/changes?sort=-sequence", "变化"),
            _link(service, f"{home}/schema", "结构"),
            _link(service, f"/feeds/{dataset.name}.atom", "Atom"),
            _link(service, f"/feeds/{dataset.name}.rss", "RSS"),
        ),
    )


def _released(latest: Release | None) -> Child:
    if latest is None:
        return "尚未发布。"
    basis = f"，依据{latest.basis}" if latest.basis else ""
    records = latest.counts.get("records")
    held = f"，{records} 条" if records is not None else ""
    return f"第 {latest.number} 次发布，{latest.effective_on.isoformat()} 生效{basis}{held}。"


def _link(service: Service, path: str, text: str) -> Html:
    return tag("a", text, href=service.link(path))


@route(_page("/problems/{code}"))
def problem(_: Service, call: Call) -> Reply:
    """What the ``type`` of a problem leads to."""
    kind = problems.BY_CODE.get(call.path["code"])
    if kind is None:
        raise ProblemError("no-such-route")

    def build() -> bytes:
        return page(
            kind.title,
            _STYLE,
            tag("h1", kind.title),
            tag("p", kind.title_en),
            tag("p", tag("code", kind.code), f": HTTP {kind.status}", class_="quiet"),
            tag("p", kind.advice),
            tag("p", kind.advice_en),
        )

    return Reply(Validity((kind,)), build, _POLICY)


@route(_page("/docs"))
def docs(_: Service, __: Call) -> Reply:
    body = viewer.PAGE.encode()
    return Reply(Validity((body,)), lambda: body, {"content-security-policy": viewer.POLICY})


def _asset(name: str, media_type: str) -> Route:
    def handle(_: Service, __: Call) -> Reply:
        body = viewer.asset(name)
        tokens = (hashlib.sha256(body).hexdigest(),)
        return Reply(Validity(tokens), lambda: body)

    return Route(_page(f"/docs/{name}", media_type), handle)


ROUTES: tuple[Route, ...] = (
    landing,
    problem,
    docs,
    *(_asset(name, media_type) for name, media_type in viewer.MEDIA_TYPES.items()),
)
