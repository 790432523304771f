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


def store_in_a_line(text: str) -> str:
    """Return a text as it is stored where it has one line: a name in a header of a mail has no line break."""
    return " ".join(filter(None, map(str.strip, storable(text).splitlines())))
