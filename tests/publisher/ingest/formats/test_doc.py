"""Text of old Word documents written by LibreOffice; damaged ones cause one finding."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.formats import doc
from publisher.ingest.formats.errors import ReaderError
from tests.support.required import skip_or_fail

PAGE = """<html><body><p>鞍山市实施方案</p><p>分三步实施，ABC。</p>
<table border=1><tr><td>序号</td><td>任务</td></tr><tr><td>1</td><td>清理</td></tr></table>
<p>见<a href='http://x.example/'>链接文字</a>。</p></body></html>"""


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    office = shutil.which("soffice")
    if office is None or not Path("/usr/lib/libreoffice/program/swriter").exists():
        skip_or_fail("LibreOffice Writer is not installed")
    folder = tmp_path_factory.mktemp("word")
    (folder / "a.html").write_text(PAGE, encoding="utf-8")
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [office, profile, "--headless", "--convert-to", "doc:MS Word 97", "--outdir", str(folder)]
    subprocess.run(
        [*command, "--infilter=HTML (StarWriter)", str(folder / "a.html")], check=True, capture_output=True
    )
    return (folder / "a.doc").read_bytes()


@pytest.mark.program
def test_paragraphs_cells_and_the_words_of_a_link_are_read(document: bytes) -> None:
    assert [block for block in doc.extract_blocks(document) if block] == [
        "鞍山市实施方案",
        "分三步实施，ABC。",
        [["序号", "任务"], ["1", "清理"]],
        "见链接文字。",
    ]


@pytest.mark.parametrize(
    ("text", "rows", "used"),
    [
        ("序号\x07任务\x07\x071\x07清理\x07\x07", [["序号", "任务"], ["1", "清理"]], 6),
        (
            "序号\x07任务\x07备注\x07\x071\x07\x07\x07\x072\x07乙\x07\x07\x07",
            [["序号", "任务", "备注"], ["1", "", ""], ["2", "乙", ""]],
            12,
        ),
        ("甲\x07乙\x07\x07段一\r段二\r丙\x07丁\x07\x07", [["甲", "乙"]], 3),
    ],
)
def test_marks_of_cells_and_rows_are_told_apart(text: str, rows: list[list[str]], used: int) -> None:
    assert doc._group_rows(text.split("\x07")[:-1]) == (rows, used)


@pytest.mark.program
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_damage_is_an_error_of_its_own_kind_or_other_text(document: bytes, at: int, value: int) -> None:
    damaged = bytearray(document)
    damaged[at % len(damaged)] = value
    with suppress(ReaderError):
        doc.extract_blocks(bytes(damaged))


@pytest.mark.parametrize(
    "data", [b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xd0\xcf\x11\xe0" + b"\0" * 600]
)
def test_what_is_no_document_is_damaged(data: bytes) -> None:
    with pytest.raises(ReaderError):
        doc.extract_blocks(data)
