"""Output to terminals and programs: complete and without control characters."""

from __future__ import annotations

import contextlib
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.cli.terminal import output
from publisher.cli.terminal.failures import explain
from publisher.log.model import LogError

HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TEXTS = st.text(st.characters(exclude_categories=()), max_size=50)


@given(TEXTS)
def test_no_text_can_steer_a_terminal_and_its_length_stays(text: str) -> None:
    output_text = output.replace_controls(text)
    assert not HOSTILE.search(output_text)
    assert len(output_text) == len(text)
    output_text.encode()


@pytest.mark.slow
@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=10))
def test_json_on_stdout_is_what_was_given_and_safe_to_print(value: object) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        output.print_json(value)
    assert json.loads(out.getvalue()) == value
    assert not HOSTILE.search(out.getvalue())
    out.getvalue().encode()


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), max_size=4))
def test_a_table_in_a_pipe_has_a_line_for_each_row_whatever_cells_hold(rows: list[list[str]]) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        output.print_table(["甲", "乙"], rows)
    lines = out.getvalue().split("\n")
    assert len(lines) == len(rows) + 2
    assert all(line.count("\t") == 1 for line in lines[:-1])


def test_a_fault_of_the_program_is_not_reported_as_an_error_of_the_user() -> None:
    assert explain(RuntimeError("x")) is None
    assert explain(ZeroDivisionError()) is None


def test_a_refusal_of_the_log_keeps_its_code() -> None:
    failure = explain(LogError("no-such-part", "没有", "None"))
    assert failure is not None
    assert (failure.code, failure.exit.value) == ("no-such-part", 3)


def test_a_text_from_outside_forges_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_line("x\n错误 [forged]")
    output.print_pairs([("依据 proof", "x\n结果 outcome: forged")])
    assert capsys.readouterr().out == "x 错误 [forged]\n依据: x\n    结果 outcome: forged\n"
