"""JSON and JSON Lines become records with unchanged values."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from publisher.ingest.formats.detect import JSON, JSON_LINES, open_file
from publisher.ingest.parsed_file import UnreadableFile
from tests.support.shared_data import require


def read_rows(data: bytes) -> list[dict[str, object]]:
    records = open_file(data, "f.json").records
    assert records is not None
    return list(records)


@pytest.mark.parametrize(
    "text",
    [
        '[{"名称": "甲", "费": 12.50}]',
        '{"code": 200, "tags": ["a"], "data": {"list": [{"名称": "甲", "费": 12.50}]}}',
        '{"名称": "甲", "费": 12.50}\n',
        '\n{"名称": "甲",\n "费": 12.50}\n',
    ],
)
def test_every_shape_of_records_is_read_and_decimals_stay_as_written(text: str) -> None:
    for data in (
        text.encode(),
        text.encode("utf-8-sig"),
        text.encode("gb18030"),
        gzip.compress(text.encode()),
    ):
        assert read_rows(data) == [{"名称": "甲", "费": "12.50"}]


def test_json_lines_can_be_read_twice() -> None:
    opened = open_file(b'{"a": 1}\n\n{"a": 2}', "f.jsonl")
    assert opened.media_type == JSON_LINES
    assert opened.records is not None
    assert list(opened.records) == list(opened.records) == [{"a": 1}, {"a": 2}]


def test_a_broken_line_is_named() -> None:
    opened = open_file(b'{"a": 1}\n{"a": \n', "f.jsonl")
    assert opened.records is not None
    with pytest.raises(UnreadableFile) as caught:
        list(opened.records)
    finding = caught.value.finding
    assert (finding.code, finding.row) == ("json-broken", 2)
    assert finding.message_zh.startswith("第2行第7个字符处 JSON 语法错误")
    assert finding.message_en.startswith("JSON syntax error at line 2, character 7")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[{"a": 1}, 2]', "json-not-records"),
        ('{"x": [{"a": 1}], "y": [{"b": 1}]}', "json-not-records"),
        ('[{"a": 1}', "json-broken"),
        ('[{"a": ' + "[" * 100_000, "json-broken"),
        ('[{"a": ' + "9" * 5000 + "}]", "json-broken"),
    ],
)
def test_json_that_holds_no_records_is_refused(text: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(text.encode(), "f.json")
    assert caught.value.finding.code == code


def test_the_place_of_a_syntax_error_is_given_by_line_and_character_in_both_languages() -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file('[\n{"名称": "甲" "乙": 1}\n]'.encode(), "f.json")
    assert caught.value.finding.message_zh.startswith("第2行第12个字符处 JSON 语法错误")


def test_an_element_that_is_no_object_is_reported_with_its_number_and_type() -> None:
    with pytest.raises(UnreadableFile) as caught:
        open_file(b'[{"a": 1}, 2]', "f.json")
    assert caught.value.finding.message_zh == "JSON 结构不符：第2个元素是数字，不是对象"
    assert caught.value.finding.message_en.endswith("item 2 is a number, not an object")


def test_text_that_begins_with_a_bracket_is_no_json() -> None:
    assert open_file("[1992]价费字240号,1\n[1992]价费字241号,2\n".encode(), "f.csv").media_type != JSON


# U+FFFD stands for text that was lost before: a file that contains it is refused as damaged.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffd"))
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXTS


@pytest.mark.slow
@example([{"E-SafeNet": "%PDF-"}])
@given(st.lists(st.dictionaries(TEXTS, SCALARS), min_size=1))
def test_records_come_back_as_they_were_written(records: list[dict[str, object]]) -> None:
    as_array = json.dumps(records, ensure_ascii=False)
    as_lines = "\n".join(json.dumps(r, ensure_ascii=False) for r in records)
    assert read_rows(as_array.encode()) == records
    assert read_rows(as_lines.encode()) == records


@pytest.mark.slow
@pytest.mark.shared
def test_a_large_compressed_file_gives_every_one_of_its_records() -> None:
    data = require("laws", "articles.jsonl.gz").read_bytes()
    records = open_file(data, "articles.jsonl.gz").records
    assert records is not None
    assert sum(1 for _ in records) == 147_283
