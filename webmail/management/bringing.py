"""``manage.py user import``: a list of people, as under Users > Import."""

from __future__ import annotations

from pathlib import Path

from django.utils import timezone

from accounts.models import Domain
from lib.operator import Answer, OperatorError
from webmail.people_list import MAX_BYTES, UnreadableError, decoded
from webmail.services import importing_now, people


def bring(*, file: Path, domain: str | None, dry_run: bool) -> Answer:
    """Bring in what can be; with ``dry_run`` only tell what would become of each line.

    The passwords that were made are in the answer and nowhere else.
    """
    where = _domain(domain)
    try:
        text = decoded(_bytes(file))
        if dry_run:
            lines = importing_now.looked_at(text, where)
        else:
            lines = importing_now.bring(text, where, now=timezone.now())
    except UnreadableError as error:
        raise OperatorError(str(error)) from None
    rows = [{"password": "", **line} for line in lines]
    names = ("line", "email", "result") + (() if dry_run else ("password",))
    return {
        "domain": where.name,
        "dry_run": dry_run,
        **importing_now.counted(lines),
        "lines": [{name: row[name] for name in names} for row in rows],
    }


def _domain(name: str | None) -> Domain:
    if name is not None:
        return people.find_domain(name)
    found = list(Domain.objects.all()[:2])
    if len(found) != 1:
        raise OperatorError("Name the domain of these people with --domain.")
    return found[0]


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise OperatorError(f"{file} cannot be read: {error.strerror}.") from None
