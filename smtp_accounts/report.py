"""The staged result of a test of an SMTP server, in words."""

from __future__ import annotations

from connectivity import report as reports
from connectivity.providers import Provider
from connectivity.report import Shown
from protocols.check import CheckReport


def shown(
    report: CheckReport,
    *,
    host: str,
    port: int,
    email: str,
    signs_in: bool,
    username: str = "",
    provider: Provider | None = None,
    may_pin: bool = False,
) -> Shown:
    """The common report of a test that offered ``email`` as sender.

    Without authentication the username is of no interest; the test then had no sign-in (A39).
    """
    return reports.shown(
        report,
        host=host,
        port=port,
        username=username if signs_in else "",
        provider=provider,
        may_pin=may_pin,
        email=email,
    )
