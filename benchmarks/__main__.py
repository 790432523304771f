"""Run all benchmarks one after another, each in its own process: ``python -m benchmarks [NAME …]``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOMS = ("log", "search", "web")


def main(chosen: list[str]) -> int:
    """Run the benchmarks and return how many failed."""
    folder = Path(__file__).parent
    files = [*folder.glob("*.py"), *(f for room in ROOMS for f in folder.glob(f"{room}/*.py"))]
    names = sorted(".".join(f.relative_to(folder).with_suffix("").parts) for f in files if f.stem[0] != "_")
    failed = 0
    for name in chosen or names:
        print(f"\n== benchmarks.{name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
