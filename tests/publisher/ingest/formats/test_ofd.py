"""Text of OFD pages, line by line; damaged files cause one finding."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.ingest.formats import ofd
from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.formats.safety import zip_archive

NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
type Piece = tuple[str, str]
"""Content of ``Boundary``, and the text."""


def file(*pages: Sequence[Piece], base: str = "Pages/Page_{n}/Content.xml") -> bytes:
    places = [base.format(n=n) for n in range(len(pages))]
    page_list = "".join(f'<ofd:Page ID="{n}" BaseLoc="{place}"/>' for n, place in enumerate(places, start=9))
    root = "<ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>"
    parts = {
        "OFD.xml": f"<ofd:OFD {NAMESPACE}>{root}</ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {NAMESPACE}><ofd:Pages>{page_list}</ofd:Pages></ofd:Document>",
    }
    for place, pieces in zip(places, pages, strict=True):
        texts = "".join(
            f'<ofd:TextObject ID="{n}" Boundary="{box}" Font="3" Size="5.6">'
            f'<ofd:TextCode X="0" Y="5" DeltaX="g 3 5.6">{text}</ofd:TextCode></ofd:TextObject>'
            for n, (box, text) in enumerate(pieces)
        )
        path = place.lstrip("/") if place.startswith("/") else f"Doc_0/{place}"
        layer = f'<ofd:Layer ID="1">{texts}</ofd:Layer>'
        parts[path] = f"<ofd:Page {NAMESPACE}><ofd:Content>{layer}</ofd:Content></ofd:Page>"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return data.getvalue()


def read_pages(data: bytes) -> tuple[str, ...]:
    return ofd.extract_pages(zip_archive.inflate_members(data))


LETTER = (
    ("60 20 90 8", "鞍山市实施方案"),
    ("31.8 40 8 8", "分"),  # some programs write each character separately, in any order
    ("43 40.2 40 8", "步实施，ABC。"),
    ("37.4 40.1 8 8", "三"),
    ("31.8 50 60 8", "见附表。"),
)


@pytest.mark.parametrize("base", ["Pages/Page_{n}/Content.xml", "/Doc_0/Pages/Page_{n}/Content.xml"])
def test_pieces_at_one_height_are_a_line_and_pages_follow_one_another(base: str) -> None:
    pages = read_pages(file(LETTER, [("20 20 50 8", "第二页")], [], base=base))
    assert pages == ("鞍山市实施方案\n分三步实施，ABC。\n见附表。", "第二页", "")


@pytest.mark.parametrize(
    "parts",
    [
        {"OFD.xml": b"<a/>"},
        {"OFD.xml": b"no xml"},
        {"OFD.xml": b"<a><DocRoot>Doc_0/Document.xml</DocRoot></a>"},
        {"OFD.xml": b"<a><DocRoot>../../etc/passwd</DocRoot></a>"},
        {"OFD.xml": b"<a><DocRoot>OFD.xml</DocRoot></a>"},
    ],
)
def test_what_is_no_ofd_is_damaged(parts: dict[str, bytes]) -> None:
    with pytest.raises(ReaderError):
        ofd.extract_pages(parts)


@pytest.mark.slow
@given(box=st.text(max_size=20), at=st.integers(0, 5_000), value=st.integers(0, 255))
def test_damage_is_an_error_of_its_own_kind_or_other_text(box: str, at: int, value: int) -> None:
    data = (
        file(LETTER, [(box.translate(dict.fromkeys(b'"<&\x00')), "文")])
        if box.isprintable()
        else file(LETTER)
    )
    with suppress(ReaderError):
        read_pages(data)
    damaged = bytearray(data)
    damaged[at % len(damaged)] = value
    with suppress(ReaderError):
        read_pages(bytes(damaged))
