"""Bringing in a list of people: judged line by line, then done by a worker in one go.

The list lies sealed in a row. A worker goes through it in small transactions, each of which moves
the row's position: killed at any moment, the next one goes on there, and nobody is made twice.
Who is there already is left as they are, so that the same list brings nothing a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import Domain, ImportState, PeopleImport, User
from accounts.services import audit
from lib import sheets
from lib.sealing import Place, SealError, parse_keys
from webmail.people_list import Entry, UnreadableError, entries, role_named
from webmail.services import managing
from webmail.services.managing import NotAllowed, Profile

#: People made in one transaction, and for how long a worker holds the row, renewed at each.
BATCH: Final = 10
LEASE: Final = timedelta(minutes=5)
#: How long a list and its answer are kept.
KEPT: Final = timedelta(days=1)
GB: Final = 1024**3


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of one line: ``is_new``, or there already, or ``wrong`` with the reason."""

    entry: Entry
    email: str = ""
    profile: Profile | None = None
    wrong: str = ""
    is_there: bool = False

    @property
    def is_new(self) -> bool:
        """Whether somebody is made of it."""
        return not self.wrong and not self.is_there


@dataclass(frozen=True, slots=True)
class _Given:
    """What a line says beside the address."""

    backup: str
    role: str
    quota: int | None


@sensitive_variables("text")
def read(*, text: str, domain: Domain, by: User, now: datetime) -> PeopleImport:
    """Keep a list to look at. Raises `UnreadableError`."""
    lines = entries(text)
    with transaction.atomic():
        row = PeopleImport.objects.create(domain=domain, made_by=by, made_at=now, total=len(lines))
        _seal(row, "content", text)
        row.save()
    return row


class Lost(Exception):
    """The list does not open any more: its key was taken away, or somebody changed the row; or
    whoever brought it may not any more."""


def judged(row: PeopleImport) -> list[Judged]:
    """Every line of a kept list, as things stand now. Raises `Lost`."""
    return judge(_lines(row), row.domain, row.made_by)


def judge(lines: Sequence[Entry], domain: Domain, by: User | None) -> list[Judged]:
    """What would become of each line; the same few statements however many there are.

    ``by`` None is an operator.
    """
    hosted = set(Domain.objects.values_list("name", flat=True))
    named = {_address(entry, domain) for entry in lines}
    there = set(User.objects.filter(email__in=named).values_list("email", flat=True))
    allowed = {value for value, _label in managing.roles_for(by)}
    seen: dict[str, int] = {}
    found = []
    for entry in lines:
        email = _address(entry, domain)
        try:
            if email in seen:
                said = _("The same address stands in line %(n)d.") % {"n": seen[email]}
                raise ValidationError(said)
            _check_address(email, domain)
            seen[email] = entry.number
            if email in there:
                found.append(Judged(entry, email, is_there=True))
                continue
            given = _given(entry, email, domain, hosted, allowed)
        except ValidationError as error:
            found.append(Judged(entry, email, wrong=" ".join(error.messages)))
            continue
        name = " ".join(entry.get("name").split())[:200]
        profile = Profile(name, given.role, given.backup, given.quota)
        found.append(Judged(entry, email, profile))
    return found


def start(*, row: PeopleImport, now: datetime) -> bool:
    """Have it brought in; False where that was asked for already."""
    waiting = PeopleImport.objects.filter(pk=row.pk, state=ImportState.READ)
    with transaction.atomic():
        if not waiting.update(state=ImportState.WAITING):
            return False
        detail = {"lines": row.total}
        audit.note("users-imported", now=now, domain=row.domain, detail=detail)
    return True


def due(*, now: datetime) -> list[int]:
    """Lists that wait for a worker."""
    rows = PeopleImport.objects.filter(_is_free(now), state=ImportState.WAITING)
    return list(rows.order_by("made_at").values_list("pk", flat=True)[:20])


def _is_free(now: datetime) -> Q:
    return Q(claimed_until=None) | Q(claimed_until__lt=now)


def go_on(*, pk: int, now: datetime) -> bool:
    """Make the next few people of a list that waits; whether there is more to do.

    Twice at once, one of the two finds the row held and does nothing. Passwords are hashed, which
    takes long on purpose, before the transaction that stores the people.
    """
    waiting = PeopleImport.objects.filter(pk=pk, state=ImportState.WAITING)
    if not waiting.filter(_is_free(now)).update(claimed_until=now + LEASE):
        return False
    row = PeopleImport.objects.select_related("domain", "made_by").get(pk=pk)
    try:
        _check_still_allowed(row)
        lines = _lines(row)
    except Lost:
        waiting.update(state=ImportState.DONE, taken_at=now)
        return False
    part = lines[row.position : row.position + BATCH]
    # As the list was looked at: roles have names, and answers words, in a language.
    with translation.override(row.made_by.language):
        part_made = [
            made(one, row.domain, row.made_by, now) for one in judge(part, row.domain, row.made_by)
        ]
    with transaction.atomic():
        # Only where nobody else went on meanwhile.
        mine = waiting.filter(position=row.position, claimed_until=now + LEASE)
        if not mine.update(position=row.position + len(part)):
            return False
        answers = _answers(row)
        for user, answer in part_made:
            answers.append(stored(user, answer, row.made_by, now))
            row.added += answers[-1]["result"] == ADDED
        row.position += len(part)
        row.claimed_until = None
        _seal(row, "answer", json.dumps(answers))
        if row.position >= len(lines):
            row.state, row.content = ImportState.DONE, b""
        row.save()
    return row.state == ImportState.WAITING


