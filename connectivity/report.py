"""The staged result of a connection test, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from connectivity import buttons
from connectivity.buttons import Setting
from connectivity.causes import CAUSES, Explained, explain
from connectivity.providers import Provider
from lib.moments import count, span
from lib.templatetags.ui import bytes as size
from protocols.check import CheckReport, CheckStage, State
from protocols.errors import EncryptionFailed, MailServerError
from protocols.tls import SeenCertificate, fingerprint
from protocols.types import Security

NAMES: Mapping[CheckStage, str | Promise] = {
    CheckStage.NAME: gettext_lazy("Name found"),
    CheckStage.CONNECT: gettext_lazy("Connected"),
    CheckStage.ENCRYPTION: gettext_lazy("Encrypted"),
    CheckStage.HELLO: gettext_lazy("Greeting (EHLO)"),
    CheckStage.SIGN_IN: gettext_lazy("Sign-in"),
    CheckStage.FOLDERS: gettext_lazy("Folders"),
    CheckStage.SEND: gettext_lazy("Send test"),
}
#: What a step is called that did not end as its usual name says.
UNDONE: Mapping[CheckStage, str | Promise] = {
    **NAMES,
    CheckStage.NAME: gettext_lazy("Server name"),
    CheckStage.CONNECT: gettext_lazy("Connection"),
    CheckStage.ENCRYPTION: gettext_lazy("Encryption"),
}
#: Validity is told with the year where it ends later than that.
_SOON = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the report; ``state`` is ok, warn, failed or not-reached.

    A failed step has its ``problem``, and the certificate that was not believed, if that was it.
    """

    name: str
    state: str
    detail: str
    seconds: float = 0.0
    problem: Explained | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate that was not believed says of itself, fit to be compared by eye."""

    subject: str
    issuer: str
    names: str
    valid: str
    fingerprint: str

    @property
    def pairs(self) -> list[str]:
        """The fingerprint in pieces that are not to be torn apart."""
        return self.fingerprint.split(":")


@dataclass(frozen=True, slots=True)
class Target:
    """One server of a test, and whose account; ``may_pin``: its certificate may be trusted."""

    report: CheckReport
    host: str
    port: int
    username: str = ""
    provider: Provider | None = None
    may_pin: bool = False
    email: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole report as ``connectivity/_report.html`` shows it; ``seconds`` in all.

    ``problem`` is why it failed, ``at`` when it was made, ``warning`` what to know before saving.
    """

    steps: tuple[Step, ...]
    seconds: float
    host: str
    port: int
    at: datetime
    problem: Explained | None = None
    warning: str = ""
    reasons: tuple[str, ...] = field(default=(), repr=False)

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
            *self._lines(),
        ]
        if self.problem is not None:
            lines += ["", _("Cause: %(cause)s") % {"cause": self.problem.cause}]
            if self.problem.server_line:
                lines.append(_("Server said: %(line)s") % {"line": self.problem.server_line})
        return "\n".join(lines)

    def _lines(self) -> Iterator[str]:
        """Each step: its name, how it ended, how long it took where that may be told."""
        reasons = iter(self.reasons)
        for step in self.steps:
            said = step.detail or _("Passed")
            if step.problem is not None:
                said = _("Failed. %(reason)s") % {"reason": next(reasons, "")}
            took = f" ({span(step.seconds)})" if step.seconds >= 0.05 else ""
            yield f"{step.name}: {said}{took}"
            if step.certificate is not None:
                yield f"  SHA-256 {step.certificate.fingerprint}"


def shown(
    report: CheckReport,
    *,
    host: str,
    port: int,
    kind: str = "",
    username: str = "",
    provider: Provider | None = None,
    free_bytes: int | None = None,
    may_pin: bool = False,
    email: str = "",
    sent: CheckReport | None = None,
    sent_host: str = "",
    sent_port: int = 0,
    sends: bool = False,
) -> Shown:
    """The report of a test of ``host`` and ``port`` that has just been made.

    Args:
        report: what the test found.
        host: the server as it was typed.
        port: its port.
        kind: imap, pop or smtp; the report knows it, so it may be left out.
        username: what was typed as username: it may be the reason for a refusal.
        provider: the tile that was chosen, or None.
        free_bytes: how much more fits into the mailbox here; None: any amount.
        may_pin: whether this person may trust a single certificate.
        email: the address that was offered as sender.
        sent: how the test of the sending half went, of ``sent_host`` and ``sent_port``.
        sends: whether there is such a half, even if it was not reached.
    """
    about = Target(report, host, port, username, provider, may_pin, email)
    steps = [*_steps(about)]
    if sent is not None:
        # Of the other server only the outcome is of interest, not how it was reached.
        steps.append(_sending(Target(sent, sent_host, sent_port, username, provider, False, email)))
    elif sends:
        steps.append(Step(str(NAMES[CheckStage.SEND]), State.NOT_REACHED, _("Not reached")))
    failed = [step for step in steps if step.problem is not None]
    return Shown(
        steps=tuple(steps),
        seconds=sum(step.seconds for step in steps),
        host=host,
        port=port,
        at=timezone.now(),
        problem=failed[0].problem if failed else None,
        warning=_too_much(report.facts, free_bytes),
        # Told without the username, for people the reader may not want to give it to.
        reasons=tuple(_reasons((report, host, port), (sent, sent_host, sent_port))),
    )


def _reasons(*tests: tuple[CheckReport | None, str, int]) -> Iterator[str]:
    for report, host, port in tests:
        if report is not None and report.error is not None:
            yield explain(report.error, host=host, port=port, protocol=report.kind).sentence


