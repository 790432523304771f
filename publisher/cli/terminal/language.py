"""The language of the terminal: Chinese or English, by ``--lang`` or the locale of the user."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar

from schemas.words import Lang

_LANGUAGE: ContextVar[Lang] = ContextVar("language", default="zh")
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables of the locale of messages, the first one that is set decides (POSIX.1-2024, 8.2)."""
_LABEL = re.compile("(?P<zh>[\u4e00-\u9fff]+) (?P<en>[A-Za-z][A-Za-z. -]*)")


def set_language(lang: Lang) -> None:
    """Choose the language of all further output."""
    _LANGUAGE.set(lang)


def current_language() -> Lang:
    return _LANGUAGE.get()


def choose_language(environ: Mapping[str, str]) -> Lang:
    """Return the language of a locale. One that names no language (``C``, ``POSIX``, none) is Chinese."""
    locale = next((value for name in _LOCALES if (value := environ.get(name))), "")
    language = locale.partition(".")[0].partition("_")[0].casefold()
    return "zh" if language in {"", "c", "posix", "zh"} else "en"


def label_in_language(label: str) -> str:
    """Return the half of a label ``中文 english`` in the language of the user; any other label as it is."""
    match = _LABEL.fullmatch(label)
    return in_language(match["zh"], match["en"]) if match else label


def in_language(zh: str, en: str) -> str:
    """Return the text in the language of the user; the Chinese one where there is no English one."""
    return en if en and _LANGUAGE.get() == "en" else zh
