"""Images of every page type, wide and narrow, light and dark.

``python -m tests.system.browser.screenshots [FOLDER] [NAME…]``. The images are for people; everything that a
program can check is in the tests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from tests.system.browser.served import ARGUMENTS, CHROMIUM, sample_site

WIDTHS = {"wide": 1280, "phone": 360}


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
    plan = quote(commitment["content"]["plan"])
    with urlopen(f"{base}/v1/datasets/policy-documents/records") as answer:  # noqa: S310
        document = f"/datasets/policy-documents/records/{json.load(answer)['records'][0]['id']}"
    return {
        "home": "/",
        "home-en": "/?lang=en",
        "home-hant": "/?lang=zh-Hant",
        "home-past": "/?as_of=2024-03-01",
        "search-empty": "/search",
        "search": "/search?q=" + quote("许可"),
        "search-filtered": "/search?q="
        + quote("许可")
        + "&dataset=shili-power-list&type="
        + quote("行政许可"),
        "search-meant": "/search?q=weixianhuaxuepin",
        "search-nothing": "/search?q=" + quote("宇宙飞船驾驶证") + "&dataset=shili-fees",
        "dataset": "/datasets/shili-power-list",
        "ogc": "/ogc?f=html",
        "ogc-items": "/ogc/collections/shili-fees/items?f=html&lang=en",
        "dataset-fees": "/datasets/shili-fees",
        "dataset-past": "/datasets/shili-fees?as_of=2024-03-01",
        "compare": "/datasets/shili-power-list/compare?from=1&to=2",
        "compare-days": "/datasets/shili-fees/compare?from=2024-01-01&to=2024-12-31&kind=removed",
        "release": "/datasets/shili-power-list/releases/2",
        "record": changed,
        "record-pinned": f"{changed}?release=1",
        "record-corrected": address_of("shili-power-list", "社会团体成立登记"),
        "record-withdrawn": withdrawn(),
        "origin": f"{changed}/revisions/{revision}",
        "findings": "/findings",
        "finding": f"/findings/{finding}",
        "commitments": "/commitments",
        "commitments-plan": f"/commitments?plan={plan}",
        "commitments-en": f"/commitments?plan={plan}&status=overdue&lang=en",
        "commitment": f"/commitments/{commitment['id']}",
        "check": "/checks/basis-repealed",
        "corrections": "/corrections",
        "correction-form": f"{changed}/correction",
        "verify": "/verify",
        "follow": "/follow",
        "follow-record": f"/follow?feed=/feeds/shili-power-list.atom?record={changed.rpartition('/')[2]}",
        "privacy": "/privacy",
        "accessibility": "/accessibility?lang=en",
        "copyright": "/copyright",
        "search-english": "/search?q=hazardous+chemicals&lang=en",
        "home-traditional": "/?lang=zh-Hant",
        "document": document,
        "developers": "/developers",
        "api-reference": "/docs",
        "api-reference-operation": "/docs?lang=en#list_records",
        "documentation": "/developers/service",
        "documentation-en": "/developers/api?lang=en",
        "documentation-english-only": "/developers/proof",
        "error-404": "/nowhere",
        "error-422": "/datasets/shili-fees?nmae=1",
    }


def take(browser: Browser, base: str, folder: Path, names: list[str]) -> None:
    for name, address in pages(base).items():
        if names and name not in names:
            continue
        for width, pixels in WIDTHS.items():
            for scheme in ("light", "dark"):
                if scheme == "dark" and width == "phone":
                    continue
                context = browser.new_context(
                    viewport={"width": pixels, "height": 800},
                    color_scheme=scheme,
                    device_scale_factor=1,
                    locale="zh-CN",
                )
                page = context.new_page()
                page.on("console", lambda message: print("console:", message.text))
                page.goto(base + address)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if over > 0:
                    print(f"{name} {width}: {over} px too wide")
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