def _steps(about: Target) -> Iterator[Step]:
    report = about.report
    for stage in report.stages:
        name, undone = str(NAMES[stage.stage]), str(UNDONE[stage.stage])
        if stage.state == State.NOT_REACHED:
            yield Step(undone, State.NOT_REACHED, _("Not reached"))
        elif stage.state == State.FAILED and report.error is not None:
            yield _failed(undone, report.error, about, stage.seconds)
        elif stage.stage == CheckStage.ENCRYPTION and report.security == Security.NONE:
            yield Step(_("Not encrypted"), "warn", "", stage.seconds)
        else:
            yield Step(name, State.OK, _detail(stage.stage, about), stage.seconds)
    if report.ok and report.kind == "imap" and "idle" in report.facts:
        news = _("Arrives at once (IDLE)")
        if not report.facts["idle"]:
            news = _("Fetched at the regular times: the server does not announce it")
        yield Step(_("New mail"), State.OK, news)


def _failed(name: str, error: MailServerError, about: Target, seconds: float) -> Step:
    seen = error.certificate if isinstance(error, EncryptionFailed) else None
    setting = Setting(
        kind=about.report.kind,
        host=about.host,
        port=about.port,
        username=about.username,
        provider=about.provider,
        security=about.report.security,
        sha256=seen.sha256 if seen is not None and about.may_pin else "",
    )
    problem = explain(
        error,
        host=about.host,
        port=about.port,
        username=about.username,
        email=about.email,
        protocol=about.report.kind,
    )
    names = CAUSES[problem.cause].buttons if problem.cause in CAUSES else ()
    problem = replace(problem, buttons=buttons.offered(names, setting))
    shown_certificate = _certificate(seen) if seen is not None else None
    return Step(name, State.FAILED, "", seconds, problem, shown_certificate)


def _certificate(seen: SeenCertificate) -> Certificate:
    form = pgettext("day of another year in a list", "j M Y")
    begins, ends = (date_format(at, form) for at in (seen.not_before, seen.not_after))
    return Certificate(
        subject=seen.subject,
        issuer=seen.issuer,
        names=", ".join(seen.names),
        valid=_("%(begins)s to %(ends)s") % {"begins": begins, "ends": ends},
        fingerprint=fingerprint(seen.sha256),
    )


def _sending(about: Target) -> Step:
    name = str(NAMES[CheckStage.SEND])
    error = about.report.error
    seconds = sum(stage.seconds for stage in about.report.stages)
    if error is not None:
        return _failed(name, error, about, seconds)
    values = {"host": about.host, "email": about.email}
    return Step(name, State.OK, _("%(host)s accepted %(email)s") % values, seconds)


def _detail(stage: CheckStage, about: Target) -> str:
    """What is worth knowing of a step that went well."""
    facts = about.report.facts
    if stage == CheckStage.NAME:
        return str(facts.get("address", about.host))
    if stage == CheckStage.CONNECT:
        seconds = next(each.seconds for each in about.report.stages if each.stage == stage)
        millis = max(1, round(seconds * 1000))
        return _("Port %(port)s, in %(n)s ms") % {"port": about.port, "n": millis}
    if stage == CheckStage.ENCRYPTION:
        return _encryption(about.report.security, facts)
    if stage == CheckStage.HELLO:
        return _offered(facts)
    if stage == CheckStage.SIGN_IN:
        return _("Accepted")
    if stage == CheckStage.SEND:
        return _("%(email)s accepted as sender") % {"email": about.email}
    return _contents(facts)


def _offered(facts: Mapping[str, int | str]) -> str:
    """What a server for sending says it takes."""
    largest = facts.get("size")
    parts = []
    if isinstance(largest, int) and largest:
        parts.append(_("Messages up to %(size)s") % {"size": size(largest)})
    parts += [name.upper() for name in ("smtputf8", "dsn", "pipelining") if facts.get(name)]
    return ", ".join(parts) or pgettext("a server", "Answered")


def _encryption(security: Security | None, facts: Mapping[str, int | str]) -> str:
    parts = ["STARTTLS" if security == Security.STARTTLS else "SSL"]
    if version := facts.get("tls_version"):
        parts.append(str(version))
    if until := facts.get("valid_until"):
        ends = datetime.fromisoformat(str(until))
        soon = ends - timezone.now() < _SOON
        form = (
            pgettext("day in a list", "j M")
            if soon
            else pgettext("day of another year in a list", "j M Y")
        )
        parts.append(_("certificate valid to %(day)s") % {"day": date_format(ends, form)})
    elif version:
        parts.append(_("with the certificate you trust"))
    return ", ".join(parts)


def _contents(facts: Mapping[str, int | str]) -> str:
    """What lies there: folders, messages and their size."""
    parts = []
    folders, messages, room = (facts.get(name) for name in ("folders", "messages", "bytes"))
    if isinstance(folders, int):
        words = ngettext("%(n)s folder", "%(n)s folders", folders)
        parts.append(words % {"n": count(folders)})
    if isinstance(messages, int):
        words = ngettext("%(n)s message", "%(n)s messages", messages)
        parts.append(words % {"n": count(messages)})
    used = facts.get("quota_used")
    if isinstance(room, int) and messages:
        parts.append(size(room))
    elif room is None and isinstance(used, int) and used:
        # All that counts there, which may be more than mail.
        parts.append(_("%(size)s used there") % {"size": size(used)})
    return ", ".join(parts)


def _too_much(facts: Mapping[str, int | str], free: int | None) -> str:
    room = facts.get("bytes")
    if free is None or not isinstance(room, int) or room <= free:
        return ""
    return _("%(size)s does not fit in the %(free)s you have left.") % {
        "size": size(room),
        "free": size(max(free, 0)),
    }