ADDED, THERE = "added", "unchanged"


def taken(*, row: PeopleImport, now: datetime) -> Iterator[str] | None:
    """The answer as lines for a spreadsheet, once; None where it was taken already."""
    with transaction.atomic():
        mine = PeopleImport.objects.filter(pk=row.pk, state=ImportState.DONE, taken_at=None)
        answers = _answers(row)
        if not mine.update(taken_at=now, answer=b""):
            return None
        audit.note("passwords-taken", now=now, domain=row.domain)
    heading = sheets.line(["line", "email", "result", "password"])
    lines = (
        sheets.line([one["line"], one["email"], one["result"], one.get("password", "")])
        for one in answers
    )
    return iter([heading, *lines])


def tidy(*, now: datetime) -> int:
    """Remove lists of more than a day ago; how many."""
    return PeopleImport.objects.filter(made_at__lt=now - KEPT).delete()[0]


@sensitive_variables("password")
def made(
    one: Judged, domain: Domain, by: User | None, now: datetime
) -> tuple[User | None, dict[str, str]]:
    """The person of a line, not stored yet, and what became of the line: slow, as it hashes."""
    answer = {"line": str(one.entry.number), "email": one.email}
    if one.is_there or one.wrong or one.profile is None:
        return None, answer | {"result": one.wrong or THERE}
    typed = one.entry.get("password")
    password = typed or managing.made_password()
    try:
        user = managing.prepared(
            email=one.email,
            domain=domain,
            profile=one.profile,
            password=password,
            by=by,
            now=now,
        )
    except ValidationError as error:
        return None, answer | {"result": " ".join(error.messages)}
    except NotAllowed as error:
        return None, answer | {"result": str(error)}
    shown = {} if typed else {"password": password}
    return user, answer | {"result": ADDED} | shown


def stored(
    user: User | None, answer: dict[str, str], by: User | None, now: datetime
) -> dict[str, str]:
    """Store the person, unless somebody took the address since the line was judged."""
    if user is None:
        return answer
    try:
        with transaction.atomic():
            managing.store(user=user, by=by, now=now)
    except IntegrityError:
        return {"line": answer["line"], "email": answer["email"], "result": THERE}
    return answer


def _address(entry: Entry, domain: Domain) -> str:
    email = entry.get("email").lower()
    return f"{email}@{domain.name}" if email and "@" not in email else email


def _check_address(email: str, domain: Domain) -> None:
    if not email:
        raise ValidationError(_("There is no address."))
    try:
        validate_email(email)
    except ValidationError:
        raise ValidationError(_("That is no email address.")) from None
    if email.rpartition("@")[2] != domain.name:
        raise ValidationError(_("The address has to end with @%s.") % domain.name)


def _given(entry: Entry, email: str, domain: Domain, hosted: set[str], allowed: set[str]) -> _Given:
    role = role_named(entry.get("role"))
    if not role:
        raise ValidationError(_("There is no role named “%s”.") % entry.get("role")[:40])
    if role not in allowed:
        raise ValidationError(_("Only a system administrator gives this role."))
    if password := entry.get("password"):
        name = entry.get("name")
        validate_password(password, User(email=email, display_name=name, domain=domain))
    backup = entry.get("backup")
    if backup and backup.lower().rpartition("@")[2] in hosted:
        raise ValidationError(_("The backup address has to be at another provider."))
    if backup:
        validate_email(backup)
    return _Given(backup, role, _bytes(entry.get("quota")))


def _bytes(text: str) -> int | None:
    """“5”, “5 GB”, “0,5” or “500 MB” in bytes; GB where no unit is named."""
    plain = text.casefold().replace(" ", "").replace(",", ".").replace("\N{NO-BREAK SPACE}", "")
    if not plain:
        return None
    unit = next((one for one in ("tb", "gb", "mb") if plain.endswith(one)), "")
    factor = {"tb": 1024 * GB, "mb": 1024**2}.get(unit, GB)
    try:
        size = Decimal(plain.removesuffix(unit)) * factor
    except ArithmeticError:
        size = Decimal("NaN")
    if not size.is_finite() or not 1024**2 <= size <= 1_000_000 * GB:
        raise ValidationError(_("“%s” is no size. Write for example 5 GB.") % text[:40])
    return int(size)


def _check_still_allowed(row: PeopleImport) -> None:
    """Whoever brought the list may have lost the role since."""
    by = row.made_by
    here = by.is_system_admin or by.domain_id == row.domain_id
    if not (by.is_active and by.is_domain_admin and here):
        raise Lost


def _lines(row: PeopleImport) -> list[Entry]:
    try:
        return entries(_opened(row, "content"))
    except (SealError, UnreadableError) as error:
        raise Lost from error


def _place(row: PeopleImport, name: str) -> Place:
    return Place(PeopleImport._meta.db_table, str(row.pk), name, str(row.made_by_id))


def _seal(row: PeopleImport, name: str, text: str) -> None:
    ring = parse_keys(settings.CREDENTIAL_KEYS)
    row.key_id = ring.newest
    setattr(row, name, ring.seal(text, _place(row, name)))


def _opened(row: PeopleImport, name: str) -> str:
    ring = parse_keys(settings.CREDENTIAL_KEYS)
    return ring.open(bytes(getattr(row, name)), row.key_id, _place(row, name))


def _answers(row: PeopleImport) -> list[dict[str, str]]:
    return list(json.loads(_opened(row, "answer"))) if row.answer else []
