"""What the contract's tests share: the npm packages that CI puts beside the TypeScript caller."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def node_modules() -> Path:
    """What ``npm ci`` put beside the TypeScript caller; on a laptop without it the test is skipped."""
    modules = HERE / "typescript" / "node_modules"
    if not modules.is_dir() and os.environ.get("CI") != "true":
        pytest.skip("run npm ci in tests/contract/typescript")
    return modules
