"""Messages that name each other, for tests of conversations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import threads
from tests.mail import letter, put


def naming(
    own: str,
    *named: str,
    reply_to: str = "",
    subject: str = "Lease",
    sender: str = "Ada Berg <ada@example.test>",
    to: str = "Mara Lind <mara@example.test>",
    extra: str = "",
) -> bytes:
    """A message with a Message-ID that refers to others by theirs."""
    head = f"Message-ID: <{own}@x>\n"
    head += f"In-Reply-To: <{reply_to}@x>\n" if reply_to else ""
    head += f"References: {' '.join(f'<{one}@x>' for one in named)}\n" if named else ""
    # What is said last is in no header of its own.
    return letter(subject, sender=sender, to=to, text=f"{own} of {named}", extra=head + extra)


def one(folder: Folder, raw: bytes, *, backfill: bool = False) -> Message:
    """File a message and read its row again."""
    return Message.objects.get(pk=put(folder, raw, backfill=backfill)[0].pk)


def settle() -> None:
    """Let the worker find the conversations of all that wait."""
    while threads.thread_batch():
        pass


def together(user: User, *, among: Iterable[int] | None = None) -> set[frozenset[str]]:
    """The ids of the messages of each conversation."""
    rows = Message.objects.filter(user=user)
    if among is not None:
        rows = rows.filter(pk__in=among)
    found: dict[int | None, set[str]] = {}
    for thread_id, message_id in rows.values_list("thread_id", "message_id"):
        assert thread_id is not None
        found.setdefault(thread_id, set()).add(message_id.strip("<>").partition("@")[0])
    return {frozenset(names) for names in found.values()}


def sets(*groups: Sequence[str]) -> set[frozenset[str]]:
    """Groups to compare with."""
    return {frozenset(group) for group in groups}
