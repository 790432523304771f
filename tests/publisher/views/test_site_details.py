"""What the site says of itself changes by an entry of the log, and stands on pages, catalog and feeds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import text

from publisher.log.model import LogError, Part
from tests.support.command import Home
from tests.support.site import BASE, FEES, PLAIN, Site, four_releases, publish

ATOM = "{http://www.w3.org/2005/Atom}"
NAME, OWNER = "示例市人民政府清单公开", "示例市人民政府办公室 <&>"
FEEDS = ("/feeds/all.atom", f"/feeds/{FEES}.json", "/changes.atom", "/findings.rss", "/effects.json")
PAGES = ("/", f"/datasets/{FEES}", f"/datasets/{FEES}/releases/1", "/problems/no-such-record", "/developers")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with four_releases(tmp_path) as site:
        yield site


def newest_document(site: Site) -> dict[str, object]:
    newest = site.log.proofs.entry(site.log.proofs.size() - 1).entry
    answer = site.client.get(f"/log/documents/{newest.digest}")
    document: dict[str, object] = answer.json()
    return document


@pytest.mark.slow
def test_details_stand_on_pages_in_the_catalog_and_in_feeds(site: Site) -> None:
    geo = (f"/ogc/collections/{FEES}/items?f=html", "/ogc?f=html")
    paths = (*PAGES, *geo, "/ogc/api", f"/datasets/{FEES}?release=1", "/catalog", *FEEDS)
    before = {path: site.client.get(path) for path in paths}
    site.log.datasets.change_site(
        name=NAME, owner=OWNER, contact="data@example.gov.cn", code="1234567890", icp="示ICP备1号"
    )
    for path in paths:
        answer = site.client.get(path)
        assert answer.headers["etag"] != before[path].headers["etag"], path
        old = {name: before[path].headers.get(name) for name in ("etag", "last-modified")}
        again = site.client.get(path, headers={"if-none-match": str(old["etag"])})
        assert again.status_code == 200, path
        if old["last-modified"] is not None:
            dated = site.client.get(path, headers={"if-modified-since": old["last-modified"]})
            assert dated.status_code == 200, path
    for path in (*PAGES, f"/datasets/{FEES}?release=1", "/nowhere"):
        page = site.client.get(path, headers={"accept": "text/html"}).text
        assert f"· {NAME}</title>" in page
        for words in ("主办单位：", "示例市人民政府办公室 &lt;&amp;&gt;", "1234567890", "示ICP备1号"):
            assert words in page, path
    for path in geo:
        page = site.client.get(path).text
        assert f"· {NAME}</title>" in page
        assert f"</span>{NAME}</a>" in page
        assert 'role="search"' in page
        assert "主办单位：" in page
    definition = site.client.get("/ogc/api").json()
    assert definition["info"]["contact"] == {"url": f"{BASE}/", "name": OWNER, "email": "data@example.gov.cn"}
    catalog = json.dumps(site.client.get("/catalog").json(), ensure_ascii=False)
    assert f"{NAME}数据目录" in catalog
    assert "mailto:data@example.gov.cn" in catalog
    feed = etree.fromstring(site.client.get("/feeds/all.atom").content)
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == OWNER
    # The API of records says nothing of the site.
    records = f"/v1/datasets/{FEES}/records?release=1"
    tag = site.client.get(records).headers["etag"]
    site.log.datasets.change_site(name="另一名称")
    assert site.client.get(records).headers["etag"] == tag


def test_what_is_pinned_bears_the_names_of_the_day_of_its_release(site: Site) -> None:
    site.log.datasets.change_site(name=NAME, owner=OWNER, operator="示例市大数据中心")
    publish(site.log, FEES, PLAIN[:3], date(2016, 6, 1), "示财〔2016〕9号")
    site.log.datasets.change_site(name="新名称", owner="示例市数据局", operator="")
    number = site.log.queries.releases(FEES)[-1].number
    pinned = f"/datasets/{FEES}?release={number}"
    page = site.client.get(pinned).text
    assert f"· {NAME}</title>" in page
    assert "承办单位：</" not in page
    assert "示例市大数据中心" in page
    assert "示例市数据局" not in page
    assert "· 新名称</title>" in site.client.get(f"/datasets/{FEES}").text
    # A release before the site had a name has the present one.
    assert "· 新名称</title>" in site.client.get(f"/datasets/{FEES}?release=1").text
    assert site.client.get(f"/datasets/{FEES}?release=99").status_code == 404
    files = f"/v1/datasets/{FEES}/releases/{number}/files"
    assert site.client.get(f"{files}/json").json()["operator"] == "示例市大数据中心"
    newest = site.client.get(f"/v1/datasets/{FEES}/files/json").json()
    assert (newest["site"], newest["owner"], newest["operator"]) == ("新名称", "示例市数据局", "")
    tag = site.client.get(f"{files}/zip").headers["etag"]
    site.log.datasets.change_site(name="又一名称")
    assert site.client.get(f"{files}/zip").headers["etag"] == tag
    with zipfile.ZipFile(io.BytesIO(site.client.get(f"{files}/zip").content)) as package:
        contributors = json.loads(package.read("datapackage.json"))["contributors"]
        assert {"title": "示例市人民政府办公室 <&>", "roles": ["distributor"]} in contributors
        assert NAME in package.read("README.md").decode()
    with zipfile.ZipFile(io.BytesIO(site.client.get("/v1/site.zip").content)) as package:
        assert json.loads(package.read("datapackage.json"))["title"] == "又一名称"


def test_feeds_of_one_list_name_the_site_too(site: Site) -> None:
    site.log.datasets.change_site(name=NAME, owner="示例市数据局")
    atom = etree.fromstring(site.client.get(f"/feeds/{FEES}.atom").content)
    assert atom.findtext(f"{ATOM}contributor/{ATOM}name") == "示例市数据局"
    rss = etree.fromstring(site.client.get(f"/feeds/{FEES}.rss").content)
    assert rss.findtext("channel/{http://purl.org/dc/elements/1.1/}publisher") == "示例市数据局"
    assert site.client.get(f"/feeds/{FEES}.json").json()["_qingdan"]["publisher"] == "示例市数据局"


def test_a_record_says_where_mistakes_are_reported_if_there_is_no_form(site: Site) -> None:
    path = f"/datasets/{FEES}/records/{site.record('城镇垃圾处理费')}"
    site.log.datasets.change_site(contact="0412-1234567", corrections="jiucuo@example.gov.cn")
    page = site.client.get(path).text
    assert '我要纠错：<a href="mailto:jiucuo@example.gov.cn">' in page
    assert '<a href="tel:04121234567">' in page  # the contact, in the foot
    site.log.datasets.change_site(corrections="")
    assert '我要纠错：<a href="tel:04121234567">' in site.client.get(path).text


def test_the_statements_name_who_is_responsible_and_the_licences(site: Site) -> None:
    site.log.datasets.change_site(owner="示例市数据局", contact="https://www.example.gov.cn/")
    for path in ("/privacy", "/accessibility", "/copyright"):
        home = site.client.get("/").text
        assert f'href="{path}"' in home
        page = site.client.get(path)
        assert page.status_code == 200
        assert "示例市数据局" in page.text
        tag = page.headers["etag"]
        assert site.client.get(path, headers={"if-none-match": tag}).status_code == 304
        assert site.client.get(f"{path}?lang=en").status_code == 200
    assert "CC0-1.0" in site.client.get("/copyright").text
    site.log.datasets.change(FEES, licence="CC-BY-4.0")
    assert "CC-BY-4.0" in site.client.get("/copyright").text


def test_each_change_of_the_site_is_an_entry_served_by_its_digest(site: Site) -> None:
    size = site.log.proofs.size()
    site.log.datasets.change_site(name=NAME, contact="电话 1")
    first = newest_document(site)
    assert (first["kind"], first["details"]) == ("site", {"name": NAME, "contact": "电话 1"})
    site.log.datasets.change_site(contact=" ", name=NAME)
    assert newest_document(site)["details"] == {"name": NAME}
    site.log.datasets.change_site(name=NAME)  # the same once more
    assert site.log.proofs.size() == size + 2
    assert site.log.integrity.verify().problems == ()
    with site.log._session.database.write() as conn:
        conn.execute(text("UPDATE site SET details = '{}'"))
    problems = site.log.integrity.verify().problems
    assert "站点 site: details 与存证文件不符 is not that of its document" in problems


def test_details_of_a_dataset_change_by_an_entry_and_every_answer_follows(site: Site) -> None:
    paths = (
        *(f"/v1/datasets/{FEES}", "/v1/datasets", f"/datasets/{FEES}", f"/datasets/{FEES}?release=1", "/"),
        *(f"/feeds/{FEES}.atom", "/catalog", f"/v1/datasets/{FEES}/releases/1/files/zip", "/v1/site.zip"),
    )
    before = {path: site.client.get(path).headers["etag"] for path in paths}
    size = site.log.proofs.size()
    site.log.datasets.change(FEES, title="示例市收费清单（新名）", licence="CC-BY-4.0", labels=("demo",))
    assert site.log.proofs.size() == size + 1
    details = newest_document(site)["details"]
    assert isinstance(details, dict)
    assert (details["title"], details["licence"]) == ("示例市收费清单（新名）", "CC-BY-4.0")
    for path in paths:
        answer = site.client.get(path)
        assert answer.headers["etag"] != before[path], path
        if "zip" not in path:
            assert "示例市收费清单（新名）" in answer.text, path
    site.log.datasets.change(FEES, licence="CC-BY-4.0")  # the same once more
    assert site.log.proofs.size() == size + 1
    with pytest.raises(LogError) as refused:
        site.log.datasets.change(FEES, title=" ")
    assert refused.value.code == "detail-missing"
    changed = site.log.datasets.change(FEES, title=" 示例市\r\n收费 ", notice="第一行\n第二行")
    assert (changed.title, changed.notice) == ("示例市 收费", "第一行\n第二行")
    assert site.log.datasets.add_part(FEES, Part("数据\n局")).parts[-1].name == "数据 局"
    assert site.log.integrity.verify().problems == ()


def test_the_commands_change_and_show_details(tmp_path: Path) -> None:
    home = Home(tmp_path / "site")
    home.dataset("shili-power-list")
    assert home.run("site", "set").code == 2
    home.ok("site", "set", "--name", NAME, "--owner", "示例市人民政府办公室")
    assert home.ok("site", "show", "--json").json["name"] == NAME
    assert "主办单位: 示例市人民政府办公室" in home.ok("--lang", "zh", "site", "show").out
    assert "没有变化" in home.ok("--lang", "zh", "site", "set", "--name", NAME).err
    changed = home.ok("--lang", "zh", "dataset", "set", "shili-power-list", "--body", "示例市政务服务局")
    assert "qingdan reindex" in changed.err
    assert home.ok("dataset", "show", "shili-power-list", "--json").json["body"] == "示例市政务服务局"
    assert home.run("dataset", "set", "shili-power-list", "--title", " ").code == 1
    assert home.run("dataset", "set", "none", "--title", "甲").code == 3
    home.ok("verify")
