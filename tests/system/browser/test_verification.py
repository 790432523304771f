"""The page /verify in a real browser: what it computes and refuses, and what it says without a script."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route

from publisher.log.transparency import merkle_tree
from publisher.log.transparency.merkle_tree import MerkleTree
from schemas.definition.catalogue import Content
from tests.support.servers import http_service
from tests.support.site import FEES, PLAIN, Site, four_releases, publish
from tests.system.browser.visitor import Means, visiting

pytestmark = pytest.mark.program

MEANS = Means(keyboard=False, scripts=True, width=1280)
WITHOUT_ED25519 = """
const importKey = crypto.subtle.importKey.bind(crypto.subtle);
crypto.subtle.importKey = (form, key, algorithm, ...others) => algorithm.name === "Ed25519"
  ? Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"))
  : importKey(form, key, algorithm, ...others);
"""


@dataclass
class Signed:
    """A site with a key, behind a real server."""

    site: Site
    base: str
    checkpoint: Path
    """A checkpoint from before the last release."""

    def record(self, title: str, query: str = "") -> str:
        return f"{self.base}/datasets/{FEES}/records/{self.site.record(title)}{query}"


@pytest.fixture(scope="module", autouse=True)  # before the browser, whose event loop it would meet
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    bound, folder = http_service.loopback_socket(), tmp_path_factory.mktemp("signed")
    base = http_service.address(bound)
    with four_releases(folder / "home", base=base) as site, http_service.serving(site.app, bound):
        site.log.keys.create()
        checkpoint = folder / "checkpoint"
        checkpoint.write_text(site.log.proofs.checkpoint() or "", encoding="utf-8")
        later: list[Content] = [PLAIN[0], {**PLAIN[1], "management": "缴入地方国库"}]
        publish(site.log, FEES, later, date(2016, 3, 2), "示财〔2016〕3号")
        yield Signed(site, base, checkpoint)


def verdict(page: Page) -> str:
    """Wait for the verdict, which begins with its heading."""
    page.locator("#verdict strong").wait_for()
    return page.locator("#verdict").inner_text()


def type_address(page: Page, address: str) -> str:
    page.get_by_label("条目的地址").fill(address)
    page.locator("#verify").get_by_role("button", name="核验").click()
    return verdict(page)


def choose(page: Page, file: Path) -> str:
    page.locator("#file").set_input_files(file)
    return verdict(page)


def test_the_address_of_a_record_says_what_was_published_when(browser: Browser, signed: Signed) -> None:
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        verdict = type_address(visitor.page, signed.record("不动产登记费"))
        assert verdict.startswith("核验无误")
        assert "“不动产登记费”的这一内容，由第3次发布于2016年" in verdict
        assert "自2015年1月1日起有效" in verdict
        assert f"存证点由密钥 {signed.site.log.keys.all()[-1].key} 签名" in verdict
        assert "缴入地方国库" in verdict
        verdict = type_address(visitor.page, signed.record("不动产登记费", "?release=1"))
        assert "由第1次发布于" in verdict
        assert "缴入中央和地方国库" in verdict


def test_the_page_of_a_revision_leads_to_its_verification(browser: Browser, signed: Signed) -> None:
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens(signed.record("城镇垃圾处理费").removeprefix(signed.base))
        visitor.follows(visitor.page.get_by_role("link", name="来历与存证"))
        visitor.follows(visitor.page.locator("#content").get_by_role("link", name="核验"))
        assert verdict(visitor.page).startswith("核验无误")


@pytest.mark.parametrize(
    ("pattern", "before", "after", "problem"),
    [
        ("**/revisions/*", "缴入地方国库", "缴入中央国库", "内容与其校验值不符"),
        ("**/revisions/*", '"sheet":"收费"', '"sheet":"其他"', "来源与其承诺值不符"),
        ("**/document", '"number":3', '"number":4', "存证文件与日志条目不符"),
        ("**/manifest", "corrected", "withdrawn", "变化清单与存证文件不符"),
        ("**/log/keys.json", "+A", "+B", "没有通过核验"),
    ],
)
def test_what_the_site_alters_is_refused(
    browser: Browser, signed: Signed, pattern: str, before: str, after: str, problem: str
) -> None:
    def alter(route: Route) -> None:
        answer = route.fetch()
        text = answer.text()
        if answer.headers["content-type"].startswith(("application/json", "application/jsonl")):
            assert before in text
            text = text.replace(before, after)
        route.fulfill(response=answer, body=text)

    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        visitor.page.route(pattern, alter)
        verdict = type_address(visitor.page, signed.record("不动产登记费"))
        assert verdict.startswith("没有通过核验")
        assert problem in verdict


@pytest.mark.parametrize(
    ("name", "at", "problem"), [("hashes", 5, "存证证明不成立"), ("checkpoint", -20, "签名无效")]
)
def test_another_inclusion_proof_or_signature_is_refused(
    browser: Browser, signed: Signed, name: str, at: int, problem: str
) -> None:
    def alter(route: Route) -> None:
        answer = route.fetch()
        origin = json.loads(answer.text())
        value = origin["entry"][name]
        origin["entry"][name] = value[:at] + ("A" if value[at] != "A" else "B") + value[at:][1:]
        route.fulfill(response=answer, body=json.dumps(origin))

    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        visitor.page.route("**/revisions/*", alter)
        verdict = type_address(visitor.page, signed.record("不动产登记费"))
        assert verdict.startswith("没有通过核验")
        assert problem in verdict


def test_a_kept_checkpoint_shows_that_nothing_was_changed(
    browser: Browser, signed: Signed, tmp_path: Path
) -> None:
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        verdict = choose(visitor.page, signed.checkpoint)
        assert verdict.startswith("核验无误")
        assert "本站的日志（9个日志条目）是这个存证点（8个日志条目）的延续" in verdict
        origin, size, root, *others = signed.checkpoint.read_text(encoding="utf-8").split("\n")
        changed = tmp_path / "changed"
        changed.write_text("\n".join([origin, size, "B" + root[1:], *others]), encoding="utf-8")
        assert "存证点的签名无效" in choose(visitor.page, changed)


def test_a_log_that_does_not_continue_a_kept_checkpoint_is_refused(browser: Browser, signed: Signed) -> None:
    def alter(route: Route) -> None:
        answer = route.fetch()
        proof = json.loads(answer.text())
        route.fulfill(response=answer, body=json.dumps({**proof, "hashes": "A" * 43 + "="}))

    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        visitor.page.route("**/log/consistency/**", alter)
        verdict = choose(visitor.page, signed.checkpoint)
        assert "过去的内容被改写" in verdict


def test_a_source_a_download_and_a_strange_file(browser: Browser, signed: Signed, tmp_path: Path) -> None:
    release = signed.site.log.queries.release(FEES, 2)
    source, download, strange = (tmp_path / name for name in ("收费目录.csv", "fees.csv", "other.txt"))
    source.write_bytes(signed.site.log.evidence.source_bytes(release.sources[0].digest))
    address = f"/v1/datasets/{FEES}/releases/1/files/csv"
    download.write_bytes(signed.site.client.get(address, headers={"accept-encoding": "identity"}).content)
    strange.write_text("something else", encoding="utf-8")
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        verdict = choose(visitor.page, source)
        assert "“收费目录.csv”是《示例市收费目录(演示数据)》第2次发布的来源文件" in verdict
        verdict = choose(visitor.page, download)
        assert "第1次发布的文件（csv）逐字节相同" in verdict
        verdict = choose(visitor.page, strange)
        assert verdict.startswith("没有通过核验")
        assert "本站的发布中没有这个文件" in verdict


def test_a_file_can_be_dropped_anywhere_on_the_page(browser: Browser, signed: Signed) -> None:
    drop = """note => {
      const data = new DataTransfer();
      data.items.add(new File([note], "checkpoint"));
      const options = {dataTransfer: data, bubbles: true, cancelable: true};
      document.body.dispatchEvent(new DragEvent("drop", options));
    }"""
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        visitor.page.evaluate(drop, signed.checkpoint.read_text(encoding="utf-8"))
        assert verdict(visitor.page).startswith("核验无误")


def test_a_browser_without_ed25519_is_told_so(browser: Browser, signed: Signed) -> None:
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.page.add_init_script(WITHOUT_ED25519)
        visitor.opens("/verify")
        verdict = type_address(visitor.page, signed.record("不动产登记费"))
        assert "这个浏览器不支持 Ed25519，签名未核验" in verdict
        assert "由第3次发布于" in verdict


def test_an_erased_record_says_why(browser: Browser, signed: Signed) -> None:
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        verdict = type_address(visitor.page, signed.record("药品注册费"))
        visitor.faults = [f for f in visitor.faults if "status of 410" not in f]
        assert "重复登记" in verdict


def test_without_a_script_the_page_says_what_to_run(browser: Browser, signed: Signed) -> None:
    with visiting(browser, signed.base, Means(keyboard=True, scripts=False, width=360)) as visitor:
        visitor.opens("/verify?record=/datasets/x/records/y")
        text = visitor.page.locator("#content").inner_text()
        assert "在浏览器中核验需要脚本" in text
        assert "python verify.py log.zip site.zip" in text
        assert not visitor.page.locator("#verify").is_visible()


_CHECK_PROOFS = """async ({address, cases}) => {
  const {inclusionRoot, isConsistent, hex, unhex} = await import(address);
  const accepted = [];
  for (const [number, {kind, index, size, leaf, path, root, old}] of cases.entries()) {
    const hashes = path.map(unhex);
    const holds = kind === "inclusion"
      ? hex(await inclusionRoot(unhex(leaf), index, size, hashes) ?? []) === root
      : await isConsistent(index, unhex(old), size, unhex(root), hashes);
    if (holds) accepted.push(number);
  }
  return accepted;
}"""


def _proofs(rng: random.Random) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield 400 true proofs of trees of up to 70 leaves, each followed by five forged ones."""
    leaves = [merkle_tree.leaf_hash(bytes([n])) for n in range(70)]
    tiles: dict[tuple[int, int], bytes] = {}
    trees = []
    for n in range(70):
        merkle_tree.append_leaf(
            lambda *at: tiles[at], lambda *at: tiles.update({at[:2]: at[2]}), n, leaves[n]
        )
        trees.append(MerkleTree(lambda *at: tiles[at], n + 1))
    roots = [tree.root().hex() for tree in trees]
    for _ in range(200):
        size = rng.randint(2, 70)
        tree, index, old = trees[size - 1], rng.randrange(size), rng.randint(1, size - 1)
        for kind, place, hashes in (
            ("inclusion", index, tree.inclusion_proof(index)),
            ("consistency", old, tree.consistency_proof(old)),
        ):
            path = [one.hex() for one in hashes]
            true = {"kind": kind, "index": place, "path": path, "size": size, "root": roots[size - 1]}
            true |= {"leaf": leaves[index].hex(), "old": roots[old - 1]}
            yield true, True
            other = roots[rng.choice([n for n in range(70) if n not in (size - 1, old - 1)])]
            yield {**true, "root": other}, False
            yield {**true, "leaf": other, "old": other}, False
            yield {**true, "path": path[:-1] if path else [other]}, False
            yield {**true, "path": [*path, other]}, False
            yield {**true, "path": [other, *path[1:]]}, False


def test_the_script_accepts_true_proofs_and_none_of_2_000_forged_ones(
    browser: Browser, signed: Signed
) -> None:
    cases = list(_proofs(random.Random(20151201)))
    with visiting(browser, signed.base, MEANS) as visitor:
        visitor.opens("/verify")
        script = visitor.page.locator("script[src*=verify]").get_attribute("src") or ""
        imported = re.search(r"\./(proofs\.[0-9a-f]{10}\.js)", httpx.get(signed.base + script).text)
        assert imported is not None
        arguments = {"address": f"/assets/{imported[1]}", "cases": [case for case, _ in cases]}
        accepted = visitor.page.evaluate(_CHECK_PROOFS, arguments)
    assert accepted == [number for number, (_, is_true) in enumerate(cases) if is_true]
    assert (len(accepted), len(cases)) == (400, 2400)
