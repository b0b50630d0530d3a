"""Addresses with dots where none should be: read, answered, typed, sent to and reported about."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import compat32

import pytest

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body
from protocols.quoting import quoted
from protocols.smtp.entry import Offer
from protocols.smtp.envelope import Envelope, commands
from smtp_accounts.models import OutboxState
from smtp_accounts.services import replies, reports
from standin.smtp import SmtpServer
from tests.mail import put
from tests.smtp_accounts.conftest import NOW
from tests.smtp_accounts.reports import SENT, dsn
from tests.smtp_accounts.sending import Submit, first_round

ODD = ["abc..def@docomo.test", "eri.@docomo.test", ".eri@docomo.test"]


@pytest.mark.parametrize("address", ODD)
@pytest.mark.parametrize("form", ["Eri <{}>", "{}"])
@pytest.mark.parametrize("spelt", [str, quoted])
def test_mail_from_such_an_address_is_answered(
    user: User, submit: Submit, smtp_server: SmtpServer, address: str, form: str, spelt: type[str]
) -> None:
    """However it is written, the answer goes there, in quotes (RFC 5321 section 4.1.2)."""
    sender = form.format(spelt(address))
    raw = f"From: {sender}\r\nSubject: Hello\r\nMessage-ID: <1@x.test>\r\n\r\nHello\r\n".encode()
    original = put(folders.special(user, FolderRole.INBOX), raw)[0]
    to = replies.reply(user, original, everyone=False).values.to
    assert to == form.format(address)
    message = submit(to=to)
    assert message.recipients.get().address == address
    assert first_round() == OutboxState.SENT
    (taken,) = smtp_server.accepted
    # The stand-in takes the quotes of a command away; the next test looks at the command.
    assert taken.recipients == (address,)
    head = message_from_bytes(taken.raw, policy=compat32)
    assert head["To"] == form.format(quoted(address))


def test_it_is_quoted_in_every_command_once() -> None:
    local = "abc..def"
    for address in (f"{local}@docomo.test", f'"{local}"@docomo.test'):
        envelope = Envelope(address, (address, "ada@x.test"), reports=True)
        said = commands(envelope, b"Subject: x\r\n\r\n", Offer(frozenset({"DSN"})))
        assert said.mail.startswith(b'MAIL FROM:<"abc..def"@docomo.test>')
        (_, odd), (_, plain) = said.recipients
        assert isinstance(odd, bytes)
        assert odd.startswith(b'RCPT TO:<"abc..def"@docomo.test> ')
        assert odd.endswith(b'ORCPT=rfc822;"abc..def"@docomo.test')
        assert isinstance(plain, bytes)
        assert plain.startswith(b"RCPT TO:<ada@x.test> ")


@pytest.mark.parametrize("spelt", [str, quoted])
def test_a_report_about_it_is_understood(
    user: User, submit: Submit, smtp_server: SmtpServer, spelt: type[str]
) -> None:
    message = submit(to=f"{ODD[0]}, ada@x.test")
    assert first_round() == OutboxState.SENT
    message.refresh_from_db()
    raw = dsn(spelt(ODD[0])).replace(SENT.encode(), message.message_id.encode())
    deliver.deliver([Incoming(Body.of(raw), folders.special(user, FolderRole.INBOX))], now=NOW)
    reports.read_due(now=NOW)
    missed = message.recipients.exclude(bounced_at=None)
    assert [one.address for one in missed] == [ODD[0]]
