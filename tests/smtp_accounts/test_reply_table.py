"""The labelled table of replies, through the real way in: delivered, decided, answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Folder, FolderRole, Message, Source
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import ArrivedFor, Identity, SmtpAccount
from smtp_accounts.services import correspondents, identities, replies
from tests.smtp_accounts.reply_cases import ACCOUNTS, LIST, LOCAL, SALES, STUDIO, WORK, Case
from tests.smtp_accounts.reply_table_named import NAMED
from tests.smtp_accounts.reply_table_other import OTHER

CASES = [*NAMED, *OTHER]
NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.fixture
def sources(user: User) -> dict[str, Source]:
    """Mara's accounts and their identities; the source of each by name."""
    assert user.email == LOCAL
    found: dict[str, Source] = {}
    for name, address, accepts in ACCOUNTS:
        if name:
            found[name] = Source.objects.create(user=user, name=name, address=address)
        account = SmtpAccount.objects.create(
            user=user, host="smtp.test", email=address, source=found.get(name)
        )
        own = identities.follow(account)
        Identity.objects.filter(pk=own.pk).update(accepts=accepts)
        if address == WORK:
            Identity.objects.create(user=user, account=account, address=SALES, accepts="exact")
    studio = Identity.objects.get(address=STUDIO)
    correspondents.wrote(user, studio, [LIST], NOW)
    return found


def delivered(user: User, sources: dict[str, Source]) -> list[Message]:
    """Every case as a message, in order."""
    places: dict[str, Folder] = {
        "inbox": folders.special(user, FolderRole.INBOX),
        "sent": folders.special(user, FolderRole.SENT),
        "of work": folders.ensure_path(user, ["Work"]),
    }
    Folder.objects.filter(pk=places["of work"].pk).update(source=sources["work"])
    places["of work"].refresh_from_db()
    incoming = [
        Incoming(
            Body.of(_bytes(case)), places[case.where], internal_at=NOW, source=sources.get(case.by)
        )
        for case in CASES
    ]
    return deliver(incoming, now=NOW)


def _bytes(case: Case) -> bytes:
    # Each is a message of its own, and what is no Latin-1 is sent as UTF-8.
    head = case.head + f"X-Case: {CASES.index(case)}\n"
    encoding = "latin-1" if "\xe4ra <mara.lind" in head or "\xff" in head else "utf-8"
    return head.replace("\n", "\r\n").encode(encoding) + b"\r\nHello.\r\n"


def answered(user: User, message: Message) -> tuple[str, str, str]:
    """Address, reason and offered address that an answer starts with."""
    chosen = replies.reply(user, message, everyone=True).chosen
    return chosen.send_from.address, chosen.reason, chosen.address


def test_the_table_is_large_and_says_each_thing_once() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.accept("A35")
def test_every_answer_is_from_the_address_labelled(user: User, sources: dict[str, Source]) -> None:
    messages = delivered(user, sources)
    wrong = [
        (case.name, got, (case.answer, case.why, case.offered))
        for case, message in zip(CASES, messages, strict=True)
        if (got := answered(user, message)) != (case.answer, case.why, case.offered)
    ]
    assert not wrong, "\n".join(map(str, wrong))
    # It was decided when they arrived; decided anew, it is the same.
    stored = {
        row.message_id: (row.identity.address, row.reason, row.address)
        for row in ArrivedFor.objects.select_related("identity")
    }
    for case, message in zip(CASES, messages, strict=True):
        if case.where != "sent" and case.why != "sent-with":
            assert stored[message.pk] == (case.answer, case.why, case.offered), case.name
    identities.touch(user, timezone.now() + timedelta(hours=1))
    anew = [answered(user, message) for message in messages]
    assert anew == [(case.answer, case.why, case.offered) for case in CASES]
