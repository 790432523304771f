"""Look for known vulnerabilities of the locked dependencies: ``make audit``.

Exit code 1 if there are any. Where the data of PyPI cannot be had, it says that nothing was audited and ends
with 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.wheelhouse import PROJECT

_PATIENCE = 120


def audit() -> list[dict[str, Any]] | None:
    """Return the dependencies with what is known of each; None if no data could be had."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        export = ("uv", "export", "--frozen", "--all-extras", "--no-emit-project", "--quiet", "-o")
        subprocess.run([*export, str(requirements)], check=True, cwd=PROJECT)  # noqa: S603 - ours
        command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
        command += ["--disable-pip", "--require-hashes", "-r", str(requirements)]
        try:
            ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE)  # noqa: S603
        except subprocess.TimeoutExpired:
            return None
    if not ran.stdout.startswith("{"):
        return None
    dependencies: list[dict[str, Any]] = json.loads(ran.stdout)["dependencies"]
    return dependencies if any("vulns" in one for one in dependencies) else None


def main() -> int:
    dependencies = audit()
    if dependencies is None:
        print("audit: the data of PyPI cannot be had here; NOTHING WAS AUDITED")
        return 0
    vulnerable = [one for one in dependencies if one.get("vulns")]
    for one in vulnerable:
        names = ", ".join(vulnerability["id"] for vulnerability in one["vulns"])
        print(f"{one['name']} {one['version']}: {names}")
    skipped = sum("skip_reason" in one for one in dependencies)
    audited = len(dependencies) - skipped
    print(f"audit: {audited} dependencies, {skipped} skipped, {len(vulnerable)} vulnerable")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    raise SystemExit(main())
