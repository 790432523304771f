"""Offline viewer of the contract: a page with its own files, not part of the contract."""

from __future__ import annotations

import hashlib

from openapi import viewer
from openapi.operation import Operation
from publisher.web.conditional_requests import Validity
from publisher.web.route import Call, Reply, Route, route
from publisher.web.service import Service


def _page(path: str, media_type: str = "text/html; charset=utf-8") -> Operation:
    return Operation(
        name=f"page:{path}", path=path, tag="", summary="", description="", media_type=media_type
    )


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
    docs,
    *(_asset(name, media_type) for name, media_type in viewer.MEDIA_TYPES.items()),
)
