"""The files of a release: a list of components that validators accept, and versions with hashes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from scripts.wheelhouse import read_packages
from tests.support.servers.shared_server import PROJECT
from tests.support.servers.uv import uv

SITE = ("--frozen", "--no-dev", "--all-extras", "--quiet")


def export(file: Path, *options: str) -> str:
    subprocess.run([uv(), "export", *SITE, *options, "-o", file], check=True, cwd=PROJECT, timeout=60)
    return file.read_text(encoding="utf-8")


@pytest.mark.program
def test_the_bill_of_materials_names_every_component(tmp_path: Path) -> None:
    text = export(tmp_path / "sbom.json", "--format", "cyclonedx1.5")
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
    components = {one["name"]: one for one in json.loads(text)["components"]}
    for package in read_packages():
        assert components[package.name]["version"] == package.version
        assert components[package.name]["purl"].startswith(f"pkg:pypi/{package.name}@")


@pytest.mark.program
def test_every_locked_version_has_hashes(tmp_path: Path) -> None:
    text = export(tmp_path / "requirements.txt", "--no-emit-project")
    pin = r"^([a-z0-9-]+)==(\S+)[^\\\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}[ \\]*\n)+"
    locked = dict(re.findall(pin, text, re.M))
    assert {package.name: package.version for package in read_packages()}.items() <= locked.items()


def test_the_makefile_exports_what_the_tests_read() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    exports = [line for line in makefile.splitlines() if line.startswith("\tuv export")]
    assert len(exports) == 2
    assert all("--frozen --no-dev --all-extras" in line for line in exports)
