"""What was corrected, withdrawn or cancelled later says so wherever a past state of it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from tests.publisher.views.pages.conftest import BROWSER, Page
from tests.support.site import FEES, PLAIN, Site, four_releases, publish

pytestmark = pytest.mark.both_databases

CORRECTED, WITHDRAWN = "不动产登记费", "药品注册费"


@pytest.fixture
def own(tmp_path: Path, database: str) -> Iterator[Site]:
    """The same site, for a test that writes."""
    with four_releases(tmp_path, database=database) as site:
        yield site


def get(site: Site, title: str, query: str) -> httpx.Response:
    return site.client.get(f"/v1/datasets/{FEES}/records/{site.record(title)}{query}")


def page(site: Site, path: str) -> Page:
    return Page(site.client.get(path, headers=BROWSER))


def words(page: Page) -> str:
    """Text without spaces: those between elements do not matter."""
    return page.text.replace(" ", "")


@pytest.mark.slow
def test_a_pinned_record_says_that_it_was_corrected_later_and_how(site: Site) -> None:
    pinned = get(site, CORRECTED, "?release=1").json()
    assert pinned["content"]["management"] == "缴入中央和地方国库"
    (amendment,) = pinned["amendments"]
    assert (amendment["kind"], amendment["release"], amendment["reason"]) == (
        "corrected",
        3,
        "更正：资金管理方式有误",
    )
    assert [(f["title"], f["before"], f["after"]) for f in amendment["fields"]] == [
        ("资金管理方式", "缴入中央和地方国库", "缴入地方国库")
    ]
    assert amendment["link"].endswith(f"/v1/datasets/{FEES}/releases/3")
    shown = page(site, f"/datasets/{FEES}/records/{site.record(CORRECTED)}?release=1")
    assert "后经更正第3次发布" in words(shown)
    assert "更正：资金管理方式有误" in words(shown)
    assert words(shown).index("后经更正") < words(shown).index("历次变化")
    assert f"/datasets/{FEES}/records/{site.record(CORRECTED)}?release=3" in shown.links


def test_the_present_and_other_records_have_no_later_amendment(site: Site) -> None:
    assert get(site, CORRECTED, "").json()["amendments"] == []
    assert get(site, CORRECTED, "?release=3").json()["amendments"] == []
    assert get(site, PLAIN[0]["name"], "?release=1").json()["amendments"] == []  # type: ignore[arg-type]
    assert "后经更正" not in page(site, f"/datasets/{FEES}/records/{site.record(CORRECTED)}").text


def test_a_record_as_known_at_an_instant_says_what_followed(site: Site) -> None:
    published = site.log.queries.release(FEES, 2).published_at.isoformat().replace("+00:00", "Z")
    amendments = get(site, CORRECTED, f"?known_at={published}").json()["amendments"]
    assert [a["kind"] for a in amendments] == ["corrected"]


def test_a_pinned_record_says_that_it_was_withdrawn_later(site: Site) -> None:
    pinned = get(site, WITHDRAWN, "?release=2").json()
    assert [(a["kind"], a["release"], a["reason"]) for a in pinned["amendments"]] == [
        ("withdrawn", 4, "重复登记")
    ]
    assert pinned["withdrawn_at"] is not None
    shown = page(site, f"/datasets/{FEES}/records/{site.record(WITHDRAWN)}?release=2")
    assert "已撤回公布第4次发布" in words(shown)
    assert "重复登记" in words(shown)


def test_the_correction_of_a_later_content_is_none_of_an_earlier_one(own: Site) -> None:
    """Release 2 changed the record; what is corrected is the content since then."""
    name = str(PLAIN[0]["name"])
    record = own.record(name)
    own.log.releases.correct(FEES, {record: {**PLAIN[0], "management": "应为国库"}}, reason="笔误")
    own.log.releases.correct(FEES, {record: {**PLAIN[0], "management": "再改"}}, reason="再次更正")
    assert get(own, name, "?release=1").json()["amendments"] == []
    reasons = [a["reason"] for a in get(own, name, "?release=2").json()["amendments"]]
    assert reasons == ["笔误", "再次更正"]


def test_a_cache_learns_of_a_correction_and_of_nothing_else(own: Site) -> None:
    """The tag of a pinned answer changes with a correction, and not with an ordinary release."""
    first = get(own, WITHDRAWN, "?release=3")
    later = [{**PLAIN[0], "management": "改"}, *PLAIN[1:2]]
    publish(own.log, FEES, later, date(2016, 3, 2), "示财〔2016〕3号")
    tag = get(own, PLAIN[0]["name"], "?release=4").headers["etag"]  # type: ignore[arg-type]
    assert get(own, WITHDRAWN, "?release=3").headers["etag"] == first.headers["etag"]
    record = own.record(str(PLAIN[0]["name"]))
    own.log.releases.correct(FEES, {record: {**PLAIN[0], "management": "又改"}}, reason="笔误")
    answer = get(own, PLAIN[0]["name"], "?release=5")  # type: ignore[arg-type]
    assert answer.headers["etag"] != tag
    assert [a["reason"] for a in answer.json()["amendments"]] == ["笔误"]


def test_a_state_of_a_cancelled_release_says_so(own: Site) -> None:
    in_force = own.clock.now.date() + timedelta(days=90)
    later = [{**PLAIN[0], "management": "将来"}, *PLAIN[1:2]]
    publish(own.log, FEES, later, in_force, "示财〔2016〕4号")
    record = own.record(str(PLAIN[0]["name"]))
    address = f"/v1/datasets/{FEES}/records/{record}?release=5"
    assert own.client.get(address).json()["amendments"] == []
    own.log.releases.cancel(FEES, 5, reason="推迟施行")
    (amendment,) = own.client.get(address).json()["amendments"]
    assert (amendment["kind"], amendment["release"]) == ("cancelled", 6)
    assert "发布已取消" in page(own, f"/datasets/{FEES}/records/{record}?release=5").text


def test_the_citation_of_a_corrected_value_has_both_clocks(site: Site) -> None:
    shown = page(site, f"/datasets/{FEES}/records/{site.record(CORRECTED)}")
    release = site.log.queries.release(FEES, 3)
    known = release.published_at + timedelta(hours=8)
    day = f"{known.year}年{known.month}月{known.day}日"
    assert f"，自2015年1月1日起有效，{day}更正公布" in words(shown)
    assert "更正公布" not in page(site, f"/datasets/{FEES}/records/{site.record(str(PLAIN[0]['name']))}").text


def test_a_past_day_counts_what_was_listed_then_and_withdrawn_later(site: Site) -> None:
    published = site.log.queries.release(FEES, 2).published_at.date()
    address = f"/datasets/{FEES}?as_of={published + timedelta(days=2)}"
    shown = page(site, address)
    assert "当时列有、后来撤回公布：1项。" in words(shown)
    (then,) = [link for link in shown.links if "known_at=" in link and link.endswith("#records")]
    as_published = page(site, then.partition("#")[0])
    assert WITHDRAWN in words(as_published)
    assert "当时列有" not in words(as_published)
    assert [
        site.client.get(f"/v1/datasets/{FEES}/records?{query}").json()["withdrawn_since"]
        for query in (address.partition("?")[2], then.partition("?")[2].partition("#")[0], "", "release=2")
    ] == [1, 0, 0, 0]
    filtered = site.client.get(f"/v1/datasets/{FEES}/records?{address.partition('?')[2]}&limit=1").json()
    assert filtered["withdrawn_since"] == 1
    assert "当时列有" not in page(site, f"/datasets/{FEES}").text
    assert "当时列有" not in page(site, f"/datasets/{FEES}?as_of=2014-12-31").text
