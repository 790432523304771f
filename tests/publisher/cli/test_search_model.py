"""The command that installs the model of the language, and what it changes."""

from __future__ import annotations

import time
from pathlib import Path

import anyio
import pytest

from publisher.indexing import encoder_thread
from publisher.indexing.open_engine import open_engine
from publisher.log.log import Log
from publisher.settings import read_settings
from search.semantic.model import ARTIFACT, locate_jar
from tests.support.command import Home
from tests.support.servers.language_model import require_jar
from tests.support.servers.loopback import Answer, loopback_server


def wait_for_encoded(home: Home, documents: int) -> None:
    """Encode as the worker does, until so many documents are encoded."""
    settings, deadline = read_settings(home.home), time.monotonic() + 120
    log, engine = Log.open(settings.database, sources=settings.sources), open_engine(settings)
    with encoder_thread.encoding(log, engine):
        while (encoded := anyio.run(engine.encoding_progress)) is None or encoded.documents < documents:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    anyio.run(engine.close)
    log.close()


@pytest.mark.slow
def test_an_installed_model_finds_what_uses_other_words(site: Home, tmp_path: Path) -> None:
    site.init()
    site.ok(
        "dataset", "create", "services", "--catalogue", "power-list", "--body", "示例市民政局",
        "--title", "示例市服务清单", "--licence", "CC0-1.0", "--contact", "open@example.gov.cn",
    )  # fmt: skip
    site.ok("dataset", "part", "add", "services", "市民政局")
    table = tmp_path / "list.csv"
    table.write_text(
        "序号,事项名称,权力类型,实施依据,行使主体\n1,残疾人证办理,行政确认,持证享受优待,市民政局\n"
    )
    site.ok("import", table, "--dataset", "services", "--part", "市民政局")
    site.ok("publish", "services", "--effective-on", "2020-01-01", "--basis", "示政发〔2020〕1号")
    assert site.ok("search", "残障人士", "--json").json["similar"] is None
    assert site.ok("status", "--json").json["search"]["encoded"] is None

    ran = site.ok("--lang", "en", "model", "install", "--from", require_jar())
    assert "licence MIT" in ran.err + ran.out
    assert site.ok("status", "--json").json["search"]["encoded"] == 0
    wait_for_encoded(site, 1)
    assert "1/1" in site.ok("status").out
    answer = site.ok("search", "残障人士", "--json").json
    assert answer["total"] == 0
    assert [hit["title"]["text"] for hit in answer["similar"]["hits"]] == ["残疾人证办理"]
    assert "意思相近" in (shown := site.ok("--lang", "zh", "search", "残障人士")).out + shown.err

    (site.home / "model" / "bge-small-zh-v1.5-q.onnx").write_bytes(b"damaged")
    assert "qingdan model install" in site.ok("status").out
    assert site.ok("search", "残疾人证办理", "--json").json["total"] == 1


@pytest.mark.slow
def test_a_mirror_of_maven_serves_the_jar(site: Home) -> None:
    site.init()
    jar = require_jar().read_bytes()
    with loopback_server() as mirror:
        path = locate_jar("")
        mirror.answers[path] = Answer(jar[:100_000])
        refused = site.run("--lang", "en", "model", "install", "--mirror", f"{mirror.base}/")
        assert refused.code == 1
        assert ARTIFACT in refused.err
        missing = site.run("model", "install", "--mirror", f"{mirror.base}/elsewhere")
        assert missing.code == 4
        assert not (site.home / "model" / "bge-small-zh-v1.5-q.onnx").exists()
        mirror.answers[path] = Answer(jar)
        site.ok("model", "install", "--mirror", mirror.base)
    assert site.ok("status", "--json").json["search"]["encoded"] == 0


def test_without_options_it_takes_what_maven_has_downloaded(
    site: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.init()
    monkeypatch.setenv("HOME", str(tmp_path))
    absent = site.run("model", "install")
    assert absent.code == 3
    assert "mvn dependency:get" in absent.err
    assert site.run("model", "install", "--from", tmp_path, "--mirror", "http://127.0.0.1:1").code == 2


def test_there_must_be_a_site(site: Home) -> None:
    assert site.run("model", "install").code == 3
