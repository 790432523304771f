"""Skipped tests in CI: two hooks of pytest."""

from __future__ import annotations

import os

import pytest

from tests.support import shared_data


def _skipped(reporter: pytest.TerminalReporter) -> tuple[list[pytest.TestReport], list[pytest.TestReport]]:
    """Tests skipped because data may not be distributed, and all other skipped tests."""
    shared: list[pytest.TestReport] = []
    others: list[pytest.TestReport] = []
    for report in reporter.stats.get("skipped", []):
        for_data = "shared" in report.keywords and shared_data.REASON in str(report.longrepr)
        (shared if for_data else others).append(report)
    return shared, others


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in CI that skipped a test, except tests whose data may not be distributed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    failed = reporter is not None and os.environ.get("CI") == "true" and _skipped(reporter)[1]
    if failed and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    shared, others = _skipped(terminalreporter)
    for report in others:
        assert isinstance(report.longrepr, tuple)
        terminalreporter.write_line(f"skipped: {report.nodeid}: {report.longrepr[-1]}")
    if shared:
        terminalreporter.write_line(f"skipped: {len(shared)} tests, as {shared_data.REASON}")
