"""Damaged and hostile files, the same in every run: bytes flipped, cut, doubled, in archives too."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Mapping

from publisher.ingest.formats.errors import ReaderError
from publisher.ingest.parsed_file import UnreadableFile
from publisher.ingest.read_file import read_file
from schemas.definition.file_loader import load_catalogue
from tests.publisher.ingest.formats import samples

_HEADINGS = ("序号", "事项名称", "权力类型", "实施依据", "行使主体", "承诺办结时限", "备注")
_ROWS = tuple(
    (n, f"第{n}项许可", "行政许可", "《示例条例》第三条", "市应急管理局", "20个工作日", "备注")
    for n in range(1, 6)
)
_TABLE = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in (_HEADINGS, *_ROWS))
_OBJECTS = [{"name": row[1], "power_type": row[2], "basis": row[3], "remark": row[6]} for row in _ROWS]
_ODS = "".join(
    "<table:table-row>"
    + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
    + "</table:table-row>"
    for row in (_HEADINGS, *_ROWS)
)
_DOCX = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>'
    "示政发〔2015〕1号</w:t></w:r></w:p><w:tbl>"
    + "".join(
        f"<w:tr>{''.join(f'<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>' for cell in row)}</w:tr>"
        for row in (_HEADINGS, *_ROWS)
    )
    + "</w:tbl></w:body></w:document>"
)
_CSV = "\n".join(",".join(map(str, row)) for row in (_HEADINGS, *_ROWS))
SOUND: Mapping[str, bytes] = {
    "清单.xlsx": samples.xlsx((_HEADINGS, *_ROWS)),
    "清单.xls": samples.xls((_HEADINGS, *_ROWS)),
    "清单.ods": samples.ods(f'<table:table table:name="t">{_ODS}</table:table>'),
    "清单.docx": samples.zip_parts({"word/document.xml": _DOCX}),
    "清单.csv": _CSV.encode(),
    "清单.gbk.csv": _CSV.encode("gb18030"),
    "清单.html": f"<html><body><table>{_TABLE}</table></body></html>".encode(),
    "清单.json": json.dumps(_OBJECTS, ensure_ascii=False).encode(),
    "清单.jsonl": "\n".join(json.dumps(one, ensure_ascii=False) for one in _OBJECTS).encode(),
    "清单.csv.gz": gzip.compress(_CSV.encode(), mtime=0),
}
_TOKENS = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b"'", b",", b"\t", b"\r", b"\n", b";"),
    *(b"<", b">", b"&", b"]]>", b"<!--", b"<![CDATA[", b"<table>", b"</table>", b"<td rowspan=0>", b"<td>"),
    *(b'<td colspan="99999999999999999999">', b'<td rowspan="-1">', b"</tr>", b"&#x110000;", b"&#xD800;"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b"Infinity", b"1e999", b"-0", b"\\ud800"),
    *(b"9" * 400, b"0." + b"1" * 400, b"99999-99-99", b"2015-02-30", b"=1+1", b"\xe2\x80\xae", b"%s%n"),
    *("﷽".encode() * 40, "一百".encode() * 99, "〔9999999〕".encode(), b'r="0"', b's="4294967296"'),
    *(b't="s"', b'ref="XFD1048576"', b"<row", b"<c ", b"</c>", b"text:p", b'number-rows-repeated="1000000"'),
)


def hostile_file(seed: int) -> tuple[str, bytes]:
    """Make the file of a seed → its name and bytes."""
    chance = random.Random(seed)
    name = chance.choice(tuple(SOUND))
    content = SOUND[name]
    if name.endswith(("x", ".ods")) and chance.random() < 0.7:
        content = _change_part(content, chance)
    elif name.endswith(".gz") and chance.random() < 0.5:
        content = gzip.compress(_change(_CSV.encode(), chance), mtime=0)
    else:
        content = _change(content, chance)
    if chance.random() < 0.05:  # the name promises another format
        name = chance.choice(tuple(SOUND))
    return name, content


def _change_part(archive: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        parts: dict[str, bytes | str] = {part: opened.read(part) for part in opened.namelist()}
    part = chance.choice(tuple(parts))
    if chance.random() < 0.1:
        del parts[part]
    else:
        parts[part] = _change(bytes(parts[part]), chance)  # type: ignore[arg-type]  # read as bytes
    return samples.zip_parts(parts)


def _change(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 25))):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(5):
            case 0 if place < len(changed):
                changed[place] = chance.randrange(256)
            case 1:
                changed[place:place] = chance.choice(_TOKENS)
            case 2:
                del changed[place : place + chance.choice((1, 4, 200))]
            case 3:
                changed[place:place] = changed[place : place + chance.choice((1, 40, 600))] * chance.choice(
                    (1, 30)
                )
            case _:
                changed[place : place + 4] = chance.choice(_TOKENS)
    return bytes(changed[: chance.randrange(len(changed) + 1)] if chance.random() < 0.1 else changed)


def read_all(seeds: list[int]) -> dict[str, int]:
    """Read the files of some seeds → counts of ``read``, the codes of refusals, and errors."""
    catalogue = load_catalogue("power-list")
    outcomes: dict[str, int] = {}
    for seed in seeds:
        name, content = hostile_file(seed)
        try:
            read_file(content, name=name, catalogue=catalogue)
            outcome = "read"
        except UnreadableFile as refused:
            outcome = refused.finding.code
        except ReaderError as problem:
            outcome = problem.kind.code
        except MemoryError:
            outcome = "file-too-large"
        except Exception as error:  # noqa: BLE001 - an error that no reader should raise
            outcome = f"seed {seed}: {type(error).__name__}: {error}"[:200]
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes
