"""English pages: Chinese is marked, titles fall back, values have English, and English words find."""

from __future__ import annotations

import re

import pytest

from publisher.views.pages.printing.language_marks import mark_chinese
from schemas.definition.file_loader import list_names, load_catalogue
from schemas.reference.english_words import translate_query, value_in_english
from search.chinese.analyzer import HAN
from tests.publisher.views.pages.conftest import Open
from tests.support.site import FEES, Site

CHINESE = re.compile(f"[{HAN}]")


@pytest.mark.parametrize(
    ("html", "marked"),
    [
        ("<p>甲乙</p>", '<p><span lang="zh">甲乙</span></p>'),
        (
            "<p>since 2016: 收费（新）。 More</p>",
            '<p>since 2016: <span lang="zh">收费（新）。</span> More</p>',
        ),
        ("<option value=a>收费</option>", '<option value=a lang="zh">收费</option>'),
        (
            '<p lang="zh">甲<b>乙</b></p><i>丙</i>',
            '<p lang="zh">甲<b>乙</b></p><i><span lang="zh">丙</span></i>',
        ),
        ("<script>x = '甲'</script>", "<script>x = '甲'</script>"),
        ('<input placeholder="甲"><p>b</p>', '<input placeholder="甲"><p>b</p>'),
        ("<p>A &amp; B</p>", "<p>A &amp; B</p>"),
    ],
)
def test_chinese_is_marked_where_it_is_not_yet(html: str, marked: str) -> None:
    assert mark_chinese(html) == marked


def test_no_text_of_an_english_page_is_chinese_without_a_mark(site: Site, visit: Open) -> None:
    record = f"/datasets/{FEES}/records/{site.record('城镇垃圾处理费')}"
    for address in ("/", f"/datasets/{FEES}", record, "/search?q=收费", "/follow", "/copyright", "/nowhere"):
        page = visit(f"{address}{'&' if '?' in address else '?'}lang=en").answer.text
        body = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.S)
        body = re.sub(r'<(\w+)[^>]* lang="zh[^>]*>[^<]*(?:<(?!/\1)[^>]*>[^<]*)*?</\1>', "", body)
        texts = [text for text in re.split(r"<[^>]*>", body) if CHINESE.search(text)]
        assert texts == [], address


def test_a_title_without_english_falls_back_to_the_marked_chinese(site: Site, visit: Open) -> None:
    site.log.datasets.change(FEES, title_en="")
    page = visit(f"/datasets/{FEES}?lang=en").answer.text
    title = site.log.datasets.get(FEES).title
    assert re.search(rf'<h1><bdi><span lang="zh">{re.escape(title)}</span>', page)


def test_each_english_page_names_a_list_by_its_english_title(look: Open) -> None:
    home = "/datasets/shili-power-list"
    found = look("/search?q=危险化学品经营许可&lang=en")
    record = next(link for link in found.links if link.startswith(f"{home}/records/")).partition("?")[0]
    pages = (f"{home}/compare", f"{home}/releases/2", record, f"{record}/correction")
    for page in (found, *(look(f"{address}?lang=en") for address in pages)):
        text = re.sub(r"<[^>]*translate=\"no\".*?</div>", "", page.text, flags=re.S)
        assert "Powers and responsibilities of Shili" in text
        assert "示例市权责清单<" not in text


def test_every_value_of_a_vocabulary_has_its_english() -> None:
    for name in list_names():
        for field in load_catalogue(name).fields:
            for term in field.vocabulary:
                assert value_in_english(term.value) != term.value, (name, term.value)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("food permit", "食品 许可"),
        ("Fees", "收费"),
        ("hazardous chemicals", "危险化学品"),
        ("how do I get a driving licence?", "驾驶证"),
        ("taxi fee 2016", "出租汽车 收费 2016"),
        ("weixianhuaxuepin", None),
        ("收费", None),
        ("the", None),
    ],
)
def test_english_words_are_translated_by_the_glossary(text: str, chinese: str | None) -> None:
    assert translate_query(text) == chinese


def test_an_english_query_finds_and_says_what_was_searched(site: Site, visit: Open) -> None:
    page = visit("/search?q=garbage+fee&lang=en").answer.text
    assert "城镇垃圾处理费" in re.sub("</?mark[^>]*>|</?span[^>]*>", "", page)
    assert "Did you mean" in page
    assert site.client.get("/v1/search?q=garbage+fee").json()["did_you_mean"] == "垃圾"


def test_files_of_an_english_page_have_english_headings_and_titles(site: Site, visit: Open) -> None:
    for address in (f"/datasets/{FEES}", f"/datasets/{FEES}/releases/2"):
        page = visit(f"{address}?lang=en")
        assert "Excel workbook" in page.text
        (file,) = [one for one in page.leading_to("/files/csv?") if one.startswith("/v1/")]
        assert not CHINESE.search(site.client.get(file).text.splitlines()[0])
    (compared,) = visit(f"/datasets/{FEES}/compare?lang=en").leading_to("/compare.csv")
    assert not CHINESE.search(site.client.get(compared).text.splitlines()[0])
    (results,) = visit("/search?q=垃圾处理费&lang=en").leading_to("/search.csv")
    assert site.log.datasets.get(FEES).title_en in site.client.get(results).text


def test_marks_between_english_words_are_english(look: Open) -> None:
    page = look("/changes?kind=fee-raised&lang=en")
    shares = re.findall(r'<span class="by">([^<]*)</span>', page.answer.text)
    assert shares
    assert not [share for share in shares if "，" in share]
    assert "All deadlines (ICS)" in look("/commitments?lang=en").text
