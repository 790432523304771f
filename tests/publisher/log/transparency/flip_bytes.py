"""Change one byte of an archive at many places and verify each copy, without the project's code.

    python -I flip_bytes.py PROGRAM LOG SITE COUNT

Prints the number of copies that were refused, of copies that were accepted since their files are still the
same, and every other copy that was accepted, which is a fault.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import random
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

type Files = dict[str, bytes]


def load_program(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("verify", path)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def is_accepted(program: Any, *archives: str) -> bool:
    sys.argv = ["verify.py", *archives]
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            program.main()
        except SystemExit as end:
            code = end.code
        else:
            return True
    assert (code, output.getvalue()[:7]) == (1, "WRONG: "), output.getvalue()
    return False


def unpack(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def has_same_files(copy: bytes, data: bytes) -> bool:
    try:
        return unpack(copy) == unpack(data)
    except Exception:  # noqa: BLE001 - whatever a damaged archive raises
        return False


def pack(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def flip(data: bytes, at: int, rng: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ rng.randrange(1, 256)]) + data[at + 1 :]


def change_one_byte(data: bytes, count: int, rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield copies with a byte of the archive changed, then with a byte of one of its files."""
    for _ in range(count):
        yield "archive", flip(data, rng.randrange(len(data)), rng)
    files = unpack(data)
    names = [name for name in files if files[name]]
    for n in range(count):
        name = names[n % len(names)]  # every file, small ones too
        at = rng.randrange(len(files[name]))
        yield f"{name}, byte {at}", pack({**files, name: flip(files[name], at, rng)})


def main(program_path: str, log: str, site: str, count: str) -> None:
    program, rng = load_program(Path(program_path)), random.Random(20151201)
    assert is_accepted(program, log, site)
    refused = same = 0
    for archive in (log, site):
        data = Path(archive).read_bytes()
        for where, copy in change_one_byte(data, int(count), rng):
            with tempfile.NamedTemporaryFile(suffix=".zip") as file:
                file.write(copy)
                file.flush()
                archives = (file.name,) if archive == log else (log, file.name)
                if not is_accepted(program, *archives):
                    refused += 1
                    continue
            if where == "archive" and has_same_files(copy, data):
                same += 1  # a date, an attribute or the like of the zip itself
            else:
                print(f"ACCEPTED {archive}: {where}")
    print(f"{refused} refused, {same} the same")


if __name__ == "__main__":
    main(*sys.argv[1:])
