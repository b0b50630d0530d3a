"""Answers that name nothing are known by subject and people, and never a stranger's."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, Message
from mailstore.services.checking import check
from protocols.body import Body
from tests.mail import NOW
from tests.mailstore.threads import naming, settle, together

ADA, MARA = "Ada Berg <ada@example.test>", "Mara Lind <mara@example.test>"
ASKED = naming("asked", subject="Keys for the studio", sender=MARA, to=ADA)


def came(folder: Folder, raw: bytes, moment: datetime, *, backfill: bool = False) -> Message:
    incoming = Incoming(Body.of(raw), folder, internal_at=moment, backfill=backfill)
    return deliver([incoming], now=moment)[0]


def answer(own: str = "said", *, subject: str = "Re: Keys for the studio", **more: str) -> bytes:
    return naming(own, subject=subject, **{"sender": ADA, "to": MARA, **more})


@pytest.mark.parametrize("backfill", [False, True], ids=["arriving", "fetched"])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_an_answer_without_names_finds_what_it_answers(
    user: User, inbox: Folder, order: tuple[int, ...], backfill: bool
) -> None:
    """In whatever order they are filed, which is not the order they were sent in."""
    raws = [
        (ASKED, NOW - timedelta(days=3)),
        (answer(), NOW - timedelta(days=2)),
        (answer("more", subject="AW: RE: keys for the studio", sender=MARA, to=ADA), NOW),
    ]
    for at in order:
        came(inbox, *raws[at], backfill=backfill)
        settle()
    assert together(user) == {frozenset({"asked", "said", "more"})}
    assert check().is_sound


def test_in_one_batch_as_well(user: User, inbox: Folder) -> None:
    came(inbox, answer(), NOW, backfill=True)
    came(inbox, ASKED, NOW - timedelta(days=1), backfill=True)
    settle()
    assert len(together(user)) == 1


STRANGERS = {
    "somebody else": answer(sender="Eve <eve@evil.test>"),
    "somebody else of that name": answer(sender="Ada Berg <eve@evil.test>"),
    "to somebody else": answer(to="Bo <bo@example.test>"),
    "a list": answer(extra="List-Id: <studio.example.test>\n"),
    "a machine": answer(extra="Auto-Submitted: auto-replied\n"),
    "another subject": answer(subject="Re: Keys for the studios"),
    "no answer": answer(subject="Keys for the studio"),
    "passed on": answer(subject="Fwd: Keys for the studio"),
}


@pytest.mark.parametrize("raw", STRANGERS.values(), ids=STRANGERS.keys())
def test_what_is_not_surely_an_answer_stays_apart(user: User, inbox: Folder, raw: bytes) -> None:
    came(inbox, ASKED, NOW - timedelta(days=1))
    came(inbox, raw, NOW)
    settle()
    assert len(together(user)) == 2


def test_bare_subjects_say_nothing(user: User, inbox: Folder) -> None:
    came(inbox, naming("asked", subject="hi", sender=MARA, to=ADA), NOW - timedelta(days=1))
    came(inbox, answer(subject="Re: hi"), NOW)
    settle()
    assert len(together(user)) == 2


@pytest.mark.parametrize(("days", "groups"), [(29, 1), (31, 2)])
def test_for_thirty_days(user: User, inbox: Folder, days: int, groups: int) -> None:
    came(inbox, answer(), NOW)
    settle()
    came(inbox, ASKED, NOW - timedelta(days=days))
    settle()
    assert len(together(user)) == groups


def test_an_answer_answers_nothing_later(user: User, inbox: Folder) -> None:
    came(inbox, answer(), NOW - timedelta(days=1))
    came(inbox, ASKED, NOW)
    settle()
    assert len(together(user)) == 2


def test_other_peoples_mail_is_not_looked_at(user: User, other_user: User, inbox: Folder) -> None:
    theirs = Folder.objects.get(user=other_user, role="inbox")
    came(theirs, ASKED, NOW - timedelta(days=1))
    came(inbox, answer(), NOW)
    settle()
    assert together(user) == {frozenset({"said"})}
