"""``qingdan statutes import`` and ``qingdan check``: from the list that ships to a finding and its end."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from publisher.checks.shipped_statutes import REPEALS
from tests.support.command import Home, xlsx

BASIS = "【法规】《中华人民共和国档案法实施办法》第八条：履行下列职责"


def publish_powers(site: Home, file: Path, basis: str, on: str) -> None:
    row = ["档案工作监督检查", "行政检查", basis, "市档案局", "10个工作日", "20个工作日", ""]
    xlsx(file, [row])
    site.ok("import", file, "--dataset", "powers")
    site.ok("publish", "powers", "--effective-on", on, "--basis", "示政发〔2024〕1号")


@pytest.mark.slow
def test_a_repealed_basis_is_found_until_a_release_mends_it(site: Home, tmp_path: Path) -> None:
    site.dataset("powers")
    publish_powers(site, tmp_path / "a.xlsx", BASIS, "2024-01-01")
    without = site.ok("--lang", "zh", "check")
    assert "还没有法律法规清单" in without.err
    refused = site.run("statutes", "import")
    assert (refused.code, "--body" in refused.err) == (2, True)
    site.ok("statutes", "import", REPEALS, "--body", "示例市司法局", "--contact", "a@b.example")
    site.ok("publish", "statutes", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕2号")

    shown = site.ok("--lang", "zh", "check")
    assert "《档案法实施办法》仍列于依据，自2024-03-01起已经废止" in shown.out
    assert "《档案法实施条例》第五十二条写明废止。" in shown.out
    assert "共1个待核问题" in shown.err
    assert site.ok("check", "--as-of", "2024-02-29", "--json").json == {"total": 0, "findings": []}
    (finding,) = site.ok("check", "--json").json["findings"]
    assert (finding["severity"], finding["opened_by"]["dataset"]) == ("fact", "statutes")
    assert [cite["role"] for cite in finding["cites"]] == ["basis", "statute", "day", "by", "article"]
    assert site.ok("check", "--rebuild", "--json").json["findings"] == [finding]
    assert site.ok("check", "--check", "basis-repealed", "--dataset", "powers", "--json").json["total"] == 1
    assert site.run("check", "--check", "other").code == 2
    assert site.ok("verify").code == 0

    publish_powers(site, tmp_path / "b.xlsx", "《档案法实施条例》第五十条", "2024-04-01")
    assert site.ok("check", "--json").json["total"] == 0
    (ended,) = site.ok("check", "--status", "ended", "--json").json["findings"]
    assert (ended["id"], ended["ended_by"]["number"]) == (finding["id"], 2)


@pytest.mark.slow
def test_an_answer_and_a_dismissal_are_published_like_any_row(site: Home, tmp_path: Path) -> None:
    site.dataset("powers")
    publish_powers(site, tmp_path / "a.xlsx", BASIS, "2024-01-01")
    site.ok("statutes", "import", REPEALS, "--body", "示例市司法局", "--contact", "a@b.example")
    site.ok("publish", "statutes", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕2号")
    (finding,) = site.ok("check", "--json").json["findings"]
    answer = ("answer", finding["id"], "--kind", "接受", "--text", "将改正", "--by", "市档案局")
    dataset = ("--body", "示例市人民政府", "--contact", "a@b.example")
    missing = ("answer", "0" * 20, *answer[2:], *dataset)
    assert (site.run(*answer).code, site.run(*missing).code) == (2, 3)
    assert "responses" not in site.ok("dataset", "list").out
    staged = site.ok(*answer, "--mended-by", "powers/1", "--on", "2024-06-01", *dataset)
    assert "qingdan publish responses" in staged.err
    assert site.ok("check", "--json").json["findings"][0]["responses"] == []
    site.ok("dismiss", finding["id"], "--reason", "重复", "--by", "市司法局", "--on", "2024-06-02")
    site.ok("publish", "responses", "--effective-on", "2024-06-02", "--basis", "示政发〔2024〕3号")
    (answered,) = site.ok("check", "--handling", "dismissed", "--json").json["findings"]
    assert [(one["kind"], one["mended_by"]) for one in answered["responses"]] == [
        ("接受", "powers/1"),
        ("不成立", ""),
    ]
    assert site.ok("check", "--handling", "unanswered", "--json").json["total"] == 0
    assert "市司法局 不成立：重复" in site.ok("--lang", "zh", "check").out
    assert site.ok("verify").code == 0
    assert site.run(*missing).code == 3
    for instant in ("0001-01-01T00:00:00+08:00", "2024-01-01T00:00:00"):
        assert site.run("check", "--known-at", instant).code == 2
    assert site.run("check", "--known-at", "9999-12-31T23:59:59Z").code == 0


@pytest.mark.slow
def test_the_clerk_sees_findings_with_their_place_before_publication(site: Home, tmp_path: Path) -> None:
    site.dataset("powers")
    site.ok("statutes", "import", REPEALS, "--body", "示例市司法局", "--contact", "a@b.example")
    site.ok("publish", "statutes", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕2号")
    row = ["档案工作监督检查", "行政检查", BASIS, "市档案局", "10个工作日", "20个工作日", ""]
    good = ["档案保管检查", "行政检查", "《档案法实施条例》第五十条", *row[3:]]
    file = xlsx(tmp_path / "a.xlsx", [good, row])
    command = ("import", file, "--dataset", "powers")
    tried = site.ok(*command, "--dry-run", "--json").json
    (found,) = tried["checks"]
    assert (found["code"], found["file"], found["row"], found["column"]) == (
        "basis-repealed",
        "a.xlsx",
        4,
        "D 实施依据",
    )
    assert found["cites"][0]["text"].startswith("《中华人民共和国档案法实施办法》第八条")
    assert site.run("publish", "powers", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕1号").code
    site.ok(*command)
    published = site.ok(
        *("--lang", "zh", "publish", "powers", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕1号")
    )
    assert "待核问题，可由所引原文确定 [basis-repealed] a.xlsx" in published.out
    for words in ("第4行", "《档案法实施办法》仍列于依据，自2024-03-01起已经废止", "第五十二条"):
        assert words in published.out
    assert site.ok("check", "--json").json["total"] == 1


@pytest.mark.slow
def test_the_clerk_sees_that_a_limit_grows_before_publication(site: Home, tmp_path: Path) -> None:
    site.dataset("powers")
    publish_powers(site, tmp_path / "a.xlsx", "《示例法》第一条", "2024-01-01")
    row = ["档案工作监督检查", "行政检查", "《示例法》第一条", "市档案局", "15个工作日", "20个工作日", ""]
    file = xlsx(tmp_path / "b.xlsx", [row])
    command = ("import", file, "--dataset", "powers")
    (warning,) = site.ok(*command, "--dry-run", "--json").json["checks"]
    assert (warning["code"], warning["file"], warning["row"]) == ("limit-lengthened", "b.xlsx", 3)
    assert [cite["text"] for cite in warning["cites"]] == ["15个工作日", "10个工作日", "档案工作监督检查"]
    site.ok(*command)
    publish = ("publish", "powers", "--effective-on", "2024-02-01", "--basis", "示政发〔2024〕2号")
    assert "“档案工作监督检查”现列15个工作日，此前列10个工作日" in site.ok("--lang", "zh", *publish).out


@pytest.mark.slow
def test_texts_of_statutes_are_imported_as_hashes(site: Home, tmp_path: Path) -> None:
    sale = "销售的种子应当加工、分级、包装。大包装或者进口种子可以分装；实行分装的，应当标注分装单位。"
    texts = tmp_path / "texts.jsonl"
    articles = {"第一条": "本法自2022年3月1日起施行。", "第二条": sale}
    line = {"law": "种子法", "version_date": "2021-12-24", "category": "经济法"}
    rows = [{**line, "article": article, "text": text} for article, text in articles.items()]
    texts.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    site.dataset("powers")
    basis = f"【法律】《中华人民共和国种子法》（2015年11月4日修订）\n第一条：{sale}"
    publish_powers(site, tmp_path / "a.xlsx", basis, "2024-01-01")
    site.ok("statutes", "import", texts, "--body", "示例市司法局", "--contact", "a@b.example")
    site.ok("publish", "statutes", "--effective-on", "2024-01-01", "--basis", "示政发〔2024〕2号")
    assert "引文仍列为《种子法》第一条，在2021-12-24的版本中是第二条" in site.ok("--lang", "zh", "check").out
    stored = b"".join(file.read_bytes() for file in site.home.rglob("*") if file.is_file())
    assert "标注分装单位".encode() in stored  # of the powers
    assert "销售的种子".encode() not in b"".join(
        file.read_bytes() for file in (site.home / "sources").rglob("*") if file.is_file()
    )

    texts.write_text(texts.read_text("utf-8") + "\n{}", "utf-8")
    packed = gzip.compress(texts.read_bytes())
    for damaged in (packed[:-20], packed[:-6] + b"000000", packed[:40] + bytes(20) + packed[60:]):
        (tmp_path / "texts.jsonl.gz").write_bytes(damaged)
        ran = site.run("statutes", "import", tmp_path / "texts.jsonl.gz")
        assert (ran.code, "texts.jsonl.gz: 文件损坏" in ran.err) == (2, True)
    broken = site.run("statutes", "import", texts)
    assert (broken.code, "第3行不是条文" in broken.err) == (2, True)


def test_a_file_that_cannot_be_read_leaves_no_dataset_behind(site: Home, tmp_path: Path) -> None:
    site.init()
    names = "--body", "示例市司法局", "--contact", "a@b.example"
    damaged = tmp_path / "法规.xlsx"
    damaged.write_bytes(b"PK\x03\x04" + bytes(100))
    refused = site.run("statutes", "import", damaged, REPEALS, *names)
    assert refused.code == 1, refused.err
    assert site.ok("dataset", "list", "--json").json == []
    site.ok("statutes", "import", REPEALS, *names)
    assert [one["name"] for one in site.ok("dataset", "list", "--json").json] == ["statutes"]
