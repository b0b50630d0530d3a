"""Pytest plugin: in CI every test has to run."""

from __future__ import annotations

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that did not run proves nothing: in CI that is a failure of the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return
    idle = [
        report
        for kind in ("skipped", "xfailed", "xpassed")
        for report in reporter.stats.get(kind, ())
    ]
    if idle:
        reporter.write_line(
            f"ERROR: {len(idle)} tests were skipped; in CI every test has to run.", red=True
        )
        for report in idle:
            reporter.write_line(f"  {report.nodeid}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
