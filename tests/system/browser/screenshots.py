"""Images of every page type: two widths, light and dark, large type, three languages.

``python -m tests.system.browser.screenshots [FOLDER] [NAME…]``. The images are for people; everything that a
program can check is in the tests. A page that is wider than its window is reported.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from tests.system.browser.served import ARGUMENTS, CHROMIUM, sample_site


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is displayed."""

    width: Literal[1280, 390]
    scheme: Literal["light", "dark"]
    display: Literal["", "large", "contrast"]
    lang: Literal["zh", "zh-Hant", "en"]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}{f'-{self.display}' if self.display else ''}-{self.lang}"

    def address(self, address: str) -> str:
        """Return the address of a page in this look. Pages of OGC API have no large type."""
        parts = urlsplit(address)
        display = "" if parts.path.startswith("/ogc") else self.display
        choices = {"display": display, "lang": self.lang if self.lang != "zh" else ""}
        query = "&".join(
            [*([parts.query] if parts.query else []), *(f"{k}={v}" for k, v in choices.items() if v)]
        )
        return parts._replace(query=query).geturl()


LOOKS = (
    Look(1280, "light", "", "zh"),
    Look(390, "light", "", "zh"),
    Look(1280, "dark", "", "en"),
    Look(390, "dark", "", "zh-Hant"),
    Look(390, "light", "large", "en"),
    Look(1280, "dark", "large", "zh"),
    Look(1280, "light", "large", "zh-Hant"),
    Look(390, "dark", "contrast", "zh"),
    Look(390, "light", "contrast", "en"),
    Look(1280, "light", "contrast", "zh-Hant"),
)
"""Looks in which every pair of two choices occurs."""


def pages(base: str) -> dict[str, str]:
    """Addresses of the pages by the names of their images."""

    def address_of(dataset: str, title: str) -> str:
        with urlopen(f"{base}/v1/datasets/{dataset}/records?name={quote(title)}") as answer:  # noqa: S310 - ours
            return f"/datasets/{dataset}/records/{json.load(answer)['records'][0]['id']}"

    def withdrawn() -> str:
        with urlopen(f"{base}/v1/datasets/shili-fees/changes?release=3&limit=1") as answer:  # noqa: S310
            return f"/datasets/shili-fees/records/{json.load(answer)['changes'][0]['record']}"

    changed = address_of("shili-power-list", "危险化学品经营许可")
    with urlopen(f"{base}/v1{changed}") as answer:  # noqa: S310 - ours
        revision = json.load(answer)["revision"]["hash"]
    with urlopen(f"{base}/v1/findings?limit=1") as answer:  # noqa: S310
        finding = json.load(answer)["findings"][0]["id"]
    with urlopen(f"{base}/v1/commitments?dataset=shili-commitments&limit=1") as answer:  # noqa: S310
        commitment = json.load(answer)["commitments"][0]
    with urlopen(f"{base}/v1/works?limit=1") as answer:  # noqa: S310
        work = f"/works/{quote(json.load(answer)['works'][0]['key'], safe='')}"
    charge = address_of("shili-fees", "居民生活污水处理费")
    plan = quote(commitment["content"]["plan"])
    with urlopen(f"{base}/v1/datasets/policy-documents/records") as answer:  # noqa: S310
        document = f"/datasets/policy-documents/records/{json.load(answer)['records'][0]['id']}"
    return {
        "home": "/",
        "home-past": "/?as_of=2024-03-01",
        "search-empty": "/search",
        "search": "/search?q=" + quote("许可"),
        "search-filtered": "/search?q="
        + quote("许可")
        + "&dataset=shili-power-list&type="
        + quote("行政许可"),
        "search-meant": "/search?q=weixianhuaxuepin",
        "search-nothing": "/search?q=" + quote("宇宙飞船驾驶证") + "&dataset=shili-fees",
        "search-not-held": "/search?q=" + quote("彩票店申请"),
        "search-english": "/search?q=hazardous+chemicals",
        "dataset": "/datasets/shili-power-list",
        "ogc": "/ogc?f=html",
        "ogc-items": "/ogc/collections/shili-fees/items?f=html",
        "dataset-fees": "/datasets/shili-fees",
        "dataset-past": "/datasets/shili-fees?as_of=2024-03-01",
        "compare": "/datasets/shili-power-list/compare?from=1&to=2",
        "compare-days": "/datasets/shili-fees/compare?from=2024-01-01&to=2024-12-31&kind=removed",
        "release": "/datasets/shili-power-list/releases/2",
        "changes": "/changes",
        "limits": "/limits",
        "works": "/works",
        "work": work,
        "record": changed,
        "record-charge": charge,
        "record-pinned": f"{changed}?release=1",
        "record-corrected": address_of("shili-power-list", "社会团体成立登记"),
        "record-withdrawn": withdrawn(),
        "origin": f"{changed}/revisions/{revision}",
        "findings": "/findings",
        "finding": f"/findings/{finding}",
        "commitments": "/commitments",
        "commitments-plan": f"/commitments?plan={plan}",
        "commitments-overdue": f"/commitments?plan={plan}&status=overdue",
        "commitment": f"/commitments/{commitment['id']}",
        "check": "/checks/basis-repealed",
        "corrections": "/corrections",
        "correction-form": f"{changed}/correction",
        "verify": "/verify",
        "follow": "/follow",
        "follow-record": f"/follow?feed=/feeds/shili-power-list.atom?record={changed.rpartition('/')[2]}",
        "follow-sent": "/follow/sent",
        "privacy": "/privacy",
        "accessibility": "/accessibility",
        "copyright": "/copyright",
        "document": document,
        "developers": "/developers",
        "api-reference": "/docs",
        "api-reference-operation": "/docs#list_records",
        "documentation": "/developers/service",
        "documentation-api": "/developers/api",
        "documentation-english-only": "/developers/proof",
        "documentation-guide": "/developers/how-to/route",
        "problem": "/problems/invalid-parameters",
        "error-404": "/nowhere",
        "error-422": "/datasets/shili-fees?nmae=1",
    }


def take(browser: Browser, base: str, folder: Path, names: list[str]) -> None:
    for name, address in pages(base).items():
        if names and name not in names:
            continue
        for look in LOOKS:
            context = browser.new_context(
                viewport={"width": look.width, "height": 800},
                color_scheme=look.scheme,
                device_scale_factor=1,
                locale="zh-CN",
            )
            page = context.new_page()
            page.on("console", lambda message: print("console:", message.text))
            page.goto(base + look.address(address))
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                print(f"{name} {look}: {over} px too wide")
            context.close()


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    with sample_site() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        take(browser, base, folder, sys.argv[2:])
        browser.close()
    print(f"{len(list(folder.glob('*.png')))} images in {folder}")


if __name__ == "__main__":
    main()
