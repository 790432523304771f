"""Government bodies: short and full names, renames over the years, the place as a prefix."""

from __future__ import annotations

import pytest

from schemas.reference import government_bodies


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("发改委", "发展和改革委员会"),
        ("国家发展改革委", "国家发展和改革委员会"),
        ("鞍山市发改委", "鞍山市发展和改革委员会"),
        ("鞍山市人社局", "鞍山市人力资源和社会保障局"),
        ("人社部", "人力资源和社会保障部"),
        ("市住建局", "市住房和城乡建设局"),
        ("鞍山市铁东区市监局", "鞍山市铁东区市场监督管理局"),
        ("市国资委", "市国有资产监督管理委员会"),
        ("马鞍山市应急局", "马鞍山市应急管理局"),
        ("卫健委", "卫生健康委员会"),
        ("文旅局", "文化和旅游局"),
        ("省教委", "省教育委员会"),
        ("市国税局", "市国家税务局"),
        ("市农委", "市农业委员会"),
    ],
)
def test_a_short_name_leads_to_the_full_one_of_the_same_place_and_back(short: str, full: str) -> None:
    assert full in government_bodies.list_other_names(short)
    assert "".join(short.split()) in government_bodies.list_other_names(full)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("鞍山市工商行政管理局", "鞍山市市场监督管理局"),
        ("安全生产监督管理局", "应急管理局"),
        ("国土资源部", "自然资源部"),
        ("环境保护局", "生态环境局"),
        ("卫生局", "卫生健康委员会"),
        ("市物价局", "市发展和改革委员会"),
    ],
)
def test_a_rename_is_known_in_both_directions(before: str, after: str) -> None:
    assert after in government_bodies.list_other_names(before)
    assert before in government_bodies.list_other_names(after)


def test_aliases_keep_the_place_and_leave_out_the_name_itself() -> None:
    others = government_bodies.list_other_names("鞍山市发改委")
    assert "鞍山市发展和改革委员会" in others
    assert "鞍山市发改委" not in others
    assert all(name.startswith("鞍山市") for name in others)


@pytest.mark.parametrize("name", ["", "克拉玛依市委宣传部", "某某发改委", "委", "《发改委》"])
def test_an_unknown_body_has_no_other_names(name: str) -> None:
    assert government_bodies.list_other_names(name) == ()


def test_every_name_is_among_the_other_names_of_each_of_its_own() -> None:
    for name in government_bodies.all_names():
        for other in government_bodies.list_other_names(name):
            assert name in government_bodies.list_other_names(other), (name, other)


def test_a_name_in_traditional_characters_is_known() -> None:
    assert "鞍山市发改委" in government_bodies.list_other_names("鞍山市發展和改革委員會")
