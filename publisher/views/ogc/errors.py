"""The error of the OGC routes: an exception of OGC 17-069r4, section 7.5.1."""

from __future__ import annotations

from functools import partial
from typing import Any


class OgcError(Exception):
    """``code``: the exception code of OGC services. ``headers``: additional headers of the response."""

    def __init__(
        self, status: int, code: str, zh: str, en: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(en)
        self.status, self.code, self.zh, self.en = status, code, zh, en
        self.headers = headers or {}

    def __reduce__(self) -> tuple[Any, ...]:
        headers = self.headers
        return partial(OgcError, self.status, self.code, self.zh, self.en, headers=headers), ()


def invalid(parameter: str, zh: str, en: str) -> OgcError:
    """Build the error (400) for a parameter with an invalid value."""
    return OgcError(400, "InvalidParameterValue", f"参数 {parameter}：{zh}", f"Parameter {parameter}: {en}")


def not_found(zh: str, en: str) -> OgcError:
    return OgcError(404, "NotFound", zh, en)
