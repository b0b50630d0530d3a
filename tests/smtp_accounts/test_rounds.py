"""A worker's round: what waits for an account leaves over one connection, within its limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from smtp_accounts.models import OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, delivery, limits, queue, rounds, waiting
from smtp_accounts.services.accounts import AccountValues
from standin.hostile import Drop, Expect, Hostile, Send, Step
from standin.smtp import SmtpServer
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.sending import Submit, first_round


@pytest.fixture
def another(user: User, values: Callable[..., AccountValues]) -> SmtpAccount:
    typed = values(email="second@provider.test")
    stored = accounts.save(user=user, values=typed, now=NOW, test=False).account
    assert stored is not None
    return stored


def states() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True))


def test_what_waits_leaves_over_one_connection(submit: Submit, smtp_server: SmtpServer) -> None:
    for _ in range(limits.CONNECTIONS + 3):
        submit()
    assert first_round() == OutboxState.SENT
    # Those hinted at are other workers' to send; the rest went with the first one.
    assert states().count("sent") == 4
    assert len(smtp_server.accepted) == 4
    assert smtp_server.logins == ["mara@provider.test"]


def test_an_account_has_no_more_on_their_way_than_it_may(
    submit: Submit, another: SmtpAccount, account: SmtpAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "BATCH", limits.CONNECTIONS + 2)
    for _ in range(20):
        submit()
    submit(another)
    claimed = {pk for pk, _ in queue.claim_due(now=NOW)}
    found = OutboxMessage.objects.filter(pk__in=claimed).values_list("account", flat=True)
    # A long queue of one account keeps no other one waiting.
    assert sorted(found) == [account.pk] * limits.CONNECTIONS + [another.pk]
    assert queue.claim_due(now=NOW) == []


def test_a_connection_carries_no_more_than_its_limit(
    submit: Submit, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_CONNECTION", 2)
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    for _ in range(5):
        submit()
    first_round()
    assert len(smtp_server.accepted) == 5
    assert len(smtp_server.logins) == 3


def test_a_changed_password_is_not_passed_over(
    submit: Submit,
    account: SmtpAccount,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
    at_step: Callable[[str, Callable[[], object]], None],
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    submit()
    submit()
    at_step("outbox: recorded", lambda: SmtpAccount.objects.update(username="somebody else"))
    first_round()
    assert smtp_server.logins == ["mara@provider.test", "somebody else"]
    assert states() == ["sent", "retry"]


@pytest.mark.parametrize("politely", [True, False])
def test_a_server_that_hangs_up_between_messages_is_called_again(
    user: User,
    values: Callable[..., AccountValues],
    submit: Submit,
    monkeypatch: pytest.MonkeyPatch,
    politely: bool,
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    idle = Send(b"421 4.4.2 idle for too long\r\n")
    farewell: list[Step] = [Expect(b"^MAIL|^QUIT"), idle] if politely else []
    script: list[Step] = [
        Send(b"220 here\r\n"),
        Expect(b"^EHLO"),
        Send(b"250-here\r\n250 SIZE 5000000\r\n"),
        Expect(b"^MAIL"),
        Send(b"250 ok\r\n"),
        Expect(b"^RCPT"),
        Send(b"250 ok\r\n"),
        Expect(b"^DATA"),
        Send(b"354 go\r\n"),
        Expect(rb"^\.\r$"),
        Send(b"250 taken\r\n"),
        *farewell,
        Drop(),
    ]
    with Hostile(script) as server:
        typed = values(port=server.port, encryption="none", use_authentication=False, username="")
        through = accounts.save(user=user, values=typed, now=NOW, test=False).account
        for _ in range(3):
            submit(through)
        first_round()
    assert states() == ["sent"] * 3
    assert len(server.heard) == 3
    assert through is not None
    through.refresh_from_db()
    assert through.facts["size"] == 5_000_000


def test_a_failed_connection_ends_the_round(
    account: SmtpAccount, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    SmtpAccount.objects.update(port=2525)
    for _ in range(3):
        submit()
    assert first_round() == OutboxState.RETRY
    # What waits behind it has not been tried, and has lost nothing.
    assert states() == ["retry", "queued", "queued"]


def test_a_daily_limit_is_kept(
    account: SmtpAccount, submit: Submit, smtp_server: SmtpServer, user: User
) -> None:
    SmtpAccount.objects.update(daily_limit=3)
    message = submit(to="a@there.test, b@there.test")
    first_round()
    late = submit(to="c@there.test, d@there.test")
    first_round()
    late.refresh_from_db()
    assert (late.state, late.cause, late.attempts) == (OutboxState.RETRY, "sending-limit", 0)
    assert late.not_before == NOW + limits.DAY
    small = submit(to="e@there.test")
    first_round()
    small.refresh_from_db()
    assert small.state == OutboxState.SENT
    assert queue.claim_due(now=NOW + timedelta(hours=23)) == []
    assert first_round(NOW + limits.DAY) == OutboxState.SENT
    message.refresh_from_db()
    assert [len(one.recipients) for one in smtp_server.accepted] == [2, 1, 2]


def test_a_daily_limit_is_kept_by_workers_who_begin_together(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    SmtpAccount.objects.update(daily_limit=3)
    first = submit(to="a@elsewhere.test, b@elsewhere.test")
    second = submit(to="c@elsewhere.test, d@elsewhere.test")
    claims = queue.claim_due(now=NOW)
    assert [pk for pk, _fence in claims] == [first.pk, second.pk]
    for pk, fence in reversed(claims):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    assert [one.recipients for one in smtp_server.accepted] == [
        ("a@elsewhere.test", "b@elsewhere.test")
    ]
    second.refresh_from_db()
    assert (second.state, second.cause) == (OutboxState.RETRY, "sending-limit")
    # The first might have been refused: then there would be room at once.
    assert second.not_before == NOW + timedelta(minutes=1)


def test_who_began_earlier_is_counted_whatever_its_number(
    submit: Submit,
    smtp_server: SmtpServer,
    at_step: Callable[[str, Callable[[], object]], None],
) -> None:
    """The older message waited for a retry, and becomes due while the younger one is sent."""
    SmtpAccount.objects.update(daily_limit=1)
    older = submit()
    OutboxMessage.objects.update(state=OutboxState.RETRY, not_before=NOW + timedelta(seconds=1))
    submit()
    soon = NOW + timedelta(seconds=1)
    at_step("outbox: before dot", lambda: first_round(soon))
    assert first_round() == OutboxState.SENT
    assert len(smtp_server.accepted) == 1
    older.refresh_from_db()
    assert (older.state, older.cause) == (OutboxState.RETRY, "sending-limit")
    assert older.not_before == soon + limits.BRIEFLY


def test_a_message_for_more_than_a_day_allows_goes_out_alone(
    account: SmtpAccount, submit: Submit, smtp_server: SmtpServer
) -> None:
    SmtpAccount.objects.update(daily_limit=1)
    submit(to="a@there.test, b@there.test")
    assert first_round() == OutboxState.SENT


@pytest.mark.parametrize(
    ("host", "email", "expected"),
    [
        ("smtp.gmail.com", "mara@gmail.com", 500),
        ("smtp.gmail.com", "mara@company.test", None),
        ("smtp.provider.test", "mara@gmail.com", None),
    ],
)
def test_what_providers_publish_counts_for_their_own_addresses(
    host: str, email: str, expected: int | None
) -> None:
    assert limits.of(SmtpAccount(host=host, email=email)).per_day == expected
    assert limits.of(SmtpAccount(host=host, email=email, daily_limit=9)).per_day == 9


def test_too_many_recipients_are_served_in_parts(
    user: User, submit: Submit, smtp_server: SmtpServer
) -> None:
    smtp_server.most = 2
    to = [f"{letter}@there.test" for letter in "abcde"]
    message = submit(to=", ".join(to))
    first_round()
    message.refresh_from_db()
    assert message.state == OutboxState.SENT
    served = [each for one in smtp_server.accepted for each in one.recipients]
    assert sorted(served) == to
    assert len(smtp_server.accepted) == 3
    assert len(smtp_server.logins) == 1
    assert Message.objects.filter(user=user, folder__role=FolderRole.SENT).count() == 1


@pytest.mark.parametrize(
    ("words", "wait"),
    [
        ("451 4.3.0 try later", timedelta(minutes=1)),
        ("450 4.2.0 greylisted, see you soon", timedelta(minutes=5)),
        ("451 4.7.1 greylisted, try again in 900 seconds", timedelta(minutes=15)),
        ("550 5.4.5 Daily user sending limit exceeded", timedelta(hours=1)),
    ],
)
def test_how_long_a_refusal_for_now_is_waited_for(
    submit: Submit, smtp_server: SmtpServer, words: str, wait: timedelta
) -> None:
    smtp_server.refuse["bob@elsewhere.test"] = words
    message = submit()
    assert first_round() == OutboxState.RETRY
    message.refresh_from_db()
    assert message.not_before == NOW + wait
    smtp_server.refuse.clear()
    assert first_round(NOW + wait) == OutboxState.SENT


def test_a_message_too_large_is_refused_and_the_limit_is_told(
    user: User, values: Callable[..., AccountValues], submit: Submit
) -> None:
    script: list[Step] = [
        Send(b"220 x\r\n"),
        Expect(b"^EHLO"),
        Send(b"250-x\r\n250 SIZE 300\r\n"),
        Expect(),
    ]
    with Hostile(script) as server:
        typed = values(port=server.port, encryption="none", use_authentication=False, username="")
        through = accounts.save(user=user, values=typed, now=NOW, test=False).account
        message = submit(through, body="long " * 100)
        assert first_round() == OutboxState.REFUSED
    assert b"MAIL" not in server.clear_text
    message.refresh_from_db()
    assert (message.cause, message.server_line) == ("message-too-large", "SIZE 300")
    assert waiting.needing(user).count() == 1


def test_what_nobody_wrote_has_no_return_path_where_the_server_allows_it(
    submit: Submit, smtp_server: SmtpServer
) -> None:
    for refused in (False, True):
        if refused:
            smtp_server.refuse["<>"] = "550 5.7.1 null sender not allowed"
        message = submit()
        OutboxMessage.objects.filter(pk=message.pk).update(is_automatic=True)
        assert first_round() == OutboxState.SENT
    assert [one.sender for one in smtp_server.accepted] == ["<>", "mara@provider.test"]


def test_one_delivery_alone_leaves_the_others(submit: Submit, smtp_server: SmtpServer) -> None:
    submit()
    submit()
    pk, fence = queue.claim_due(now=NOW)[0]
    rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    assert len(smtp_server.accepted) == 1


def test_what_has_moved_on_is_not_begun(submit: Submit, smtp_server: SmtpServer) -> None:
    first, second = submit(), submit()
    behind = queue.due_behind(first, now=NOW)
    assert behind == [first, second]
    first_round()
    assert [queue.start_due(one, now=NOW) for one in behind] == [False, False]


@pytest.mark.parametrize(
    "changed",
    [
        {"state": OutboxState.CANCELLED},
        {"not_before": NOW + timedelta(hours=1)},
        {"fence": 1},
        {"account": None},
    ],
)
def test_what_its_sender_changed_is_not_begun(
    submit: Submit, smtp_server: SmtpServer, changed: dict[str, object]
) -> None:
    message = submit()
    (seen,) = queue.due_behind(message, now=NOW)
    OutboxMessage.objects.update(**changed)
    assert not queue.start_due(seen, now=NOW)
    message.refresh_from_db()
    assert message.attempts == 0


def test_bytes_lost_on_disk_are_told_and_hold_up_nothing_else(
    submit: Submit,
    smtp_server: SmtpServer,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(limits, "CONNECTIONS", 1)
    settings.BLOB_DIR = tmp_path
    lost = submit(to="bob@elsewhere.test, eve@elsewhere.test")
    submit()
    path = Path(settings.BLOB_DIR) / lost.blob.segment.name
    path.write_bytes(bytes(path.stat().st_size))
    assert first_round() == OutboxState.REFUSED
    assert set(lost.recipients.values_list("state", "reply")) == {("refused", delivery.DAMAGED)}
    draft = waiting.edit_again(message=lost, now=NOW)
    assert draft is not None
    assert draft.body == "See below.\n"
    assert first_round() == OutboxState.SENT
    assert len(smtp_server.accepted) == 1
