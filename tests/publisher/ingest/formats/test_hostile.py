"""Files with false sizes, zip bombs, locked and broken files: one clear finding each, no other error."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tracemalloc
import zipfile

import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.ingest.findings.all_kinds import KINDS_BY_STEP
from publisher.ingest.formats import html
from publisher.ingest.formats.detect import open_file
from publisher.ingest.formats.safety import zip_archive
from publisher.ingest.parsed_file import UnreadableFile
from tests.publisher.ingest.formats import samples
from tests.publisher.ingest.formats.conftest import Refusal
from tests.publisher.ingest.formats.samples import SHEET, lying_zip, sheet_xml, with_parts, zip_parts
from tests.support.shared_data import require


def _renamed_stream(old: str, new: str) -> bytes:
    """Build an old binary container whose stream has another name."""
    padded = new.encode("utf-16-le").ljust(64, b"\0")
    data = samples.xls()
    place = data.index(old.encode("utf-16-le"))
    length = struct.pack("<H", 2 * len(new) + 2)
    return data[:place] + padded + length + data[place + 66 :]


def _with_filepass() -> bytes:
    """Build a workbook whose second record marks the rest as encrypted."""
    data = bytearray(samples.xls())
    with olefile.OleFileIO(io.BytesIO(bytes(data))) as container:
        stream = container.openstream("Workbook").read()
    place = data.index(stream[:64]) + 4 + struct.unpack_from("<H", stream, 2)[0]
    data[place : place + 2] = b"\x2f\x00"
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file-empty"),
        (b" \r\n", "file-empty"),
        (b"%PDF-1.7 ...", "file-kind-unsupported"),
        (b"{\\rtf1 ...}", "file-kind-unsupported"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "file-kind-unsupported"),
        (b"Rar!\x1a\x07\x00" + bytes(50), "file-is-archive"),
        (zip_parts({"甲.xlsx": b"x", "乙.xlsx": b"y"}), "file-is-archive"),
        (zip_parts({"OFD.xml": "<x/>"}), "file-kind-unsupported"),
        (zip_parts({"[Content_Types].xml": "<x/>", "xl/workbook.bin": b"x"}), "file-kind-unsupported"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n", mtime=0), mtime=0), "file-is-archive"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], "file-damaged"),
        (bytes(range(256)) * 4, "file-not-a-table"),
        (b"b\x14#e\x05\x00\x00\x00E-SafeNet\x00LOCK" + bytes(99), "file-encrypted"),
        (_renamed_stream("Workbook", "EncryptedPackage"), "file-encrypted"),
        (_renamed_stream("Workbook", "WordDocument"), "file-old-word"),
        (_renamed_stream("Workbook", "Contents"), "file-kind-unsupported"),
        (_with_filepass(), "file-encrypted"),
        (samples.xls()[:3000], "file-damaged"),
        (samples.xlsx()[:3000], "file-damaged"),
        (samples.xlsx(()), "file-without-table"),
        (b"<html><body></body></html>", ""),
    ],
)
def test_every_unreadable_file_gets_its_own_finding(data: bytes, code: str, refusal: Refusal) -> None:
    if code:
        assert refusal(data) == code
    else:
        assert open_file(data, "f").grids == ()


def test_a_file_over_the_limit_is_refused(refusal: Refusal) -> None:
    assert refusal(b"a,b\n" * (17 << 20)) == "file-too-large"


def test_a_zip_that_inflates_beyond_reason_is_refused(refusal: Refusal) -> None:
    assert (
        refusal(with_parts(samples.xlsx(), {SHEET: bytes(zip_archive.LARGE + 1)})) == "file-expands-too-much"
    )


def test_a_member_that_compresses_well_but_is_not_huge_is_read() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>' + " " * (5 << 20)
    opened = open_file(with_parts(samples.xlsx(), {SHEET: sheet_xml(rows)}), "f")
    assert samples.texts(opened.grids[0]) == [["1"]]


def test_a_zip_that_lies_about_its_size_is_refused(refusal: Refusal) -> None:
    assert refusal(lying_zip("xl/workbook.xml", b"<x/>" + b" " * 99_999, 4)) == "file-damaged"


def test_entries_that_share_their_bytes_do_not_multiply(refusal: Refusal) -> None:
    """Many central directory entries share one content: kilobytes that would inflate to gigabytes."""
    raw = zip_parts({"a.xml": bytes(zip_archive.LARGE - 1)})
    with zipfile.ZipFile(io.BytesIO(raw)) as one:
        directory = one.start_dir
    end = raw.index(b"PK\x05\x06")
    entry, count = raw[directory:end], 400
    entries = b"".join(entry.replace(b"a.xml", b"%05d" % n) for n in range(count))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), directory, 0)
    assert refusal(raw[:directory] + entries + tail) in {"file-expands-too-much", "file-damaged"}


def test_a_zip_of_too_many_members_is_refused(refusal: Refusal) -> None:
    assert (
        refusal(zip_parts({f"{n}.xml": "" for n in range(zip_archive.MAX_MEMBERS + 1)}))
        == "file-expands-too-much"
    )


def test_a_path_that_climbs_out_is_refused(refusal: Refusal) -> None:
    assert refusal(zip_parts({"../../etc/passwd": "x", "xl/workbook.xml": "<x/>"})) == "file-damaged"


@pytest.mark.slow
def test_a_gzip_bomb_is_refused(refusal: Refusal) -> None:
    assert refusal(gzip.compress(b"\n" * (zip_archive.LARGE * 2))) == "file-expands-too-much"
    lines = b'{"a": 1}\n' * (zip_archive.LARGE // 4)
    records = open_file(gzip.compress(lines), "f.jsonl.gz").records
    assert records is not None
    with pytest.raises(UnreadableFile) as caught:
        list(records)
    assert caught.value.finding.code in {"file-expands-too-much", "file-too-large"}


def test_two_cells_in_opposite_corners_do_not_take_half_a_terabyte(refusal: Refusal) -> None:
    sheet = sheet_xml(
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert refusal(with_parts(samples.xlsx(), {SHEET: sheet})) in {"file-too-large", "file-damaged"}


def test_a_repeat_over_the_whole_ods_sheet_is_refused(refusal: Refusal) -> None:
    cell = '<table:table-cell table:number-columns-repeated="500"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    assert refusal(samples.ods(f'<table:table table:name="t">{row}</table:table>')) == "file-too-large"


def test_merged_ranges_over_everything_cost_nothing(refusal: Refusal) -> None:
    ranges = '<mergeCell ref="A1:XFD1048576"/>' * 1000
    sheet = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>', f"<mergeCells>{ranges}</mergeCells>")
    (grid,) = open_file(with_parts(samples.xlsx(), {SHEET: sheet}), "f").grids
    assert samples.texts(grid) == [["1"]]


def test_colspans_without_end_are_refused(refusal: Refusal) -> None:
    page = "<table><tr>" + "<td colspan=1000>x</td>" * 50 + "</tr></table>"
    assert refusal(page.encode()) == "file-too-large"


def test_wide_cells_of_a_page_take_little_memory() -> None:
    root = html.parse_page(f"<table><tr>{'<td colspan=1000>x' * 5_000}<tr><td>a<td>b</table>")
    tracemalloc.start()
    try:
        assert html.extract_page_lines(root).lines[-1] == ("b", html.Spot(0, 1, 1))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_page_nested_without_end_is_refused_rather_than_cut_short(refusal: Refusal) -> None:
    assert refusal(b"<div>" * 1000 + b"<table><tr><td>x</td></tr></table>") == "file-too-large"


@pytest.mark.slow
def test_a_large_page_is_read_to_its_end() -> None:
    rows = "".join(f"<tr><td>{n}</td><td>{'项目' * 200}</td></tr>" for n in range(20_000))
    (grid,) = open_file(f"<table>{rows}</table>".encode(), "f.html").grids
    assert grid.rows[-1][0].text == "19999"


@pytest.mark.parametrize("kind", ["xlsx", "ods", "docx"])
def test_external_entities_are_never_read(kind: str, refusal: Refusal, tmp_path: object) -> None:
    secret = f"{tmp_path}/secret"
    with open(secret, "w") as file:  # noqa: PTH123 -- a plain name goes into the entity
        file.write("SECRET")
    doctype = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    data = {
        "xlsx": with_parts(
            samples.xlsx(),
            {SHEET: doctype + sheet_xml('<row r="1"><c r="A1" t="inlineStr"><is><t>a&e;</t></is></c></row>')},
        ),
        "ods": zip_parts(
            {
                "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
                "content.xml": doctype
                + f"<office:document-content {samples.ODS_SPACES}><office:body><office:spreadsheet>"
                "<table:table><table:table-row><table:table-cell><text:p>a&e;</text:p></table:table-cell></table:table-row>"
                "</table:table></office:spreadsheet></office:body></office:document-content>",
            }
        ),
        "docx": zip_parts(
            {
                "word/document.xml": doctype
                + f'<w:document xmlns:w="{w}"><w:p><w:r><w:t>a&e;</w:t></w:r></w:p></w:document>'
            }
        ),
    }[kind]
    try:
        opened = open_file(data, "f")
    except UnreadableFile:
        return
    assert "SECRET" not in repr(opened)


def test_a_billion_laughs_is_refused(refusal: Refusal) -> None:
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
    )
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    document = f'<w:document xmlns:w="{w}"><w:p><w:r><w:t>&m;</w:t></w:r></w:p></w:document>'
    assert refusal(zip_parts({"word/document.xml": f"<!DOCTYPE x [{entities}]>{document}"})) in {
        "file-without-table",
        "file-damaged",
    }


def test_a_sheet_in_utf_16_is_refused_rather_than_read_as_empty(refusal: Refusal) -> None:
    sheet = sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>').encode("utf-16")
    assert refusal(with_parts(samples.xlsx(), {SHEET: sheet})) == "file-damaged"


def test_a_sector_chain_that_bites_its_tail_ends(refusal: Refusal) -> None:
    data = bytearray(samples.xls())
    fat = struct.unpack_from("<I", data, 76)[0]
    struct.pack_into("<I", data, 512 * (fat + 1), 0)  # the first sector points to itself
    assert refusal(bytes(data)) == "file-damaged"


@given(st.binary(max_size=400))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    _opens_or_refuses(data)


@given(
    st.sampled_from([b"PK\x03\x04", b"{", b"[{", b"<html>", b"\x1f\x8b\x08", b"sep=,\n"]),
    st.binary(max_size=200),
)
def test_random_bytes_behind_a_known_beginning_never_raise_anything_else(start: bytes, rest: bytes) -> None:
    _opens_or_refuses(start + rest)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_workbooks_with_flipped_bytes_open_or_are_refused(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice((samples.xls(), samples.xlsx(), samples.ods("<table:table/>"))))
    for _ in range(chance.choice((1, 3, 30))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    _opens_or_refuses(bytes(data[: chance.choice((len(data), chance.randrange(1, len(data))))]))


@pytest.mark.slow
@pytest.mark.shared
def test_real_workbooks_cut_short_or_damaged_open_or_are_refused() -> None:
    chance = random.Random(20151105)
    for path in sorted(require("power-list-karamay").iterdir()):
        data = bytearray(path.read_bytes())
        _opens_or_refuses(bytes(data[: chance.randrange(len(data))]))
        for _ in range(50):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _opens_or_refuses(bytes(data))


def _opens_or_refuses(data: bytes) -> None:
    try:
        opened = open_file(data, "f")
        if opened.records is not None:
            list(opened.records)
    except UnreadableFile as refused:
        code = refused.finding.code
    else:
        return
    assert code in {kind.code for kind in KINDS_BY_STEP["files"]}
