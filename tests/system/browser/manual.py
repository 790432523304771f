"""The pictures of the manual of the desk: ``python -m tests.system.browser.manual`` takes all of them anew.

A clerk, a reviewer and a publisher go the whole way at a desk of their own, in a real browser.
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from publisher.desk.accounts.credentials import new_totp_secret
from publisher.desk.accounts.roles import parse_grant
from publisher.desk.desk import open_staff
from publisher.log.log import Log
from publisher.settings import read_settings
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import item, xlsx
from tests.support.desk import GOOD_PASSWORD, POWER_LIST, code_at, create_power_list
from tests.support.servers.desk_process import desk_process
from tests.system.browser.served import ARGUMENTS, CHROMIUM
from tests.system.browser.visitor import Means, Visitor, visiting

FOLDER = Path(__file__).parents[3] / "docs" / "images"
PART = "应急管理局"
WIDTH = 1080
_MOUSE = Means(keyboard=False, scripts=True, width=WIDTH)
PEOPLE = {
    "zhang": ("张三", f"填报:{POWER_LIST}:{PART}"),
    "li": ("李四", f"审核:{POWER_LIST}"),
    "wang": ("王五", f"发布:{POWER_LIST}"),
}
ROWS = [
    item("危险化学品经营许可", promised="尽快"),
    item("烟花爆竹经营（零售）许可"),
    item("", kind="行政许可"),
    item("生产安全事故应急预案备案", kind="其他行政权力"),
    item("安全生产行政处罚", kind="行政处罚"),
]
_TO_WEBP = """async (png) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + png;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/webp', 0.7).split(',')[1];
}"""


class Camera:
    """Takes pictures of the window, as WebP, which the browser itself encodes."""

    def __init__(self, browser: Browser) -> None:
        self._dark_room = browser.new_page()

    def take(self, page: Page, name: str, *, at: str = "", height: int = 560) -> None:
        """Take a picture. ``at``: selector of what stands at the top; empty: the page from its beginning."""
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        box = page.locator(at).first.bounding_box() if at else None
        top = box["y"] - 12 if box else 0
        tall = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": top, "width": WIDTH, "height": min(height, tall - top)}
        png = base64.b64encode(page.screenshot(full_page=True, clip=clip)).decode()  # type: ignore[arg-type]
        (FOLDER / f"desk-{name}.webp").write_bytes(base64.b64decode(self._dark_room.evaluate(_TO_WEBP, png)))


def create_site(home: Path) -> dict[str, str]:
    """Create a site with a list of two departments and three accounts → their TOTP secrets."""
    settings = read_settings(home, {"QINGDAN_DATABASE": sqlite.new(home / "qingdan.db")})
    clock = Clock(datetime.now(UTC) - timedelta(minutes=10))  # codes that were used are older than the desk's
    with (
        closing(Log.open(settings.database, sources=settings.sources)) as log,
        closing(open_staff(settings, create=True, clock=clock)) as staff,
    ):
        log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
        log.datasets.change_site(name="示例市政府清单公开")
        create_power_list(log)
        secrets = {}
        for name, (display, role) in PEOPLE.items():
            token = staff.accounts.add(name, display, [parse_grant(role)])
            secret = secrets[name] = new_totp_secret()
            code = code_at(secret, clock.now)
            staff.accounts.accept(token, password=GOOD_PASSWORD, totp_secret=secret, code=code)
        return secrets


@contextmanager
def signed_in(browser: Browser, base: str, name: str, secret: str) -> Iterator[Visitor]:
    with visiting(browser, base, _MOUSE) as visitor:
        page = visitor.page
        visitor.opens("/sign-in")
        page.get_by_label("账号名称").fill(name)
        page.get_by_label("密码").fill(GOOD_PASSWORD)
        page.get_by_label("验证码").fill(code_at(secret, datetime.now(UTC)))
        yield visitor


def hand_in_and_submit(visitor: Visitor, camera: Camera, folder: Path) -> None:
    page = visitor.page
    camera.take(page, "sign-in", height=500)
    visitor.follows(page.get_by_role("button", name="登录"))
    camera.take(page, "my-work", height=560)
    visitor.follows(page.get_by_role("link", name=f"示例市权责清单 {PART}"))
    page.get_by_label("文件", exact=True).set_input_files(xlsx(folder / "市应急管理局.xlsx", ROWS))
    visitor.follows(page.get_by_role("button", name="报送"))
    camera.take(page, "hand-in", height=570)
    camera.take(page, "findings", at="#findings", height=420)
    visitor.follows(page.locator("#findings ~ .scroll tbody th a").first)
    camera.take(page, "sheet", at="main h1", height=600)
    for row, (name, limit) in {0: ("", "5个工作日"), 2: ("危险化学品安全使用许可", "")}.items():
        visitor.follows(page.get_by_role("link", name=f"更改 第{row + 3}行"))
        for label, text in (("名称", name), ("承诺办结时限", limit)):
            if text:
                page.get_by_label(label).first.fill(text)
        if row == 0:
            camera.take(page, "row", height=960)
        visitor.follows(page.get_by_role("button", name="保存更改"))
    visitor.follows(page.get_by_role("navigation", name="位置").get_by_role("link"))
    page.get_by_label("依据的文号").fill("示政发〔2026〕12号")
    page.get_by_label("保密审查人").fill("赵六")
    camera.take(page, "changes", at="#changes", height=420)
    camera.take(page, "submit", at="#submit", height=720)
    visitor.follows(page.get_by_role("button", name="提交审核"))


def decide(visitor: Visitor, camera: Camera, button: str, picture: str) -> None:
    """Open the submission that waits, and press a button."""
    page = visitor.page
    visitor.follows(page.get_by_role("button", name="登录"))
    visitor.follows(page.get_by_role("main").get_by_role("link", name="示例市权责清单").first)
    camera.take(page, picture, height=900)
    visitor.follows(page.get_by_role("button", name=button, exact=True))


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "site"
        home.mkdir()
        secrets = create_site(home)
        with desk_process(home) as desk:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            camera = Camera(browser)
            with signed_in(browser, desk.base, "zhang", secrets["zhang"]) as visitor:
                hand_in_and_submit(visitor, camera, Path(folder))
            with signed_in(browser, desk.base, "li", secrets["li"]) as visitor:
                decide(visitor, camera, "审核通过", "review")
            with signed_in(browser, desk.base, "wang", secrets["wang"]) as visitor:
                decide(visitor, camera, "发布", "publish")
                camera.take(visitor.page, "release", height=360)
            browser.close()
    pictures = sorted(FOLDER.glob("desk-*.webp"))
    print(f"{len(pictures)} pictures, {sum(one.stat().st_size for one in pictures) // 1000} KB")


if __name__ == "__main__":
    main()
