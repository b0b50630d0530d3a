"""The audit log in words: who changed what of whom, and from where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit_words import WORDS
from accounts.models import AuditEntry, Domain, Role, User
from connectivity.models import Feature
from connectivity.providers import name_of
from lib.moments import count
from retrieval.profiles import server_of
from webmail.logs.asking import PAGE, Asked, in_days, people_ids
from webmail.logs.line import Badge, Cell, Line, Log

#: What changed, by the name it has in ``detail``.
FIELDS: Final[Mapping[str, str | Promise]] = {
    "display_name": gettext_lazy("Display name"),
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "default_from": gettext_lazy("Default From Address"),
    "undo_send": gettext_lazy("Undo send"),
    "writes_plain": gettext_lazy("Write in plain text"),
    "theme": gettext_lazy("Theme"),
    "layout": gettext_lazy("Layout"),
    "density": gettext_lazy("Density"),
    "remote_images": gettext_lazy("Remote images"),
    "dark_mail": gettext_lazy("Change colours for dark pages"),
    "signatures": gettext_lazy("Signatures"),
    "notice_mail": gettext_lazy("Notices by mail"),
    "backup_address": gettext_lazy("Backup Email Address"),
    "quota": gettext_lazy("Space"),
    "role": gettext_lazy("Role"),
    "password": gettext_lazy("Password"),
    "secret": gettext_lazy("Client secret"),
    "client_id": gettext_lazy("client ID"),
    "title": gettext_lazy("Name people see"),
    "logo": gettext_lazy("Logo"),
    "sender_name": gettext_lazy("Sender name"),
    "sender_address": gettext_lazy("Sender address"),
    "name": gettext_lazy("Name"),
    "reason": gettext_lazy("Reason"),
    "until": gettext_lazy("Until"),
    "provider": gettext_lazy("Provider"),
    "feature": gettext_lazy("Feature"),
    "log": gettext_lazy("Log"),
    "lines": gettext_lazy("Lines"),
}
_VALUES: Final[Mapping[str, str | Promise]] = {
    "on": gettext_lazy("on"),
    "off": gettext_lazy("off"),
    "default": gettext_lazy("back to the default"),
    "removed": gettext_lazy("removed"),
    **{str(value): label for value, label in Role.choices},
    **{str(value): label for value, label in Feature.choices},
}
_LOGS: Final[Mapping[str, str | Promise]] = {
    "sign-ins": gettext_lazy("Sign-ins"),
    "retrieval": gettext_lazy("Retrieval"),
    "sending": gettext_lazy("Sending"),
    "audit": gettext_lazy("Audit"),
}
_MOST = 12


def lines_of(
    entries: Sequence[AuditEntry],
    *,
    reader: User | None = None,
    shown: Collection[int] | None = None,
) -> list[Line]:
    """Entries in words, with one query for the names of domains; ``reader`` is called you.

    ``shown`` are those whose backup addresses may be read; None: everybody's.
    """
    ids = {entry.domain for entry in entries if entry.domain}
    domains = dict(Domain.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}
    return [
        _line(entry, domains, reader, may_tell=shown is None or entry.subject in shown)
        for entry in entries
    ]


def about(user: User, asked: Asked) -> list[AuditEntry]:
    """What concerns a person: what was changed of theirs, and what they did themselves."""
    rows = AuditEntry.objects.filter(Q(subject=user.pk) | Q(actor=user.pk))
    return list(in_days(rows, asked, at="at")[: PAGE + 1])


def _lines(asked: Asked, most: int) -> Sequence[Line]:
    rows = AuditEntry.objects.all()
    if asked.domain is not None:
        rows = rows.filter(domain=asked.domain)
    if asked.who:
        ids = people_ids(asked)
        names = Q(subject_name__icontains=asked.who) | Q(actor_name__icontains=asked.who)
        # People who are gone are found by the name they had.
        rows = rows.filter(Q(subject__in=ids) | Q(actor__in=ids) if ids else names)
    if asked.outcome:
        rows = rows.filter(action=asked.outcome)
    entries = list(in_days(rows, asked, at="at")[:most])
    return lines_of(entries, shown=None if asked.sees_all else _below(entries))


def _below(entries: Sequence[AuditEntry]) -> set[int]:
    """Whose backup addresses an administrator of a domain may read in these, with one query: not
    those of the system's (`accounts.access.may_see_backup`), nor of people who are gone, as
    nobody knows what they were."""
    people = {entry.subject for entry in entries if entry.subject and _tells_backup(entry)}
    known = User.objects.filter(pk__in=people).exclude(role=Role.SYSTEM_ADMIN)
    return set(known.values_list("pk", flat=True)) if people else set()


def _tells_backup(entry: AuditEntry) -> bool:
    return entry.action.startswith("backup-") and bool(entry.detail)


def _line(
    entry: AuditEntry, domains: Mapping[int, str], reader: User | None, *, may_tell: bool
) -> Line:
    def named(pk: int | None, name: str) -> str:
        return _("You") if reader is not None and pk == reader.pk else name

    actor = named(entry.actor, entry.actor_name) if entry.actor else ""
    subject = named(entry.subject, entry.subject_name) if entry.subject else ""
    where = domains.get(entry.domain or 0, "") if not entry.subject else ""
    cells = (
        Cell(subject if entry.subject != entry.actor else "", where),
        Cell(details(entry.detail) if may_tell or not _tells_backup(entry) else ""),
        Cell(entry.address or "", entry.client, is_code=True),
    )
    word = str(WORDS.get(entry.action, entry.action))
    return Line(pk=entry.pk, at=entry.at, who=actor, name="", badge=Badge(word), cells=cells)


def details(detail: Mapping[str, Any]) -> str:
    """What changed, in a few words; fields by their labels, values as far as they are plain."""
    told = []
    for name, value in list(detail.items())[:_MOST]:
        if name == "fields" and isinstance(value, list):
            told.append(", ".join(str(FIELDS.get(str(one), one)) for one in value))
        elif name in ("to", "name", "feature") and (text := _value(name, value)):
            told.append(text)
        elif text := _value(name, value):
            told.append(f"{FIELDS.get(name, name)}: {text}")
    return "; ".join(told)[:500]


def _value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return count(int(value))
    if isinstance(value, list):
        return ", ".join(_value(name, one) for one in value[:_MOST])
    if not isinstance(value, str):
        return ""
    if name == "provider":
        return name_of(server_of(value))
    if name == "log":
        return str(_LOGS.get(value, value))
    at = parse_datetime(value) if len(value) > 16 and value[:4].isdecimal() else None
    if at is not None and timezone.is_aware(at):
        return date_format(timezone.localtime(at), "j M Y H:i")
    return str(_VALUES.get(value, value))


AUDIT = Log(
    "audit",
    gettext_lazy("Audit"),
    gettext_lazy("Who changed what of whom, when, and from where. Nobody can change these lines."),
    gettext_lazy("Nothing has been changed yet."),
    (
        *(gettext_lazy("Action"), gettext_lazy("Person concerned"), gettext_lazy("Details")),
        gettext_lazy("From"),
    ),
    WORDS,
    _lines,
)
