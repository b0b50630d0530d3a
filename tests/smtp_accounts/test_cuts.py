"""A server that goes away in each phase of a message: sent once, tried again, or not certain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.models import User
from mailstore.models import FolderRole, Message
from smtp_accounts.models import Draft, OutboxState
from smtp_accounts.services import accounts, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from tests.smtp_accounts.conftest import NOW

PHASES: dict[str, list[Step]] = {
    "banner": [Send(b"220 here\r\n")],
    "EHLO": [Expect(b"^EHLO"), Send(b"250-here\r\n250 AUTH PLAIN\r\n")],
    "AUTH": [Expect(b"^AUTH"), Send(b"235 in\r\n")],
    "MAIL": [Expect(b"^MAIL"), Send(b"250 ok\r\n")],
    "RCPT": [Expect(b"^RCPT"), Send(b"250 ok\r\n")],
    "DATA": [Expect(b"^DATA"), Send(b"354 go\r\n")],
    "dot": [Expect(rb"^\.\r$"), Send(b"250 taken\r\n")],
    "QUIT": [Expect(b"^QUIT")],
}
NAMES = [*PHASES, "the end"]


def until(phase: str) -> list[Step]:
    """A decent server up to the answer of this phase, which it does not give any more."""
    steps: list[Step] = []
    for name, script in PHASES.items():
        if name == phase:
            # What was asked for is heard; the connection ends instead of an answer.
            return steps + script[:-1] if name != "QUIT" else steps
        steps += script
    return steps


@pytest.mark.parametrize("end", [Drop(), Drop(hard=True), Hang()], ids=["close", "reset", "stall"])
@pytest.mark.parametrize("phase", NAMES)
def test_a_cut_in_every_phase(
    user: User,
    values: Callable[..., AccountValues],
    make_draft: Callable[..., Draft],
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
    end: Step,
) -> None:
    monkeypatch.setattr(queue, "SEND_LIMIT", 3.0 if isinstance(end, Hang) else 20.0)
    monkeypatch.setattr("protocols.smtp.entry.CLOSING", 0.5)
    with Hostile([*until(phase), end]) as server:
        typed = values(port=server.port, encryption="none")
        account = accounts.save(user=user, values=typed, now=NOW, test=False).account
        message = outbox.submit(user=user, draft=make_draft(account), now=NOW)
        ((pk, fence),) = queue.claim_due(now=NOW)
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    message.refresh_from_db()
    copies = Message.objects.filter(user=user, folder__role=FolderRole.SENT).count()
    expected = {
        "dot": (OutboxState.UNKNOWN, 0),
        "QUIT": (OutboxState.SENT, 1),
        "the end": (OutboxState.SENT, 1),
    }.get(phase, (OutboxState.RETRY, 0))
    assert (message.state, copies) == expected
    assert len(server.heard) == 1
