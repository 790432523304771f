"""Feed entries of a collected document: files, text and source."""

from __future__ import annotations

import hashlib
import json

import feedparser
import pytest

from tests.publisher.harvest.conftest import DATASET, Collector
from tests.publisher.harvest.test_documents import attach, pdf, word
from tests.support.government import letter

pytestmark = pytest.mark.slow

RULES, PLAN = pdf("Rules of the notice"), word("实施方案", "分三步实施。")


@pytest.fixture
def collected(collector: Collector) -> Collector:
    """Publish one document with two files; a link to a third file leads nowhere."""
    attach(collector, rules_pdf=RULES, plan_docx=PLAN, gone_doc=b"")
    del collector.web.answers["/files/gone.doc"]
    collector.collect()
    collector.publish()
    return collector


def test_the_record_names_each_file_with_what_it_was_when_it_was_fetched(collected: Collector) -> None:
    with collected.served() as client:
        (record,) = client.get(f"/v1/datasets/{DATASET}/records").json()["records"]
        schema = client.get(f"/v1/datasets/{DATASET}/schema").json()["json_schema"]["properties"]
    files = f"{collected.web.base}/files"
    assert record["content"]["attachments"] == [
        {
            "name": "rules",
            "url": f"{files}/rules.pdf",
            "media_type": "application/pdf",
            "size": len(RULES),
            "sha256": hashlib.sha256(RULES).hexdigest(),
        },
        {
            "name": "plan",
            "url": f"{files}/plan.docx",
            "media_type": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "size": len(PLAN),
            "sha256": hashlib.sha256(PLAN).hexdigest(),
        },
        {"name": "gone", "url": f"{files}/gone.doc"},
    ]
    assert schema["attachments"]["items"]["required"] == ["name"]


@pytest.mark.parametrize("form", ["atom", "rss", "json"])
def test_feeds_carry_the_files_as_enclosures(collected: Collector, form: str) -> None:
    with collected.served() as client:
        answer = client.get(f"/feeds/{DATASET}.{form}")
    rules, plan, missing = (
        f"{collected.web.base}/files/{name}" for name in ("rules.pdf", "plan.docx", "gone.doc")
    )
    if form == "json":
        (item,) = json.loads(answer.content)["items"]
        first, *more = item["attachments"]
        assert first == {
            "url": rules,
            "mime_type": "application/pdf",
            "title": "rules",
            "size_in_bytes": len(RULES),
        }
        assert [one["url"] for one in more] == [plan, missing]
        return
    (entry,) = feedparser.parse(answer.content).entries
    first = entry.enclosures[0]
    assert (first.href, first.type, int(first.length)) == (rules, "application/pdf", len(RULES))
    linked = [link.href for link in entry.links if link.rel == "enclosure"]
    assert set(linked) == {rules, plan, missing}
    assert answer.text.count("<enclosure ") == (1 if form == "rss" else 0)  # RSS 2.0 allows one enclosure


def test_an_entry_contains_the_whole_text_and_links_to_the_source(collected: Collector) -> None:
    with collected.served() as client:
        (entry,) = feedparser.parse(client.get(f"/feeds/{DATASET}.atom").content).entries
    assert "各部门要按时完成。" in entry.content[0].value
    assert "分三步实施。" in entry.content[0].value  # also of the file
    assert [link.href for link in entry.links if link.rel == "via"] == [f"{collected.web.base}/d/1.html"]
    assert letter(1)[0] in entry.title


def test_a_page_links_each_file_by_its_name(collected: Collector) -> None:
    with collected.served() as client:
        (record,) = client.get(f"/v1/datasets/{DATASET}/records").json()["records"]
        html = client.get(f"/datasets/{DATASET}/records/{record['id']}").text
    files = f"{collected.web.base}/files"
    assert f'<a href="{files}/rules.pdf">rules</a> <small>{len(RULES)} Bytes</small>' in html
    assert f'<a href="{files}/gone.doc">gone</a>' in html


def test_what_is_erased_takes_its_files_out_of_the_feeds(collected: Collector) -> None:
    record = collected.site.ok("show", DATASET, letter(1)[0], "--json").json[0]["id"]
    collected.site.ok("erase", DATASET, record, "--ground", "法院裁定", "--yes")
    with collected.served() as client:
        for form in ("atom", "rss", "json"):
            assert "/files/" not in client.get(f"/feeds/{DATASET}.{form}").text
