"""Check of error responses: every member of a problem, and no internals."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from publisher.web.problems import BY_CODE, Problem
from tests.support.servers.shared_server import PROJECT
from tests.support.site import BASE


def assert_problem(response: httpx.Response, code: str) -> dict[str, Any]:
    """Assert that ``response`` is the problem ``code`` in the common form of errors → its body."""
    kind = BY_CODE[code]
    assert response.status_code == kind.status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    body: dict[str, Any] = response.json()
    msgspec.convert(body, Problem, strict=False)
    assert body["type"] == f"{BASE}/problems/{code}"
    assert body["status"] == kind.status
    assert body["title"] == kind.title
    assert body["detail"]
    assert body["detail_en"]
    assert body["instance"].startswith("/")
    for inside in ("Traceback", "sqlalchemy", "sqlite", ".py", str(PROJECT)):
        assert inside not in response.text
    if kind.status == 503:
        assert int(response.headers["retry-after"]) > 0
    return body
