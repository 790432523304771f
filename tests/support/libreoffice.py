"""LibreOffice Calc as an independent reader: the text that a Chinese program shows for each cell."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

from tests.support.required import lacks

_LOCALE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>zh-CN</value></prop></item></oor:items>"""
_AS_SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,true,false,false,-1"
"""Comma, quotes, UTF-8, the text as shown, every sheet in a file of its own."""


def convert(path: Path, target: str, folder: Path) -> None:
    """Convert a workbook to ``target`` (``ods``, ``xls`` or a filter) into ``folder``."""
    office = shutil.which("soffice")
    if office is None:
        lacks("LibreOffice is not installed")
    settings = folder / "profile" / "user"
    settings.mkdir(parents=True, exist_ok=True)
    (settings / "registrymodifications.xcu").write_text(_LOCALE, encoding="utf-8")
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [office, profile, "--headless", "--convert-to", target, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=240)


def shown_cells(path: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Return the shown texts of each sheet by its name."""
    for old in folder.glob("*.csv"):
        old.unlink()
    convert(path, _AS_SHOWN, folder)
    sheets = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8-sig", newline="") as text:
            sheets[file.stem.removeprefix(f"{path.stem}-")] = list(csv.reader(text))
    return sheets
