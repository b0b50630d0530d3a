"""The staged result of a connection test, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from connectivity.causes import Explained, explain
from lib.moments import count, span
from protocols.check import CheckReport, CheckStage, StageResult, State
from protocols.types import Security

NAMES: Mapping[CheckStage, str | Promise] = {
    CheckStage.NAME: gettext_lazy("Name found"),
    CheckStage.CONNECT: gettext_lazy("Connected"),
    CheckStage.ENCRYPTION: gettext_lazy("Encrypted"),
    CheckStage.SIGN_IN: gettext_lazy("Sign-in"),
    CheckStage.FOLDERS: gettext_lazy("Folders"),
}


SECURITY: Mapping[Security | None, str | Promise] = {
    Security.TLS: gettext_lazy("SSL, certificate verified"),
    Security.STARTTLS: gettext_lazy("STARTTLS, certificate verified"),
    Security.NONE: gettext_lazy("Not encrypted"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the report; ``state`` is ok, warn, failed or not-reached."""

    name: str
    state: str
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole report as ``connectivity/_report.html`` shows it; ``seconds`` in all.

    ``problem`` is why it failed, ``at`` when it was made.
    """

    steps: tuple[Step, ...]
    seconds: float
    host: str
    port: int
    at: datetime
    problem: Explained | None = None

    @property
    def for_it(self) -> str:
        """The report as plain text for the people who run the other server (A56).

        It holds neither username nor password; what the server said was redacted on its way in.
        """
        at = self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        lines = [
            _("Connection test of %(host)s, port %(port)s")
            % {"host": self.host, "port": self.port},
            at,
            "",
            *(self._line(step) for step in self.steps),
        ]
        if self.problem is not None and self.problem.server_line:
            lines += ["", _("Server said: %(line)s") % {"line": self.problem.server_line}]
        return "\n".join(lines)

    def _line(self, step: Step) -> str:
        """One step: its name, how it ended, how long it took where that may be told."""
        said = step.detail
        if step.state == State.FAILED and self.problem is not None:
            said = _("Failed. %(reason)s") % {"reason": self.problem.sentence}
        took = f" ({span(step.seconds)})" if step.seconds >= 0.05 else ""
        return f"{step.name}: {said or _('Passed')}{took}"


def shown(report: CheckReport, *, host: str, port: int) -> Shown:
    """The report of a test of ``host`` and ``port`` that has just been made."""
    return Shown(
        steps=tuple(
            replace(_step(stage, report, host, port), seconds=stage.seconds)
            for stage in report.stages
        ),
        seconds=sum(stage.seconds for stage in report.stages),
        host=host,
        port=port,
        at=timezone.now(),
        problem=explain(report.error, host=host, port=port) if report.error else None,
    )


def _step(stage: StageResult, report: CheckReport, host: str, port: int) -> Step:
    name, state = str(NAMES[stage.stage]), str(stage.state)
    if stage.state == State.NOT_REACHED:
        return Step(name, state, _("Not reached"))
    if stage.state == State.FAILED:
        return Step(name, state, "")
    if stage.stage == CheckStage.NAME:
        return Step(name, state, host)
    if stage.stage == CheckStage.CONNECT:
        millis = max(1, round(stage.seconds * 1000))
        return Step(name, state, _("Port %(port)s, in %(n)s ms") % {"port": port, "n": millis})
    if stage.stage == CheckStage.ENCRYPTION:
        clear = report.security == Security.NONE
        detail = str(SECURITY.get(report.security, ""))
        return Step(_("Not encrypted") if clear else name, "warn" if clear else state, detail)
    if stage.stage == CheckStage.SIGN_IN:
        return Step(name, state, _("Accepted"))
    return Step(name, state, _contents(report.facts))


def _contents(facts: Mapping[str, int | str]) -> str:
    """What lies there: folders and messages."""
    parts = []
    folders, messages = facts.get("folders"), facts.get("messages")
    if isinstance(folders, int):
        words = ngettext("%(n)s folder", "%(n)s folders", folders)
        parts.append(words % {"n": count(folders)})
    if isinstance(messages, int):
        words = ngettext("%(n)s message", "%(n)s messages", messages)
        parts.append(words % {"n": count(messages)})
    return ", ".join(parts)
