"""Sentences about changes, and that they contain no personal, hidden or withdrawn content."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from feeds.atom_and_rss import atom
from feeds.change import FEED_KINDS, ChangeItem, Difference, Kind
from feeds.change_sentence import build_entry, details, headline, summary
from feeds.feed import Feed
from feeds.value_direction import directions_of_values
from schemas.definition.catalogue import Json
from schemas.definition.file_loader import load_catalogue, parse_catalogue


def _field(name: str, title: str, kind: str | None = None, **more: object) -> dict[str, object]:
    extra: dict[str, object] = {"title_en": name, **more}
    if kind:
        extra["kind"] = kind
    shape = {"limit": "object", "citations": "array"}.get(kind or "", "string")
    return {"name": name, "title": title, "type": shape, "description": name, "qingdan": extra}


CATALOGUE = parse_catalogue(
    json.dumps(
        {
            "fields": [
                _field("name", "项目名称"),
                _field("standard", "收费标准", "text", charge=True),
                _field("payer", "收费对象", "text"),
                _field("management", "资金管理方式"),
                _field("limit_promised", "承诺办结时限", "limit"),
                _field("basis", "政策依据", "citations"),
                _field("clerk", "录入人", personal=True),
            ],
            "qingdan": {
                "name": "charges",
                "title": {"zh": "收费目录", "en": "Charges"},
                "item": "收费项目",
                "description": "test",
                "identity": [["name"]],
                "title_field": "name",
            },
        },
        ensure_ascii=False,
    )
)

PLACED = parse_catalogue(
    CATALOGUE.source.replace('"name": "clerk"', '"name": "place"').replace(
        '"personal": true', '"kind": "division"'
    )
)

NOW = datetime(2024, 7, 1, 1, tzinfo=UTC)


def item(kind: Kind = "removed", **changes: object) -> ChangeItem:
    example = ChangeItem(
        id="tag:x.example,2024:charges/2/r1/removed",
        kind=kind,
        title="价格鉴证业务收费",
        link="https://x.example/r1",
        catalogue=CATALOGUE,
        responsible_body="示例市财政局",
        dataset="charges",
        dataset_title="示例市收费目录（演示数据）",
        published_at=NOW,
        published_on=date(2024, 7, 1),
        effective_on=date(2024, 7, 1),
        release=2,
        basis="示财综〔2024〕5号",
    )
    return structs.replace(example, **changes)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("added", "示例市财政局 新增收费项目：价格鉴证业务收费"),
        ("changed", "示例市财政局 调整收费项目：价格鉴证业务收费"),
        ("removed", "示例市财政局 从清单移出收费项目：价格鉴证业务收费"),
        ("corrected", "示例市财政局 更正收费项目：价格鉴证业务收费"),
        ("withdrawn", "示例市财政局 撤回误列的收费项目：价格鉴证业务收费"),
    ],
)
def test_a_headline_says_who_did_what_to_which_item(kind: Kind, sentence: str) -> None:
    assert headline(item(kind)) == sentence


def test_a_rename_names_both_names() -> None:
    text = headline(item("renamed", title="价格认定收费", previous_title="价格鉴证业务收费"))
    assert text == "示例市财政局 将收费项目“价格鉴证业务收费”更名为“价格认定收费”"


def test_records_of_the_first_release_are_not_called_new() -> None:
    assert headline(item("added", first=True)) == "示例市财政局 首次公布收费项目：价格鉴证业务收费"


def test_a_headline_states_the_decision_unless_it_is_blank_or_hidden() -> None:
    decided = item(
        "added",
        catalogue=load_catalogue("cancelled-items"),
        responsible_body="国务院",
        title="煤炭生产许可证核发",
        after={"name": "煤炭生产许可证核发", "decision": "取消"},
    )
    assert headline(decided) == "国务院 决定取消：煤炭生产许可证核发"
    blank = structs.replace(decided, after={"name": "煤炭生产许可证核发"})
    assert headline(blank) == "国务院 公布取消下放事项：煤炭生产许可证核发"
    assert "决定" not in headline(structs.replace(decided, hidden="内容已依法删除。"))


def test_a_document_is_published_by_the_bodies_that_issued_it() -> None:
    document = item(
        "added",
        catalogue=load_catalogue("policies"),
        responsible_body="示例市人民政府",
        title="关于减税的通知",
        after={"title": "关于减税的通知", "issuer": ["示例市财政局", "示例市税务局"]},
    )
    assert headline(document) == "示例市财政局、示例市税务局 发布政策文件：关于减税的通知"
    assert headline(structs.replace(document, after={})) == "示例市人民政府 发布政策文件：关于减税的通知"


def test_one_short_change_is_quoted_in_the_headline() -> None:
    change = item("changed", differences=(Difference("management", "财政专户", "缴入地方国库"),))
    assert headline(change).endswith(
        "调整收费项目：价格鉴证业务收费（资金管理方式：财政专户 → 缴入地方国库）"
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("0.85元/立方米", "0.95元/立方米", "上调收费标准：价格鉴证业务收费（0.85元/立方米 → 0.95元/立方米）"),
        ("10元/证", "免费", "下调收费标准：价格鉴证业务收费（10元/证 → 免费）"),
        ("10元/证", "不收取费用", "下调收费标准：价格鉴证业务收费（10元/证 → 不收取费用）"),
        ("停征", "10元/证", "上调收费标准：价格鉴证业务收费（停征 → 10元/证）"),
        ("10元/证", "10元/件", "调整收费项目：价格鉴证业务收费（收费标准：10元/证 → 10元/件）"),
    ],
)
def test_a_headline_states_whether_an_amount_went_up_or_down(before: str, after: str, sentence: str) -> None:
    change = item("changed", differences=(Difference("standard", before, after),))
    assert headline(change) == f"示例市财政局 {sentence}"


def test_a_charge_that_became_free_fell() -> None:
    free: Json = {"amount": "0", "unit": "元", "kind": "free"}
    fees = load_catalogue("fees")
    charged: Json = {"amount": "10", "unit": "元/证"}
    assert directions_of_values(fees, [("amount", charged, free)]) == ("fee-lowered",)
    assert directions_of_values(fees, [("amount", free, free)]) == ()


@pytest.mark.parametrize(
    ("name", "field"),
    [("support-policies", "amount"), ("support-recipients", "amount"), ("discretion-standards", "amount")],
)
def test_a_subsidy_or_a_fine_that_rises_is_no_charge(name: str, field: str) -> None:
    catalogue = load_catalogue(name)
    before: Json = {"amount": "100", "unit": "元"}
    after: Json = {"amount": "200", "unit": "元"}
    texts: list[tuple[str, Json, Json]] = [
        (one.name, "100元", "200元") for one in catalogue.fields if one.type == "string"
    ]
    assert directions_of_values(catalogue, [(field, before, after), *texts]) == ()
    change = structs.replace(item("changed"), catalogue=catalogue)
    change = structs.replace(change, differences=(Difference(field, before, after),))
    assert f" 调整{catalogue.item}" in headline(change)
    assert "100元 → 200元" in headline(change)
    terms = [category.term for category in build_entry(change, base="https://a.example").categories]
    assert not {"fee-raised", "fee-lowered"} & set(terms)


def test_a_text_that_is_no_charge_has_no_direction() -> None:
    change = item("changed", differences=(Difference("payer", "10元/证", "20元/证"),))
    assert " 调整收费项目" in headline(change)


def test_a_headline_quotes_the_charge_among_other_changes() -> None:
    text = Difference("standard", "0.85元/立方米", "0.95元/立方米")
    number = Difference(
        "amount", {"amount": "0.85", "unit": "元/立方米"}, {"amount": "0.95", "unit": "元/立方米"}
    )
    raised = "示例市财政局 上调收费标准：价格鉴证业务收费（0.85元/立方米 → 0.95元/立方米）"
    assert headline(item("changed", differences=(text, number))) == raised
    other = Difference("basis", ["示价发〔2019〕1号"], ["示价发〔2024〕3号"])
    assert headline(item("changed", differences=(other, text, number))).startswith(f"{raised}，并调整")
    assert headline(item("corrected", differences=(text, other))).startswith("示例市财政局 更正收费项目")


def test_a_record_with_a_new_reporting_department_says_so() -> None:
    change = item("changed", differences=(Difference("part", "工商局", "市场监管局"),))
    assert headline(change).endswith("（报送部门：工商局 → 市场监管局）")
    assert "<th>报送部门</th><td><del>工商局</del></td><td><ins>市场监管局</ins></td>" in details(change)


def test_days_and_places_are_written_as_people_write_them() -> None:
    change = item(
        "changed",
        catalogue=load_catalogue("policies"),
        differences=(Difference("date_written", "2015-11-05", "2015-11-15"),),
    )
    assert headline(change).endswith("（成文日期：2015年11月5日 → 2015年11月15日）")
    placed = item("added", catalogue=PLACED, after={"name": "甲", "place": "210302"})
    assert "<td>辽宁省鞍山市铁东区（210302）</td>" in details(placed)


def test_a_missing_value_is_printed_as_none() -> None:
    change = item("changed", differences=(Difference("standard", None, "5元/证"),))
    assert headline(change).endswith("（收费标准：无 → 5元/证）")


def test_a_limit_is_printed_with_its_unit() -> None:
    before: Json = {"value": 20, "unit": "工作日"}
    after: Json = {"value": 10, "unit": "工作日"}
    change = item("changed", differences=(Difference("limit_promised", before, after),))
    assert "20" in headline(change)
    assert "工作日" in headline(change)
    assert "{" not in headline(change)
    assert "{" not in details(change)


def test_several_changes_are_named_by_their_fields() -> None:
    names = ("standard", "management", "basis", "limit_promised")
    change = item("changed", differences=tuple(Difference(n, None, None) for n in names))
    assert headline(change).endswith("（收费标准、资金管理方式、政策依据等）")


def test_a_change_with_a_future_effect_states_the_date() -> None:
    change = item(effective_on=date(2025, 1, 1))
    assert headline(change).endswith("（自2025年1月1日起）")
    assert "将自2025年1月1日起生效" in summary(change)


def test_a_summary_names_list_release_document_and_reason() -> None:
    text = summary(item(reason="没有法律法规依据。"))
    assert text == (
        "《示例市收费目录（演示数据）》第2次发布，自2024年7月1日起生效，"
        "依据：示财综〔2024〕5号。说明：没有法律法规依据。"
    )


def test_a_personal_field_never_appears() -> None:
    removed = item("removed", before={"name": "价格鉴证业务收费", "clerk": "张某某"})
    changed = item("changed", differences=(Difference("clerk", "张某某", "李某某"),))
    assert "张某某" not in details(removed) + headline(changed) + summary(changed) + details(changed)
    place = structs.replace(PLACED.by_name["place"], personal=True)
    hidden = structs.replace(
        PLACED, fields=(*(f for f in PLACED.fields if f.name != "place"), place), source=""
    )
    lived = item("removed", catalogue=hidden, before={"name": "甲", "place": "210311"})
    assert "210311" not in repr(build_entry(lived, base="https://x.example"))


def test_a_file_whose_address_is_broken_breaks_no_feed() -> None:
    files: Json = [{"name": "甲", "url": "http://[x"}, {"name": "乙", "url": "javascript:alert(1)"}]
    added = item("added", catalogue=load_catalogue("policies"), after={"title": "甲", "attachments": files})
    assert [link.href for link in build_entry(added, base="").links] == ["http://[x"]


def test_a_field_that_is_not_in_the_catalogue_is_skipped() -> None:
    changed = item("changed", differences=(Difference("gone", "甲", "乙"),))
    assert "甲" not in headline(changed) + details(changed)


@pytest.mark.parametrize("kind", list(FEED_KINDS))
def test_hidden_content_appears_nowhere(kind: Kind) -> None:
    secret = {"name": "隐去的名称", "standard": "隐去的标准"}
    change = item(
        kind,
        before=secret,
        after=secret,
        differences=(Difference("standard", "隐去的标准", "隐去的标准二"),),
        previous_title="隐去的名称",
        hidden="该条目其后已撤回公布，内容不再列出。",
    )
    entry = build_entry(change, base="https://x.example")
    texts = entry.title + entry.summary + entry.content_html
    assert "隐去" not in texts
    assert "已撤回公布" in entry.summary


def test_a_withdrawal_gives_its_reason_and_not_what_was_withdrawn() -> None:
    change = item(
        "withdrawn", reason="误列", before={"name": "价格鉴证业务收费", "standard": "按标的额分档累进"}
    )
    assert "说明：误列。" in details(change)
    assert "按标的额" not in details(change)


def test_an_addition_lists_its_fields_by_their_chinese_titles() -> None:
    change = item("added", after={"name": "不动产登记费", "standard": "80元/件\n550元/件"})
    assert "<th>收费标准</th><td>80元/件<br/>550元/件</td>" in details(change)


def test_long_texts_show_the_stretch_that_differs_with_some_context() -> None:
    before = "甲" * 500 + "二十个工作日" + "乙" * 500
    after = "甲" * 500 + "十个工作日" + "乙" * 500
    html = details(item("changed", differences=(Difference("standard", before, after),)))
    assert "二十个工作日" in html
    assert "<ins>…" in html
    assert len(html) < 600


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not attrs

    def handle_data(self, data: str) -> None:
        self.text.append(data)


MARKUP = st.text(st.sampled_from(list("<>&\"'/= abscriptonimg甲乙\n")), max_size=60)


@given(before=MARKUP, after=MARKUP, reason=MARKUP, kind=st.sampled_from(list(FEED_KINDS)))
def test_markup_in_the_data_stays_text(before: str, after: str, reason: str, kind: Kind) -> None:
    change = item(
        kind,
        before={"name": "甲", "standard": before},
        after={"name": "甲", "standard": after},
        differences=(Difference("standard", before, after),),
        reason=reason,
    )
    reader = _Reader()
    reader.feed(details(change))
    reader.close()
    assert reader.tags <= {"p", "table", "tr", "th", "td", "del", "ins", "br"}
    if kind == "added" and after.strip() and "\n" not in after:
        assert after in "".join(reader.text)


def test_an_entry_keeps_its_id_and_carries_its_kind_as_a_category() -> None:
    entry = build_entry(item(), base="https://x.example")
    assert entry.id == item().id
    assert [(c.term, c.scheme, c.label) for c in entry.categories] == [
        ("removed", "https://x.example/kinds", "移出清单"),
        ("charges", "https://x.example/facets/dataset", item().dataset_title),
    ]
    feed = Feed(
        "tag:x.example,2024:f", "t", NOW, "https://x.example", "https://x.example/f", entries=(entry,)
    )
    assert "示例市财政局 从清单移出收费项目：价格鉴证业务收费".encode() in atom(
        structs.replace(feed, entries=(entry,))
    )
