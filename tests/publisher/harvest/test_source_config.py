"""Parsing of ``sources.toml``: errors are reported with their position, in two languages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from publisher.harvest.source_config import SourcesError, SourceSite, add_source, convert_source, read_sources
from tests.publisher.harvest.conftest import Collector

GOOD = """[anshan]
title = "鞍山"
dataset = "zhengce"
hosts = ["www.anshan.gov.cn"]
lists = ["https://www.anshan.gov.cn/list.html"]
"""


def error(home: Path, text: str) -> SourcesError:
    (home / "sources.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SourcesError) as raised:
        read_sources(home, ["zhengce"])
    return raised.value


def test_a_source_has_sensible_manners_by_default(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(GOOD, encoding="utf-8")
    (source,) = read_sources(tmp_path, ["zhengce"]).values()
    assert (source.name, source.pace, source.publish) == ("anshan", 1.0, False)
    assert (source.interval.total_seconds(), source.recheck_interval.days) == (3600, 7)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("[a", "不是合法的 TOML", "is not valid TOML"),
        ("a = 1", "sources.toml a：应为 object", "expected object"),
        (GOOD + "color = 1", "sources.toml anshan：没有“color”这一项", "unknown key 'color'"),
        (GOOD.replace("title", "#title"), "缺少“title”", "'title' is missing"),
        (GOOD + "every = 'soon'", "sources.toml anshan.every：应为时长，如“7d”", "write a duration"),
        (GOOD + "pace = -1.0", "sources.toml anshan.pace：应为 >= 0.0", "expected >= 0.0"),
        (GOOD.replace("https://", "ftp://"), "anshan.lists[0]：应为网址", "expected a web address"),
        (GOOD.replace('["www.anshan.gov.cn"]', "[]"), "anshan.hosts：至少需要一项", "at least one"),
        (GOOD.replace('["www.anshan', '["x.anshan'), "的主机不在 hosts 中", "is not among hosts"),
        (GOOD.replace('["www.', '["https://www.'), "anshan.hosts：“https://www", "is not a host name"),
        (
            GOOD.replace('["www.anshan.gov.cn', '["www.anshan.gov.cn/zwgk'),
            "请去掉 http://、路径和用户名",
            "omit http://",
        ),
        (GOOD.replace("lists", "#lists"), "请写明 lists、sitemaps 或 feeds", "specify lists"),
        (GOOD + "documents = '('", "anshan.documents：正则表达式有误", "not a valid regular expression"),
        (GOOD.replace('"zhengce"', '"fees"'), "没有数据集“fees”", "dataset 'fees' does not exist"),
        (GOOD + "tables = ['fees']", "没有数据集“fees”", "dataset 'fees' does not exist"),
        (
            GOOD.replace("[anshan]", "['An Shan']"),
            "名称只能用小写字母",
            "names consist of lower-case letters",
        ),
    ],
)
def test_errors_are_reported_with_their_place(tmp_path: Path, text: str, zh: str, en: str) -> None:
    raised = error(tmp_path, text)
    assert zh in raised.zh
    assert en in raised.en


@pytest.mark.parametrize("host", ["鞍山.政务", "xn--rht988k.xn--zfr164b", "XN--RHT988K.xn--zfr164b:443"])
def test_a_chinese_host_is_the_same_in_either_writing(tmp_path: Path, host: str) -> None:
    text = GOOD.replace('"www.anshan.gov.cn"', f'"{host}"').replace("www.anshan.gov.cn", "鞍山.政务:443")
    (tmp_path / "sources.toml").write_text(text, encoding="utf-8")
    (source,) = read_sources(tmp_path, ["zhengce"]).values()
    assert source.allows("https://xn--rht988k.xn--zfr164b:443/a.html")
    assert source.allows("https://鞍山.政务:443/a.html")
    assert not source.allows("https://马鞍山.政务:443/a.html")
    assert not source.allows("https://鞍山.政务:8443/a.html")  # every request to it would be refused
    assert not source.allows("https://[::1")


def test_the_command_reports_errors_and_sends_no_request(collector: Collector) -> None:
    collector.write("[anshan]")
    ran = collector.run()
    assert (ran.code, collector.web.requests) == (1, [])
    assert "错误 [bad-sources]" in ran.err
    collector.write(collector.source())
    ran = collector.run("elsewhere")
    assert ran.code == 3
    assert "[no-such-source]" in ran.err
    (collector.site.home / "sources.toml").unlink()
    assert "[bad-sources]" in collector.run().err


def table(**keys: object) -> SourceSite:
    own = {
        "title": "鞍山",
        "dataset": "zhengce",
        "hosts": ["www.anshan.gov.cn"],
        "lists": ["https://www.anshan.gov.cn/list.html"],
        **keys,
    }
    return convert_source("anshan", own)


def test_a_source_that_is_added_stands_below_what_the_file_has(tmp_path: Path) -> None:
    first = "# 本市网站\n[shili]\ntitle = '示例' # 主站\ndataset = 'zhengce'\nhosts = ['a.gov.cn']\n"
    first += "lists = ['https://a.gov.cn/']"
    (tmp_path / "sources.toml").write_text(first, encoding="utf-8")
    (tmp_path / "sources.toml").chmod(0o640)
    hostile = "\"]\n[evil]\ntitle = '\\u0041' \t 鞍山"
    source = table(title=hostile, documents=r'/\d{8}/[^"]+\.html$', publish=True, pace=0.5, every="30m")
    add_source(tmp_path, source, ["zhengce"])
    text = (tmp_path / "sources.toml").read_text(encoding="utf-8")
    assert text.startswith(f"{first}\n\n[anshan]\n")
    assert (tmp_path / "sources.toml").stat().st_mode & 0o777 == 0o640
    assert [*read_sources(tmp_path)] == ["shili", "anshan"]
    assert read_sources(tmp_path)["anshan"] == source
    assert "timeout" not in text


def test_what_cannot_be_added_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    source = table()
    add_source(tmp_path, source, ["zhengce"])
    before = (tmp_path / "sources.toml").read_bytes()
    for wrong, message in ((source, "已有来源"), (table(title="\x7f"), "控制字符")):
        with pytest.raises(SourcesError, match=message):
            add_source(tmp_path, replace(wrong, name="b" if wrong is not source else "anshan"), ["zhengce"])
    (tmp_path / "sources.toml").write_text("[broken", encoding="utf-8")
    with pytest.raises(SourcesError, match="TOML"):
        add_source(tmp_path, source, ["zhengce"])
    assert (tmp_path / "sources.toml").read_text() == "[broken"
    assert before.startswith(b"[anshan]\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sources.toml"]


def test_sources_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    names = [f"s{n}" for n in range(12)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda name: add_source(tmp_path, replace(table(), name=name), ["zhengce"]), names))
    assert sorted(read_sources(tmp_path)) == sorted(names)
