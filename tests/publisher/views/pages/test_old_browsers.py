"""Styles and scripts use only what Chromium 86 (October 2020) knows: browsers of offices are built on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[4] / "publisher" / "views" / "pages" / "assets"
LATER = {
    ".css": {
        "logical shorthands (87), logical radii (89)": r"(?<![-\w])(?:margin|padding)-(?:inline|block)\s*:"
        r"|(?<![-\w])inset(?:-\w+)*\s*:|border-(?:inline|block)\s*:|border-(?:start|end)-(?:start|end)-radius",
        "selectors (88, 105)": r":is\(|:where\(|:has\(|:not\([^)]*,",
        "at-rules (99, 105)": r"@layer|@container|@scope|@property|@starting-style",
        "nesting (120)": r"[{;]\s*&",
        "functions and units (88 and later)": r"color-mix\(|oklch\(|light-dark\(|\b\d+[dsl]v[hw]\b",
        "properties that layout depends on": r"aspect-ratio\s*:|overflow\s*:\s*clip|(?<![-\w])translate\s*:",
    },
    ".js": {
        "methods (91 and later)": r"\.at\(|\.findLast|Object\.(?:hasOwn|groupBy)|structuredClone|\.toSorted",
        "syntax (89 and later)": r"^await |static \{|#\w+ in ",
        "signals (103 and later)": r"AbortSignal\.(?:timeout|any)|Promise\.withResolvers",
    },
}


@pytest.mark.parametrize(
    "file", [path for path in sorted(ASSETS.iterdir()) if path.suffix in LATER], ids=lambda path: path.name
)
def test_no_feature_is_newer_than_chromium_86(file: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.S)
    for feature, pattern in LATER[file.suffix].items():
        newer = [match[0] for match in re.finditer(pattern, text, re.M)]
        assert newer == [], feature
