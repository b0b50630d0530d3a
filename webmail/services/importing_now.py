"""Bringing in a list of people at once, for operators: no row keeps it, and no worker does it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import Domain
from accounts.services import audit
from webmail.people_list import entries
from webmail.services import importing
from webmail.services.importing import ADDED, THERE, Judged

#: People stored in one transaction.
BATCH = 50
#: What a line that nothing is wrong with would become.
NEW = "new"


def looked_at(text: str, domain: Domain) -> list[dict[str, str]]:
    """What would become of each line, with nothing done. Raises `UnreadableError`."""
    return [
        {"line": str(one.entry.number), "email": one.email, "result": _fate(one)}
        for one in importing.judge(entries(text), domain, None)
    ]


@sensitive_variables()
def bring(text: str, domain: Domain, *, now: datetime) -> list[dict[str, str]]:
    """Make the people of a list; what became of each line, with the passwords that were made.

    All passwords are hashed, which takes long, before anybody is stored: killed until then, it
    has done nothing. Raises `UnreadableError`.
    """
    judged = importing.judge(entries(text), domain, None)
    made = [importing.made(one, domain, None, now) for one in judged]
    audit.note("users-imported", now=now, domain=domain, detail={"lines": len(judged)})
    answers: list[dict[str, str]] = []
    for start in range(0, len(made), BATCH):
        with transaction.atomic():
            part = made[start : start + BATCH]
            answers += [importing.stored(user, said, None, now) for user, said in part]
    return answers


def counted(answers: list[dict[str, str]]) -> dict[str, int]:
    """How many lines brought somebody in (or would), changed nothing, and are wrong."""
    results = [one["result"] for one in answers]
    new = sum(one in (NEW, ADDED) for one in results)
    there = results.count(THERE)
    return {"added": new, "unchanged": there, "wrong": len(results) - new - there}


def _fate(one: Judged) -> str:
    return THERE if one.is_there else one.wrong or NEW
