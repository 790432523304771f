"""LibreOffice Calc as an independent reader: the text that a Chinese program shows for each cell."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

from tests.support.required import skip_or_fail

_LOCALE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>zh-CN</value></prop></item></oor:items>"""
_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,true,false,false,-1"
"""Comma, quotes, UTF-8, the text as shown, every sheet in a file of its own."""


def convert(target: str, folder: Path, *paths: Path) -> None:
    """Convert workbooks to ``target`` (``ods``, ``xls`` or a filter) into ``folder``."""
    office = shutil.which("soffice")
    if office is None:
        skip_or_fail("LibreOffice is not installed")
    settings = folder / "profile" / "user"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "registrymodifications.xcu").write_text(_LOCALE, encoding="utf-8")
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [office, profile, "--headless", "--convert-to", target, "--outdir", str(folder)]
    subprocess.run([*command, *map(str, paths)], check=True, capture_output=True, timeout=540)


def shown_cells(folder: Path, *paths: Path) -> dict[str, list[list[str]]]:
    """Return the shown texts of each sheet by the stem of its file and its name: ``stem-Sheet1``."""
    for old in folder.glob("*.csv"):
        old.unlink()
    convert(_AS_SHOWN, folder, *paths)
    sheets = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as text:
            sheets[file.stem] = list(csv.reader(text))
    return sheets
