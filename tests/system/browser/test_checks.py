"""Every page type: no problem reported by axe-core or vnu, no request to another host."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations, product
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.support.required import skip_or_fail
from tests.system.browser.screenshots import LOOKS, pages
from tests.system.browser.visitor import Means, visiting

pytestmark = pytest.mark.program

HERE = Path(__file__).parent / "node_modules"
DOCUMENT = Path(__file__).parents[3] / "docs" / "pages.md"
AXE = HERE / "axe-core" / "axe.min.js"
VNU = HERE / "vnu-jar" / "build" / "dist" / "vnu.jar"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

COLOURS = ["color-contrast", "link-in-text-block"]
"""Rules about the dark scheme, which changes nothing but colours."""
WIDTHS = (1280, 360)
AUDIT = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]})
  .then(report => report.violations)"""
"""Run axe-core with rules → the violations."""


def test_no_page_has_a_barrier_a_message_or_a_request_elsewhere(browser: Browser, base: str) -> None:
    """One context for all pages, each loaded once: loading takes longer than the audit, and style alone
    depends on the width and the scheme.
    """
    if not AXE.exists():
        skip_or_fail("axe-core is not installed (npm ci --prefix tests/system/browser)")
    axe = AXE.read_text(encoding="utf-8")
    violations: dict[str, list[str]] = {}
    with visiting(browser, base, Means(keyboard=False, scripts=True, width=WIDTHS[0])) as visitor:
        for name, path in pages(base).items():
            visitor.opens(path)
            visitor.page.evaluate(axe)
            report = []
            for width in WIDTHS:
                visitor.page.set_viewport_size({"width": width, "height": 800})
                report += visitor.page.evaluate(AUDIT, RULES)
                visitor.page.emulate_media(color_scheme="dark")
                report += visitor.page.evaluate(AUDIT, COLOURS)
                visitor.page.emulate_media(color_scheme="light")
                visitor.asserts_width()
            # The browser reports a page with status 4xx on the console.
            visitor.faults = [f for f in visitor.faults if "the server responded with a status of 4" not in f]
            assert visitor.faults == [], path
            faults = [f"{v['id']}: {n['target']} {n['html'][:120]}" for v in report for n in v["nodes"]]
            if faults:
                violations[name] = faults
    assert violations == {}


def test_the_looks_of_the_images_cover_every_pair_of_choices() -> None:
    for first, second in combinations(("width", "scheme", "display", "lang"), 2):
        pairs = {(getattr(look, first), getattr(look, second)) for look in LOOKS}
        assert pairs == set(product({a for a, _ in pairs}, {b for _, b in pairs}))


def test_every_address_of_a_page_is_among_the_pages(base: str) -> None:
    """Those of docs/pages.md, except for files, and for what the token of a letter or a receipt opens."""
    rows = re.findall(r"^\| `(/[^`]*)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    files = re.compile(r"\.\w+$|\{form\}|^/assets|/sitemaps/|/examples|/images")
    addresses = [row for row in rows if not files.search(row)]
    expressions = [re.sub(r"\\{\w+\\}", "[^/?#]+", re.escape(one)) + "(?:[?#].*)?" for one in addresses]
    missing = [
        address
        for address, expression in zip(addresses, expressions, strict=True)
        if not any(re.fullmatch(expression, path) for path in pages(base).values())
    ]
    assert missing == ["/corrections/receipt", "/follow/confirm", "/follow/leave"]


def test_the_html_of_every_page_is_valid(base: str, tmp_path: Path) -> None:
    if not VNU.exists() or shutil.which("java") is None:
        skip_or_fail("vnu (npm ci --prefix tests/system/browser) or Java is not installed")
    for name, path in pages(base).items():
        (tmp_path / f"{name}.html").write_bytes(
            httpx.get(base + path, headers={"accept": "text/html"}).content
        )
    command = ["java", "-jar", str(VNU), "--format", "json", "--errors-only", "--stdout", str(tmp_path)]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    faults = [
        f"{Path(m['url']).name}:{m.get('lastLine')}: {m['message']} {m.get('extract', '')}"
        for m in json.loads(output)["messages"]
        if m["type"] == "error"
    ]
    assert faults == []
