"""The staged result of a test of an SMTP server, in words."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from connectivity import report as reports
from connectivity.report import Shown
from protocols.check import CheckReport, State


def shown(report: CheckReport, *, host: str, port: int, email: str, signs_in: bool) -> Shown:
    """The common report, its last step told as what SMTP does: announcing a sender.

    Without authentication there is no sign-in to report on (A39).
    """
    common = reports.shown(report, host=host, port=port)
    steps = list(common.steps)
    if steps:
        last = replace(steps[-1], name=_("Send test"))
        if report.stages[-1].state == State.OK:
            last = replace(last, detail=_("%(email)s accepted as sender") % {"email": email})
        steps[-1] = last
    if not signs_in:
        del steps[3:4]
    return replace(common, steps=tuple(steps))
