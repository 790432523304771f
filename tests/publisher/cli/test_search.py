"""``qingdan search``: what is in force, and on request what was removed or withdrawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Home, item, xlsx

DATASET = "shili-power-list"


@pytest.mark.slow
def test_a_withdrawn_item_is_found_on_request_only(site: Home, tmp_path: Path) -> None:
    items = [item("危险化学品经营许可"), item("危险化学品使用许可")]
    site.dataset(DATASET, "应急管理局")
    site.ok("import", xlsx(tmp_path / "应急管理局.xlsx", items), "--dataset", DATASET)
    site.ok("publish", DATASET, "--effective-on", "2015-12-01", "--basis", "鞍政发〔2015〕34号")
    site.ok("withdraw", DATASET, "危险化学品使用许可", "--reason", "误列", "--yes")

    def titles(*more: str) -> dict[str, str]:
        hits = site.ok("search", "危险化学品", "--json", *more).json["hits"]
        return {hit["title"]["text"]: hit["status"] for hit in hits}

    assert titles() == {"危险化学品经营许可": "current"}
    assert titles("--status", "ended") == {"危险化学品使用许可": "withdrawn"}
    assert titles("--status", "all") == {"危险化学品经营许可": "current", "危险化学品使用许可": "withdrawn"}
    assert "已撤回公布" in site.ok("search", "危险化学品", "--status", "ended").out
