"""A simulated reader in a browser: by mouse or keyboard alone, with or without scripts, wide or narrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Dialog, Locator, Page, Request

_FARTHEST = 400
"""Number of presses of Tab after which an element counts as unreachable."""

_PATIENCE = 60_000
"""Milliseconds until a dialog has come, on a busy machine too."""


@dataclass(frozen=True, slots=True)
class Means:
    keyboard: bool
    scripts: bool
    width: int

    def __str__(self) -> str:
        hands = "keyboard" if self.keyboard else "mouse"
        return f"{hands}, {'scripts' if self.scripts else 'no scripts'}, {self.width} px"


MEANS = (
    Means(keyboard=False, scripts=True, width=1280),
    Means(keyboard=False, scripts=False, width=360),
    Means(keyboard=True, scripts=True, width=360),
    Means(keyboard=True, scripts=False, width=1280),
)
"""Combinations in which every pair of two choices occurs."""


class Visitor:
    """Reader who operates a page, and records faults that no reader should see."""

    def __init__(self, page: Page, base: str, means: Means) -> None:
        self.page, self.base, self.means = page, base, means
        self.faults: list[str] = []
        page.on("console", lambda message: self.faults.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self._check_host)
        page.on("dialog", self._fail_on_dialog)
        # With this listener the browser hands over every dialog for a file. Without it the first one could
        # open on a screen that nobody sees, since the wish for it and the press travel beside each other.
        page.on("filechooser", lambda _chooser: None)

    def _check_host(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.base).netloc and not request.url.startswith("data:"):
            self.faults.append(f"another host: {request.url}")

    def _fail_on_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def opens(self, path: str) -> None:
        self.page.goto(self.base + path)

    def asserts_width(self) -> None:
        """Assert that the page is not wider than its window."""
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{self.page.url} is {over} px too wide"

    def follows(self, link: Locator) -> None:
        """Follow a link or button to another page."""
        self.reaches(link)
        with self.page.expect_navigation():
            self._activates(link)

    def jumps(self, link: Locator) -> None:
        """Follow a link inside the page."""
        self.reaches(link)
        self._activates(link)

    def downloads(self, link: Locator) -> Path:
        self.reaches(link)
        with self.page.expect_download() as coming:
            self._activates(link)
        return Path(coming.value.path())

    def chooses(self, place: Locator, file: Path) -> None:
        """Choose a file in the dialog that the field opens."""
        self.reaches(place)
        with self.page.expect_file_chooser(timeout=_PATIENCE) as dialog:
            self._activates(place)
        dialog.value.set_files(file)

    def writes(self, place: Locator, text: str) -> None:
        self.reaches(place)
        if not self.means.keyboard:
            place.click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def sends(self) -> None:
        """Press Enter in the field that was filled in."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def dates(self, place: Locator, day: str) -> None:
        """Set a date field to ``2024-03-01``."""
        if not self.means.keyboard:
            place.fill(day)
            return
        self.reaches(place)
        year, month, date = day.split("-")
        self.page.keyboard.type(f"{month}{date}{year}")  # this Chromium's order, in every language
        assert place.input_value() == day

    def reaches(self, target: Locator) -> None:
        """Press Tab until the target has a visible focus; with a mouse, scroll to it."""
        target.wait_for(state="attached")
        if not self.means.keyboard:
            target.scroll_into_view_if_needed()
            return
        for _ in range(_FARTHEST):
            if target.evaluate("here => here === document.activeElement"):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"not reached by keyboard: {target}")
        assert target.evaluate(_FOCUS_IS_SEEN), f"the focus is not seen: {target}"

    def _activates(self, target: Locator) -> None:
        if self.means.keyboard:
            self.page.keyboard.press("Enter")
        else:
            target.click()


_FOCUS_IS_SEEN = """here => {
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && box.width > 0
    && box.bottom > 0 && box.top < innerHeight;
}"""


@contextmanager
def visiting(browser: Browser, base: str, means: Means) -> Iterator[Visitor]:
    """Open a Chinese browser; assert afterwards that there was no fault and no page too wide."""
    context = browser.new_context(
        viewport={"width": means.width, "height": 800},
        java_script_enabled=means.scripts,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)  # a file that nobody asked for before is made by a new process
    try:
        visitor = Visitor(context.new_page(), base, means)
        yield visitor
        assert visitor.faults == []
        visitor.asserts_width()
    finally:
        context.close()
