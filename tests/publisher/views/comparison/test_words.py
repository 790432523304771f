"""Differences between two texts and between two records."""

from __future__ import annotations

import itertools
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.log.queries.comparison import Difference, DifferenceKind
from publisher.views.comparison.json_patch import patch
from publisher.views.comparison.likely_renames import likely_renames
from publisher.views.comparison.text_diff import LONGEST, Piece, pieces

texts = st.text(alphabet="罚款收费年月日0123，。", max_size=60)
contents = st.dictionaries(
    st.sampled_from(["name", "a/b", "a~b", "备注"]), texts | st.integers() | st.booleans()
)


@given(texts, texts)
def test_pieces_give_back_both_texts(before: str, after: str) -> None:
    parts = pieces(before, after)
    assert "".join(p.text for p in parts if p.op != "insert") == before
    assert "".join(p.text for p in parts if p.op != "delete") == after
    assert all(p.text for p in parts)
    assert all(a.op != b.op for a, b in itertools.pairwise(parts))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("每证10元", "每证20元", [("equal", "每证"), ("delete", "1"), ("insert", "2"), ("equal", "0元")]),
        ("缴入国库", "缴入地方国库", [("equal", "缴入"), ("insert", "地方"), ("equal", "国库")]),
        ("", "新", [("insert", "新")]),
        ("同", "同", [("equal", "同")]),
        ("", "", []),
    ],
)
def test_only_the_characters_that_differ_are_marked(
    before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    assert [(p.op, p.text) for p in pieces(before, after)] == expected


def test_a_single_common_character_does_not_split_a_mark() -> None:
    parts = pieces("由本市的财政部门收取", "由全省的税务机关收取")
    assert parts == (
        Piece("equal", "由"),
        Piece("delete", "本市的财政部门"),
        Piece("insert", "全省的税务机关"),
        Piece("equal", "收取"),
    )


def test_very_long_texts_are_compared_at_once() -> None:
    before, after = "甲" + "一二三四" * LONGEST + "乙", "甲" + "五六七八" * LONGEST + "乙"
    assert [p.op for p in pieces(before, after)] == ["equal", "delete", "insert", "equal"]


states = st.dictionaries(st.sampled_from(["r1", "r2", "r3"]), contents)


@given(states, states)
def test_the_patches_of_all_records_turn_one_state_into_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    operations = [
        operation
        for record in sorted({*before, *after})
        for operation in patch(record, before.get(record), after.get(record))
    ]
    assert jsonpatch.apply_patch(before, operations) == after


def difference(key: int, kind: DifferenceKind, name: str, **more: Any) -> Difference:
    content = {"name": name, **more}
    removed = kind == "removed"
    return Difference(
        key=key,
        record=f"r{key}",
        kind=kind,
        title=name,
        title_before=name if removed else "",
        part=None,
        part_before=None,
        before=content if removed else None,
        after=None if removed else content,
    )


def test_a_likely_rename_is_suggested_and_an_unlike_one_is_not() -> None:
    body = "市场监督管理局"
    renames = likely_renames(
        [
            difference(1, "removed", "食品流通许可", body=body, basis="食品安全法第三十五条"),
            difference(2, "removed", "排污许可证核发", body="生态环境局", basis="水法"),
            difference(3, "added", "食品经营许可", body=body, basis="食品安全法第三十五条"),
            difference(4, "added", "导游证核发", body="文旅局", basis="旅游法第三十七条"),
        ]
    )
    assert [(one.before.record, one.after.record) for one in renames] == [("r1", "r3")]
    assert 0.6 < renames[0].likeness < 1


def test_no_record_is_suggested_twice() -> None:
    twins = [difference(n, "removed", "食品经营许可", basis="甲") for n in (1, 2)]
    renames = likely_renames([*twins, difference(3, "added", "食品经营许可证", basis="甲")])
    assert len(renames) == 1
