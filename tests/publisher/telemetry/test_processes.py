"""Metrics and log lines of the processes as an operator runs them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from publisher.log.log import Log
from publisher.telemetry.site_metrics import SiteMetrics
from tests.support import sqlite
from tests.support.clock import Clock
from tests.support.command import QINGDAN, Home, item, xlsx
from tests.support.log import entry, fees_dataset, release
from tests.support.servers.http_service import free_ports

PROJECT = Path(__file__).resolve().parents[3]
NAME = "shili-power-list"


@contextmanager
def running(command: list[str], **environ: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*QINGDAN, *command], stderr=subprocess.PIPE, text=True, env={**os.environ, **environ}
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "已启动" in line:
                    break
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def samples(address: str) -> Mapping[tuple[str, str], float]:
    """(Name, first label) → value."""
    text = httpx.get(f"http://{address}/metrics").raise_for_status().text
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("telemetry")
    site = Home(folder / "site")
    site.dataset(NAME)
    site.ok("import", xlsx(folder / "一.xlsx", [item("甲许可")]), "--dataset", NAME)
    site.ok("publish", NAME, "--effective-on", "2015-12-01", "--basis", "示发〔2015〕1号")
    site.ok("backup", folder / "backups")
    return site


@pytest.mark.slow
def test_the_public_side_counts_and_logs_requests_without_personal_data(site: Home) -> None:
    public, metrics = (f"127.0.0.1:{port}" for port in free_ports(2))
    command = ["--home", str(site.home), "serve", "--port", public.split(":")[1]]
    own = {"QINGDAN_LOG": "json", "QINGDAN_ACCESS_LOG": "1", "QINGDAN_CLIENT_HEADER": "X-Forwarded-For"}
    with running(command, QINGDAN_METRICS=metrics, **own) as process:
        for address, n in (("203.0.113.77", 3), ("2001:db8:1:2:3::4", 2)):
            for _ in range(n):
                headers = {"X-Forwarded-For": address}
                httpx.get(f"http://{public}/search?q=张三", headers=headers).raise_for_status()
        assert httpx.get(f"http://{public}/v1/datasets/{NAME}").status_code == 200
        assert httpx.options(f"http://{public}/v1/datasets/{NAME}").status_code == 204
        assert httpx.get(f"http://{public}/metrics").status_code == 404  # not for the public
        metrics_by_name = samples(metrics)
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read() if process.stderr else ""
    assert metrics_by_name["qingdan_requests_total", "pages,200"] == 5
    assert metrics_by_name["qingdan_requests_total", "v1,200"] == 1
    assert metrics_by_name["qingdan_requests_total", "v1,204"] == 1
    assert metrics_by_name["qingdan_requests_total", "pages,404"] == 1
    assert metrics_by_name["qingdan_request_seconds_count", "pages"] == 6
    assert 0 < metrics_by_name["qingdan_request_seconds_sum", "pages"] < 60
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    searches = [line for line in lines if line.get("path") == "/search"]
    assert [line["client"] for line in searches] == ["203.0.113.0"] * 3 + ["2001:db8:1::"] * 2
    assert len({line["request"] for line in searches}) == 5
    assert {line["status"] for line in searches} == {200}
    assert [line["status"] for line in lines if line.get("method") == "OPTIONS"] == [204]
    assert not re.search("张三|%E5%BC%A0|113.77|1:2:3", log)


@pytest.mark.slow
def test_the_worker_tells_the_state_of_the_site_and_the_rules_know_every_metric(site: Home) -> None:
    (port,) = free_ports(1)
    metrics = f"127.0.0.1:{port}"
    with running(["--home", str(site.home), "work"], QINGDAN_WORK_METRICS=metrics):
        metrics_by_name = samples(metrics)
    assert metrics_by_name["qingdan_log_entries", ""] == 3
    assert metrics_by_name["qingdan_release_timestamp_seconds", NAME] > 1.7e9
    assert metrics_by_name["qingdan_last_backup_timestamp_seconds", ""] > 1.7e9
    assert metrics_by_name["qingdan_disk_free_bytes", ""] > 0
    assert metrics_by_name["process_resident_memory_bytes", ""] > 0
    rules = yaml.safe_load((PROJECT / "deploy" / "alerts.yml").read_text(encoding="utf-8"))
    expressions = " ".join(rule["expr"] for group in rules["groups"] for rule in group["rules"])
    of_requests = {"qingdan_requests_total", "qingdan_request_seconds_bucket"}  # of the public side
    assert set(re.findall(r"qingdan_\w+", expressions)) - of_requests <= {name for name, _ in metrics_by_name}


def test_a_release_counts_from_its_publication_not_from_its_day_of_effect(tmp_path: Path) -> None:
    clock = Clock()
    log = Log.open(sqlite.new(tmp_path / "log.db"), sources=tmp_path / "sources", clock=clock)
    log.datasets.init_site("https://data.example.gov.cn", "data.example.gov.cn,2020-01-01")
    log.datasets.create(*fees_dataset())
    release(log, entry("证照费"))
    later = clock.advance(days=1)
    release(log, entry("证照费", "2"), on=later.date() + timedelta(days=30))
    families = SiteMetrics(log, tmp_path, clock, lambda: None).collect()
    (instants,) = (one.samples for one in families if one.name == "qingdan_release_timestamp_seconds")
    assert [sample.value for sample in instants] == [later.timestamp()]
    log.close()


@pytest.mark.slow
def test_status_is_one_json_object_for_scripts(site: Home) -> None:
    status = site.ok("status", "--json").json
    assert status["missing_entries"] == 0
    assert status["last_backup"].startswith("20")


@pytest.mark.slow
def test_what_search_refuses_is_counted_whatever_part_of_it_is_listed(tmp_path: Path) -> None:
    site = Home(tmp_path / "site")
    site.init()
    with closing(Log.open(f"sqlite:///{site.home}/qingdan.db", sources=site.home / "sources")) as log:
        log.datasets.create(*fees_dataset())
        release(log, *(entry(f"收费{number}") for number in range(123)))
        log.outbox.set_aside({one.sequence: "too long" for one in log.outbox.items() if one.kind == "span"})
        families = SiteMetrics(log, site.home, Clock(), lambda: None).collect()
        (metric,) = (one.samples for one in families if one.name == "qingdan_index_set_aside")
        assert [sample.value for sample in metric] == [123]
    search = site.ok("status", "--json").json["search"]
    assert (len(search["set_aside"]), search["set_aside_count"]) == (100, 123)
    assert "共搁置: 123" in site.ok("--lang", "zh", "status").out
