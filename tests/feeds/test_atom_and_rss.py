"""Atom and RSS documents, parsed as feed readers parse them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec import structs

from feeds.atom_and_rss import atom, rss
from feeds.feed import Category, Entry, Feed, Link

type Render = Callable[[Feed], bytes]

RENDERS = pytest.mark.parametrize("render", [atom, rss])
ATOM = "{http://www.w3.org/2005/Atom}"
START = datetime(2015, 12, 1, 1, 2, 3, tzinfo=UTC)

# Every kind of text that a cell can contain, with characters that XML forbids: controls, surrogates, U+FFFE.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(list("\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\x85\ud800\udfff\ufffe\uffff]>&<'\"𠮷\r\n\t")),
    ),
    max_size=40,
)
MOMENTS = st.datetimes(datetime(1999, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def entry(number: int, **changes: object) -> Entry:
    example = Entry(
        id=f"tag:data.example.gov.cn,2015-12-01:shili-fees/{number}",
        title=f"示例市财政局 从清单移出收费项目：价格鉴证业务收费{number}",
        updated=START + timedelta(minutes=number),
        published=START,
        link=f"https://data.example.gov.cn/v1/shili-fees/records/r{number}?a=1&b=2",
        summary="第2次发布",
        content_html="<p>原 <del>20</del></p>",
        authors=("示例市财政局",),
        categories=(Category("removed", "https://data.example.gov.cn/kinds", "移出清单"),),
    )
    return structs.replace(example, **changes)


def feed(*entries: Entry, **changes: object) -> Feed:
    example = Feed(
        id="tag:data.example.gov.cn,2015-12-01:feeds/shili-fees",
        title="示例市收费目录（演示数据）",
        updated=START,
        link="https://data.example.gov.cn/",
        self_link="https://data.example.gov.cn/feeds/shili-fees.atom",
        author="示例市人民政府",
        entries=entries,
    )
    return structs.replace(example, **changes)


@RENDERS
def test_a_reader_finds_every_entry_without_complaint(render: Render) -> None:
    parsed = feedparser.parse(render(feed(entry(1), entry(2))))
    assert parsed.bozo is False
    assert parsed.version == ("atom10" if render is atom else "rss20")
    assert parsed.feed.title == "示例市收费目录（演示数据）"
    first = parsed.entries[0]
    assert first.title == "示例市财政局 从清单移出收费项目：价格鉴证业务收费2"
    assert first.link == "https://data.example.gov.cn/v1/shili-fees/records/r2?a=1&b=2"
    assert first.author == "示例市财政局"
    assert first.content[0].value == "<p>原 <del>20</del></p>"


@RENDERS
def test_the_newest_entry_comes_first_in_any_order_of_input(render: Render) -> None:
    parsed = feedparser.parse(render(feed(entry(2), entry(3), entry(1))))
    assert [e.id.rpartition("/")[2] for e in parsed.entries] == ["3", "2", "1"]


@RENDERS
def test_entries_of_one_instant_keep_the_order_in_which_they_were_given(render: Render) -> None:
    same = [entry(n, updated=START) for n in (3, 1, 2)]
    parsed = feedparser.parse(render(feed(*same)))
    assert [e.id.rpartition("/")[2] for e in parsed.entries] == ["3", "1", "2"]


@RENDERS
def test_a_feed_without_entries_can_be_read(render: Render) -> None:
    parsed = feedparser.parse(render(feed()))
    assert parsed.bozo is False
    assert parsed.entries == []
    assert parsed.feed.updated_parsed[:6] == (2015, 12, 1, 1, 2, 3)


@pytest.mark.slow
@RENDERS
def test_ten_thousand_entries_all_arrive(render: Render) -> None:
    root = etree.fromstring(render(feed(*(entry(n) for n in range(10_000)))))
    tag = f"{ATOM}id" if render is atom else "guid"
    ids = [element.text for element in root.iter(tag) if element.text and "shili-fees/" in element.text]
    assert len(set(ids) - {"tag:data.example.gov.cn,2015-12-01:feeds/shili-fees"}) == 10_000


@pytest.mark.slow
@RENDERS
@given(
    texts=st.lists(st.tuples(ANY_TEXT, ANY_TEXT, ANY_TEXT), max_size=4),
    moments=st.lists(MOMENTS, min_size=4, max_size=4),
    title=ANY_TEXT,
)
@settings(max_examples=150, deadline=None)
def test_no_text_and_no_order_breaks_a_feed(
    render: Render, texts: list[tuple[str, str, str]], moments: list[datetime], title: str
) -> None:
    entries = [
        entry(
            n,
            title=words[0],
            summary=words[1],
            authors=(words[2],),
            content_html=words[1],
            updated=moments[n],
        )
        for n, words in enumerate(texts)
    ]
    source = feed(*entries, title=title, subtitle=title)
    document = render(source)
    assert document == render(source)
    parsed = feedparser.parse(document)
    assert parsed.bozo is False
    expected = sorted(entries, key=lambda e: e.updated, reverse=True)
    assert [e.id for e in parsed.entries] == [e.id for e in expected]


@RENDERS
def test_control_characters_and_lone_surrogates_are_left_out_and_the_rest_stays(render: Render) -> None:
    hostile = "价\x00格\x0b鉴\ud800证\ufffe\uffff𠮷]]>"
    parsed = feedparser.parse(render(feed(entry(1, title=hostile, content_html=f"<p>{hostile}</p>"))))
    assert parsed.bozo is False
    assert parsed.entries[0].title == "价格鉴证𠮷]]>"


def test_a_summary_is_plain_text_in_atom_and_escaped_html_in_rss() -> None:
    value = feed(entry(1, summary="<b>1 < 2</b>"))
    atom_summary = etree.fromstring(atom(value)).findtext(f"{ATOM}entry/{ATOM}summary")
    assert atom_summary == "<b>1 < 2</b>"
    description = etree.fromstring(rss(value)).findtext("channel/item/description")
    assert description == "&lt;b&gt;1 &lt; 2&lt;/b&gt;"


def test_guids_of_rss_are_tag_uris_and_no_permalinks() -> None:
    guid = etree.fromstring(rss(feed(entry(1)))).find("channel/item/guid")
    assert guid is not None
    assert guid.get("isPermaLink") == "false"
    assert guid.text == entry(1).id


def test_links_of_an_atom_entry_keep_relation_type_title_and_length() -> None:
    history = Link("https://x.example/h", "related", "application/json", "历次变化", 12)
    root = etree.fromstring(atom(feed(entry(1, links=(history,)))))
    links = [dict(link.attrib) for link in root.findall(f"{ATOM}entry/{ATOM}link")]
    assert links == [
        {"href": entry(1).link, "rel": "alternate"},
        {
            "href": "https://x.example/h",
            "rel": "related",
            "type": "application/json",
            "title": "历次变化",
            "length": "12",
        },
    ]


@RENDERS
def test_every_link_of_a_feed_is_written_once(render: Render) -> None:
    others = (
        Link("https://x.example/hub", "hub"),
        Link("https://x.example/2", "next", "application/atom+xml"),
        Link("https://x.example/f.json", "alternate", "application/json"),
    )
    root = etree.fromstring(render(feed(links=others)))
    place = root if render is atom else root.find("channel")
    assert place is not None
    links = [(link.get("rel"), link.get("href")) for link in place.findall(f"{ATOM}link")]
    assert links[0] == ("self", "https://data.example.gov.cn/feeds/shili-fees.atom")
    assert [w for w in links if w[1] != "https://data.example.gov.cn/"] == [
        links[0],
        ("hub", "https://x.example/hub"),
        ("next", "https://x.example/2"),
        ("alternate", "https://x.example/f.json"),
    ]


@RENDERS
def test_the_time_of_a_feed_is_the_one_given_never_the_present(render: Render) -> None:
    shanghai = START.astimezone(timezone(timedelta(hours=8)))
    assert render(feed(entry(1), updated=shanghai)) == render(feed(entry(1)))
    assert b"2015" in render(feed())


@RENDERS
def test_a_time_without_a_zone_is_refused(render: Render) -> None:
    with pytest.raises(ValueError, match="time zone"):
        render(feed(updated=datetime(2015, 12, 1)))  # noqa: DTZ001 - the case in question


def test_rendering_rss_does_not_change_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr("locale.setlocale", lambda *arguments: called.append(arguments))
    rss(feed(entry(1), entry(2)))
    assert called == []
