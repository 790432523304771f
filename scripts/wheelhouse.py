"""Everything that an installation without a network needs: ``python -m scripts.wheelhouse FOLDER``.

The folder contains the wheel of this project, those of all dependencies as locked, ``requirements.txt`` with
their hashes, and ``SHA256SUMS``. ``--report`` only prints which dependencies have no wheel for a platform.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from scripts.module_graph import PROJECT

PLATFORMS = ("x86_64", "aarch64", "loongarch64")
_TAG = "cp312"
"""CPython of the installation."""
_ELSEWHERE = re.compile(r"sys_platform == '(win32|never|darwin|emscripten|cygwin)'|version < '3.12'")
"""Markers of dependencies that Linux does not need."""


@dataclass(frozen=True, slots=True)
class Package:
    """A dependency of a site, as ``uv.lock`` describes it."""

    name: str
    version: str
    wheels: tuple[str, ...]
    """Names of files."""

    def wheel_for(self, machine: str) -> str | None:
        """Return the wheel for CPython 3.12 on Linux (glibc) of this machine, or one for all machines."""
        return next((wheel for wheel in self.wheels if _fits(wheel, machine)), None)


def _fits(wheel: str, machine: str) -> bool:
    _, _, python, abi, platform = wheel.removesuffix(".whl").rsplit("-", 4)
    if platform == "any":
        return "py3" in python or _TAG in python
    is_linux = any(re.fullmatch(rf"(many)?linux.*_{machine}", tag) for tag in platform.split("."))
    return is_linux and (
        _TAG in python.split(".") or (abi == "abi3" and _supports_abi(python)) or "py3" in python
    )


def _supports_abi(python: str) -> bool:
    """Test whether our Python runs a wheel for the stable ABI of one of these versions."""
    return any(int(tag[3:] or 0) <= int(_TAG[3:]) for tag in python.split(".") if tag.startswith("cp3"))


def read_packages(lock: Path = PROJECT / "uv.lock") -> Sequence[Package]:
    """Read what a site needs, with all extras and without what only developers use."""
    packages: Mapping[str, Any] = {
        package["name"]: package for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    }
    names = set(_closure(packages))
    return [
        Package(name, package["version"], tuple(map(_file_name, package.get("wheels", ()))))
        for name, package in sorted(packages.items())
        if name in names
    ]


def _file_name(wheel: Mapping[str, str]) -> str:
    return wheel["url"].rsplit("/", 1)[-1]


def _closure(packages: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of all packages that the project needs on Linux, without its own; some twice."""
    own = packages["qingdan"]
    waiting = [(d["name"], tuple(d.get("extra", ()))) for d in own["dependencies"] if _on_linux(d)]
    for extra in own.get("optional-dependencies", {}).values():
        waiting += [(d["name"], tuple(d.get("extra", ()))) for d in extra]
    visited: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in visited:
            continue
        visited.add((name, extras))
        yield name
        package = packages[name]
        more = list(package.get("dependencies", ()))
        for extra in extras:
            more += package.get("optional-dependencies", {}).get(extra, ())
        waiting += [(d["name"], tuple(d.get("extra", ()))) for d in more if _on_linux(d)]


def _on_linux(dependency: Mapping[str, Any]) -> bool:
    return not _ELSEWHERE.search(dependency.get("marker", ""))


def clear_folder(folder: Path) -> None:
    """Create the folder, or remove what an earlier run wrote: pip takes no two wheels of one package."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*folder.glob("*.whl"), *folder.glob(".*.txt")):
        path.unlink()


def write_sums(folder: Path) -> None:
    """Write the digests of all files, in the form of ``sha256sum --check``."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option(
    "--platform", "machine", type=click.Choice(PLATFORMS[:2]), default=PLATFORMS[0], show_default=True
)
@click.option("--report", type=click.Choice(PLATFORMS), help="Only list what has no wheel for a platform.")
def main(folder: Path | None, machine: str, report: str | None) -> None:
    """Write a folder from which Qingdan is installed without a network."""
    if report is not None:
        packages = read_packages()
        without_wheel = [package for package in packages if package.wheel_for(report) is None]
        click.echo(f"{len(packages)} packages, {len(without_wheel)} without a wheel for {report}:")
        for package in without_wheel:
            click.echo(f"{package.name} {package.version}")
        return
    if folder is None:
        raise click.UsageError("FOLDER is missing")
    clear_folder(folder)
    _run("uv", "build", "--wheel", "--quiet", "--out-dir", folder, cwd=PROJECT)
    export = ("export", "--frozen", "--no-dev", "--all-extras", "--no-emit-project", "--quiet")
    _run("uv", *export, "-o", folder / "requirements.txt", cwd=PROJECT)
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in (17, 24, 26, 27, 28, 31, 34)]
    options = [option for platform in platforms for option in ("--platform", platform)]
    options += ["--platform", f"manylinux2014_{machine}", "--python-version", "3.12", "--only-binary=:all:"]
    requirements = folder / "requirements.txt"
    _build_pure_sources(folder, requirements, [package for package in read_packages() if not package.wheels])
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes")
    _run(*pip, *options, "--find-links", folder, "--dest", folder, "-r", requirements, cwd=PROJECT)
    (folder / ".gitignore").unlink(missing_ok=True)
    write_sums(folder)


def _build_pure_sources(folder: Path, requirements: Path, packages: Sequence[Package]) -> None:
    """Build wheels of packages that are published as sources only, and lock these in their place.

    The sources are those that ``uv.lock`` names by their hash.
    """
    text = requirements.read_text(encoding="utf-8")
    for package in packages:
        pin = f"{package.name}=={package.version}"
        block = rf"(?m)^{re.escape(pin)}[^\n]*\\\n(?:    --hash=[^\n]*\n)+"
        locked = re.search(block, text)
        if locked is None:
            raise click.ClickException(f"{pin}: no hash in {requirements.name}")
        source = folder / f".{package.name}.txt"
        source.write_text(locked[0], encoding="utf-8")
        pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--require-hashes")
        _run(*pip, "--wheel-dir", folder, "-r", source, cwd=PROJECT)
        source.unlink()
        (wheel,) = folder.glob(f"{package.name.replace('-', '_')}-{package.version}-*.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        text = re.sub(block, f"{pin} --hash=sha256:{digest}\n", text)
    requirements.write_text(text, encoding="utf-8")


def _run(*command: str | Path, cwd: Path) -> None:
    subprocess.run(list(map(str, command)), check=True, cwd=cwd)  # noqa: S603 - our own arguments


if __name__ == "__main__":
    main()
