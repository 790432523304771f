"""Text that both databases can store."""

from __future__ import annotations


def storable(text: str) -> str:
    """Replace characters that a text column cannot store: NUL and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode(errors="replace").decode()
    return text


def join_lines(text: str) -> str:
    """Write a text on one line: a name in a header of a mail has no line break."""
    return " ".join(filter(None, map(str.strip, text.splitlines())))
