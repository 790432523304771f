"""Look for known vulnerabilities of the locked dependencies: ``make audit``.

Exit code 1 if there are any. Without access to the data of PyPI it prints that nothing was audited, and the
exit code is 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.module_graph import PROJECT

_MOST_SECONDS = 120
"""Seconds after which the audit is given up."""


def audit() -> list[dict[str, Any]] | None:
    """Return the dependencies with their vulnerabilities; None without access to the data of PyPI."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        export = ("uv", "export", "--frozen", "--all-extras", "--no-emit-project", "--quiet", "-o")
        subprocess.run([*export, str(requirements)], check=True, cwd=PROJECT)  # noqa: S603 - ours
        command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
        command += ["--disable-pip", "--require-hashes", "-r", str(requirements)]
        try:
            process = subprocess.run(  # noqa: S603 - ours
                command, check=False, capture_output=True, text=True, timeout=_MOST_SECONDS
            )
        except subprocess.TimeoutExpired:
            return None
    if not process.stdout.startswith("{"):
        return None
    dependencies: list[dict[str, Any]] = json.loads(process.stdout)["dependencies"]
    return dependencies if any("vulns" in dependency for dependency in dependencies) else None


def main() -> int:
    dependencies = audit()
    if dependencies is None:
        print("audit: no access to the data of PyPI; NOTHING WAS AUDITED")
        return 0
    vulnerable = [dependency for dependency in dependencies if dependency.get("vulns")]
    for dependency in vulnerable:
        ids = ", ".join(vulnerability["id"] for vulnerability in dependency["vulns"])
        print(f"{dependency['name']} {dependency['version']}: {ids}")
    skipped = sum("skip_reason" in dependency for dependency in dependencies)
    audited = len(dependencies) - skipped
    print(f"audit: {audited} dependencies, {skipped} skipped, {len(vulnerable)} vulnerable")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    raise SystemExit(main())
