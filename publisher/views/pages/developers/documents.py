"""The documentation that the site serves: the files of ``docs/``, with a Chinese edition of some."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from posixpath import normpath

import msgspec

from schemas.words import Lang

HOME = "/developers"
EXAMPLES = f"{HOME}/examples"
PICTURES = f"{HOME}/images"
_CHINESE = ".zh-CN.md"
_FOLDERS = ("adr", "how-to")
_PROGRAMS, _PICTURES = "examples", "images"

GROUPS: Sequence[tuple[tuple[str, str], Sequence[str]]] = (
    (
        ("使用数据和接口", "Using the data and the API"),
        (
            *("recipes", "service", "api", "errors", "stability", "files", "feeds", "search", "ogc"),
            *("assistants", "proof", "pages"),
        ),
    ),
    (
        ("发布清单", "Publishing lists"),
        (
            *(
                "catalogues",
                "findings",
                "checks",
                "corrections",
                "follow",
                "desk",
                "collect",
                "cli",
                "settings",
            ),
            "sample-data",
        ),
    ),
    (("运行维护", "Operation"), ("operate", "postgresql", "compliance")),
    (
        ("参与开发", "Developing the program"),
        ("architecture", "log", "performance", "glossary", "how-to", "adr", "release"),
    ),
)
"""Headings of the index in both languages, with names of documents in the order in which they are listed."""


class Edition(msgspec.Struct, frozen=True):
    """A document in one language. ``folder``: that of its file, from which its relative links start."""

    language: Lang
    folder: str
    text: str

    @property
    def title(self) -> str:
        match = re.search(r"^# (.+)$", self.text, re.M)
        return match[1].replace("`", "") if match else ""


class Document(msgspec.Struct, frozen=True):
    name: str
    """Path below ``docs/`` without suffix; the ``README.md`` of a folder has the name of the folder."""
    editions: Mapping[Lang, Edition]

    def edition(self, language: Lang) -> Edition:
        """Return the edition in this language, or else the only one."""
        return self.editions.get(language) or next(iter(self.editions.values()))


@cache
def root() -> Traversable:
    """Return the folder of the documents: in the wheel ``publisher/docs``, in a clone ``docs``."""
    packaged = resources.files("publisher") / "docs"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "docs"


@cache
def read_documents() -> Mapping[str, Document]:
    """Read all documents → by name."""
    editions: dict[str, dict[Lang, Edition]] = {}
    for folder in ("", *_FOLDERS):
        for file in sorted((root() / folder if folder else root()).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".md"):
                language: Lang = "zh" if file.name.endswith(_CHINESE) else "en"
                edition = Edition(language, folder, file.read_text(encoding="utf-8"))
                editions.setdefault(name_of(folder, file.name), {})[language] = edition
    return {name: Document(name, by_language) for name, by_language in editions.items()}


def name_of(folder: str, file: str) -> str:
    """Return the name of the document in a file: ``how-to``, ``README.md`` → ``how-to``."""
    stem = file.removesuffix(_CHINESE).removesuffix(".md")
    parts = [part for part in (folder, "" if stem == "README" else stem) if part]
    return "/".join(parts)


@cache
def read_examples() -> Mapping[str, bytes]:
    """Read the programs to copy → by the names of their files."""
    files = [file for file in (root() / _PROGRAMS).iterdir() if file.is_file()]
    return {file.name: file.read_bytes() for file in files}


@cache
def read_pictures() -> Mapping[str, bytes]:
    """Read the pictures of documents → by the names of their files."""
    files = [file for file in (root() / _PICTURES).iterdir() if file.name.endswith(".webp")]
    return {file.name: file.read_bytes() for file in files}


def find_document(edition: Edition, target: str) -> Document | None:
    """Find the document that a relative link leads to; None if the site does not serve it."""
    folder, file = _resolve(edition, target)
    return read_documents().get(name_of(folder, file)) if file.endswith(".md") else None


def find_example(edition: Edition, target: str) -> str | None:
    """Find the program that a relative link leads to → the name of its file."""
    folder, file = _resolve(edition, target)
    return file if folder == _PROGRAMS and file in read_examples() else None


def find_picture(edition: Edition, target: str) -> str | None:
    """Find the picture that a document shows → the name of its file."""
    folder, file = _resolve(edition, target)
    return file if folder == _PICTURES and file in read_pictures() else None


def _resolve(edition: Edition, target: str) -> tuple[str, str]:
    """Return folder and name of the file; a path out of the documents is the folder ``..``."""
    path = normpath(f"{edition.folder}/{target}" if edition.folder else target)
    folder, _, file = path.rpartition("/")
    return folder, file
