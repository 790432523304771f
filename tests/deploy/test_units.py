"""Units of systemd, alert rules and container files, by the programs that judge them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from publisher.variables import VARIABLES
from tests.support.servers.programs import program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("qingdan-*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSED = 3.0
"""On the scale of ``systemd-analyze security``: from 0 (closed) to 10."""


def run(*command: str | Path) -> str:
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.program
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        assert "/opt/qingdan/bin/qingdan " in text or unit.suffix == ".timer"
        # verify asks that the program exists.
        text = text.replace("/opt/qingdan/bin/qingdan", sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    assert run(program("systemd-analyze"), "verify", *(tmp_path / unit.name for unit in UNITS)) == ""


@pytest.mark.program
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_can_reach_little(unit: Path) -> None:
    said = run(program("systemd-analyze"), "security", "--offline=true", unit)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert exposure is not None
    assert float(exposure[1]) <= MOST_EXPOSED


def test_the_public_side_cannot_read_private_keys() -> None:
    text = (DEPLOY / "systemd" / "qingdan-serve.service").read_text(encoding="utf-8")
    assert "\nInaccessiblePaths=-/var/lib/qingdan/keys\n" in text
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yml").read_text(encoding="utf-8"))
    assert "/var/lib/qingdan/keys" in compose["services"]["serve"]["tmpfs"]


def test_the_environment_file_has_settings_that_exist() -> None:
    names = {variable.name for variable in VARIABLES}
    text = (DEPLOY / "systemd" / "environment").read_text(encoding="utf-8")
    assert set(re.findall(r"QINGDAN_\w+", text)) <= names


@pytest.mark.program
def test_prometheus_accepts_the_rules() -> None:
    assert "SUCCESS" in run(program("promtool"), "check", "rules", DEPLOY / "alerts.yml")


@pytest.mark.program
def test_a_rule_fires_when_it_should(tmp_path: Path) -> None:
    """A day and a half without a backup, and an hour without a signature, but not less."""
    tests = {
        "rule_files": [str(DEPLOY / "alerts.yml")],
        "evaluation_interval": "10m",
        "tests": [
            {
                "interval": "10m",
                "input_series": [
                    {"series": "qingdan_last_backup_timestamp_seconds", "values": "0x300"},
                    {"series": "qingdan_log_unsigned_seconds", "values": "0+600x300"},
                ],
                "alert_rule_test": [
                    {"eval_time": time, "alertname": f"Qingdan{name}", "exp_alerts": alerts}
                    for time, name, alerts in (
                        ("35h", "NoBackup", []),
                        ("37h", "NoBackup", [expected("NoBackup")]),
                        ("50m", "NotSigned", []),
                        ("2h", "NotSigned", [expected("NotSigned")]),
                    )
                ],
            }
        ],
    }
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump(tests, allow_unicode=True), encoding="utf-8")
    assert "SUCCESS" in run(program("promtool"), "test", "rules", file)


def expected(name: str) -> dict[str, object]:
    rules = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    (rule,) = (rule for rule in rules if rule["alert"] == f"Qingdan{name}")
    return {"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}


@pytest.mark.program
def test_hadolint_accepts_the_containerfile() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run(hadolint, DEPLOY / "container" / "Containerfile")


def test_the_compose_file_starts_two_public_sides_and_one_worker() -> None:
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    commands = {name: " ".join(service.get("command", [])) for name, service in services.items()}
    assert commands["work"] == "work"
    assert commands["serve"].startswith("serve --host 0.0.0.0")
    assert services["serve"]["deploy"]["replicas"] == 2
    proxy = services["proxy"]
    files = [volume.split(":")[0] for volume in proxy["volumes"] if volume.endswith("Caddyfile:ro")]
    (file,) = files
    text = (DEPLOY / "container" / file).resolve().read_text(encoding="utf-8")
    assert "reverse_proxy {$QINGDAN_SERVE:" in text
    assert proxy["environment"]["QINGDAN_SERVE"] == "serve:8000"
    folders = [volume.split(":")[1] for volume in proxy["volumes"]]
    assert all(str(Path(path).parent) in folders for path in re.findall(r"/etc/qingdan\S+\.pem", text))
    for name in ("serve", "work"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        names = set(services[name]["environment"])
        assert names <= {variable.name for variable in VARIABLES}
