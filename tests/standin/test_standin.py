"""The stand-in servers and mailbox are what demo and tests take them for."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from protocols.address import AddressPolicy
from protocols.imap import ImapSource
from protocols.smtp import send
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.mailbox import varied_messages
from standin.provider import Provider

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def test_the_mailbox_is_varied_and_the_same_every_time() -> None:
    messages = varied_messages(300, 1, now=NOW)
    assert len(messages) == 300
    assert [each.raw for each in messages] == [
        each.raw for each in varied_messages(300, 1, now=NOW)
    ]
    dates = [each.date for each in messages if each.date]
    assert dates == sorted(dates)
    assert NOW - timedelta(days=560) < dates[0] < NOW - timedelta(days=400)
    assert NOW - timedelta(days=2) < dates[-1] <= NOW
    assert {"INBOX", "Sent", "Junk", "Newsletters", "Projects/Lighthouse"} <= {
        each.folder for each in messages
    }
    parsed = [message_from_bytes(each.raw, policy=policy.default) for each in messages]
    kinds = Counter(part.get_content_type() for each in parsed for part in each.walk())
    assert {
        "text/plain",
        "text/html",
        "text/csv",
        "text/calendar",
        "application/pdf",
        "image/png",
        "multipart/related",
        "multipart/alternative",
    } <= set(kinds)
    assert len({each["Message-ID"] for each in parsed}) == 300
    assert not any(each.defects for each in parsed)


def test_every_address_of_the_mailbox_is_reserved() -> None:
    for each in varied_messages(120, 3, now=NOW):
        message = message_from_bytes(each.raw, policy=policy.default)
        for header in ("From", "To"):
            for address in message[header].addresses:
                assert address.domain.endswith((".example", ".test"))


def test_a_provider_serves_its_mailbox_and_brings_back_what_is_sent(
    server_folder: Path, loopback: AddressPolicy
) -> None:
    user, password = "mara@provider.test", "demo secret"
    folder = server_folder / "provider"
    with Provider(folder, {user: password}) as provider:
        assert provider.fill(user, NOW, count=60) == 60
        assert provider.fill(user, NOW, count=60) == 0
        trust = Trust(provider.ca_file)
        login = Login(user, password)
        report = send(
            Endpoint("localhost", provider.smtp.tls_port, Security.TLS),
            login,
            policy=loopback,
            trust=trust,
            sender=user,
            recipients=(user,),
            message=b"Subject: to myself\r\n\r\nhello\r\n",
        )
        assert report.final is not None
        assert report.final.accepted
        assert b"Subject: to myself\r\n\r\nhello\r\n" in provider.imap.read_mailbox(user)
        stranger = send(
            Endpoint("localhost", provider.smtp.tls_port, Security.TLS),
            login,
            policy=loopback,
            trust=trust,
            sender=user,
            recipients=("nobody@provider.test", "anybody@elsewhere.test"),
            message=b"Subject: to two strangers\r\n\r\nhello\r\n",
        )
        assert [reply.code for reply in stranger.recipients.values()] == [550, 250]
        endpoint = Endpoint("localhost", provider.imap.imaps_port, Security.TLS)
        with ImapSource.open(endpoint, login, policy=loopback, trust=trust) as source:
            boxes = source.list_folders()
        assert sum(box.status.messages for box in boxes if box.status) == 61
    again = Provider(folder, {user: password})
    assert again.ca_file == provider.ca_file
    assert Path(again.ca_file).read_bytes() == Path(provider.ca_file).read_bytes()


@pytest.mark.parametrize("count", [1, 20, 40])
def test_small_mailboxes_are_possible(count: int) -> None:
    assert len(varied_messages(count, 2, now=NOW)) == count
