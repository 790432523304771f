"""The clerk of a release is public only where the site says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Home


@pytest.mark.slow
@pytest.mark.parametrize(("environ", "actor"), [({}, ""), ({"QINGDAN_SHOW_ACTOR": "1"}, "张某")])
def test_the_clerk_is_off_in_public_by_default(tmp_path: Path, environ: dict[str, str], actor: str) -> None:
    site = Home(tmp_path / "site")
    site.dataset("fees", catalogue="fees")
    file = tmp_path / "fees.csv"
    file.write_text("项目名称,部门,政策依据\n证照费,公安,发改价格〔2013〕1494号\n", encoding="utf-8")
    site.ok("import", str(file), "--dataset", "fees")
    basis = ("--basis", "示政发〔2024〕1号", "--actor", "张某")
    site.ok("publish", "fees", "--effective-on", "2024-01-01", *basis)
    other = {} if environ else {"QINGDAN_SHOW_ACTOR": "1"}
    paths = ("/v1/datasets/fees/releases", "/v1/datasets/fees/releases/1")
    with site.client(**other) as client:
        tags = {path: client.get(path).headers["etag"] for path in paths}
    with site.client(**environ) as client:
        for path, tag in tags.items():
            assert client.get(path, headers={"if-none-match": tag}).status_code == 200, path
        one = client.get("/v1/datasets/fees/releases/1").json()
        listed = client.get("/v1/datasets/fees/releases").json()["releases"][0]
        page = client.get("/datasets/fees/releases/1").text
    assert (one["actor"], listed["actor"]) == (actor, actor)
    assert "张某" not in page
