"""Text that both databases can store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publisher.log.model import LogError


def storable(text: str) -> str:
    """Replace characters that a text column cannot store: NUL and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="replace").decode()
    return text


def bad_content(reason: str, locator: Mapping[str, Any]) -> LogError:
    return LogError(
        "bad-content",
        f"记录内容无法保存：{reason}。",
        f"A record cannot be stored: {reason}.",
        details=(locator,),
    )
