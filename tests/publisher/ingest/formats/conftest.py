"""Fixtures for tests of file formats."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from publisher.ingest.formats.detect import open_file
from publisher.ingest.parsed_file import UnreadableFile

type Refusal = Callable[[bytes], str]


@pytest.fixture
def refusal() -> Refusal:
    """Read a file that is refused and check the texts of its finding → the finding's code."""

    def code(data: bytes, name: str = "清单.xlsx") -> str:
        with pytest.raises(UnreadableFile) as caught:
            open_file(data, name)
        finding = caught.value.finding
        assert finding.severity == "error"
        assert finding.file == name
        assert finding.message_zh
        assert finding.message_en
        assert finding.way_out_zh
        assert finding.way_out_en
        return finding.code

    return code
