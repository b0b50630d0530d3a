"""Through a real Postfix: what arrives is byte for byte what was stored as sent."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs
from protocols.address import AddressPolicy
from protocols.body import Body
from protocols.errors import LoginRefused, TokenExpired
from protocols.smtp import Envelope, Session
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services import accounts, drafts, outbox, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin import postfix as standin
from standin.certs import TlsFiles
from standin.postfix import Kept, Postfix
from tests.smtp_accounts.conftest import NOW, SECRET, USERNAME
from tests.waiting import wait_until

LIMIT = 40_000_000
DOTTED = b"Subject: hi\r\n\r\n.\r\n..two\r\n.end\r\n"
FULL = "full@elsewhere.test"
REFUSED = f"""
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{ {FULL} = 552 5.2.2 mailbox full }} }}
"""
Values = Callable[..., AccountValues]
Drafts = Callable[..., Draft]


@pytest.fixture(scope="module")
def running(server_folder: Path, tls_files: TlsFiles) -> Iterator[Postfix]:
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir=server_folder))
    # Its daemons are other users.
    folder.chmod(0o755)
    with Postfix(folder, {USERNAME: SECRET}, tls=tls_files, settings=REFUSED) as server:
        yield server


@pytest.fixture
def postfix(running: Postfix) -> Postfix:
    """A server that has delivered nothing yet."""
    running.forget()
    return running


@pytest.fixture
def through(user: User, values: Values, postfix: Postfix) -> Callable[[Security], SmtpAccount]:
    def made(security: Security = Security.STARTTLS) -> SmtpAccount:
        by_tls = security is Security.TLS
        typed = values(
            port=postfix.tls_port if by_tls else postfix.port, encryption="ssl" if by_tls else "tls"
        )
        outcome = accounts.save(user=user, values=typed, now=NOW)
        assert outcome.account is not None, outcome.problem
        # Known from the test, so that a message can be measured before the first one is sent.
        assert outcome.account.facts["size"] == LIMIT
        return outcome.account

    return made


def sent(user: User, draft: Draft) -> OutboxMessage:
    """Send it in a worker's round; the message as it is afterwards."""
    message = outbox.submit(user=user, draft=draft, now=NOW)
    ((pk, fence),) = queue.claim_due(now=NOW)
    rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW)
    message.refresh_from_db()
    return message


def arrived(postfix: Postfix, count: int) -> list[Kept]:
    return wait_until(
        lambda: found if len(found := postfix.kept()) >= count else [],
        f"Postfix delivers {count} messages",
    )


@pytest.mark.accept("A35", "A38")
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
def test_what_arrives_is_what_was_stored(
    user: User,
    through: Callable[[Security], SmtpAccount],
    make_draft: Drafts,
    postfix: Postfix,
    monkeypatch: pytest.MonkeyPatch,
    security: Security,
    method: str,
) -> None:
    monkeypatch.setattr("protocols.smtp.entry._METHODS", (method,))
    draft = make_draft(
        through(security),
        to="Bób <bob@elsewhere.test>",
        cc="cee@elsewhere.test",
        bcc="dee@elsewhere.test",
        subject="Größe, und ein Punkt",
        body="Erste Zeile\n.\n..\nFrom here on\n" + "lang " * 400 + "\n",
        html="<p>Erste Zeile</p><p>.</p><p>Grüße 🌊</p>",
    )
    drafts.attach(
        draft=draft,
        uploads=[drafts.Upload("Zähler.bin", "", Body.of(bytes(range(256)) * 40))],
        now=NOW,
    )
    message = sent(user, draft)
    assert message.state == OutboxState.SENT
    stored = blobs.read(message.blob)
    for kept in arrived(postfix, 3):
        assert kept.raw == stored
        assert kept.sender == "mara@provider.test"
        assert b"dee@" not in kept.raw
        # Whoever reads the mail is not told where its writer sits.
        assert b"127.0.0.1" not in kept.raw
    assert {kept.recipient for kept in postfix.kept()} == {
        f"{name}@elsewhere.test" for name in ("bob", "cee", "dee")
    }
    copy = Message.objects.get(user=user, folder__role=FolderRole.SENT)
    assert blobs.read(copy.blob) == stored
    assert message.account is not None
    facts = SmtpAccount.objects.get(pk=message.account.pk).facts
    assert facts == {"size": LIMIT, "smtputf8": 1, "pipelining": 1, "8bitmime": 1, "dsn": 1}


@pytest.mark.parametrize(
    ("login", "error"),
    [
        (Login(USERNAME, standin.token(USERNAME), oauth=True), None),
        (Login(USERNAME, standin.token(USERNAME, seconds=-1), oauth=True), TokenExpired),
        (Login(USERNAME, "not this one"), LoginRefused),
    ],
)
def test_signing_in(
    postfix: Postfix,
    loopback: AddressPolicy,
    trust: Trust,
    login: Login,
    error: type[Exception] | None,
) -> None:
    where = Endpoint("localhost", postfix.tls_port, Security.TLS)

    def send() -> None:
        with Session.open(where, login, policy=loopback, trust=trust) as session:
            session.send(Envelope(USERNAME, ["bob@elsewhere.test"]), DOTTED)

    if error is not None:
        with pytest.raises(error):
            send()
        return
    send()
    assert arrived(postfix, 1)[0].raw == DOTTED


def test_25_megabytes_arrive_whole(
    user: User,
    through: Callable[[], SmtpAccount],
    make_draft: Drafts,
    postfix: Postfix,
    settings: Settings,
) -> None:
    settings.MAX_SEND_SIZE = 40_000_000
    draft = make_draft(through())
    data = random.Random(5).randbytes(25_000_000)
    upload = drafts.Upload("film.bin", "application/octet-stream", Body.of(data))
    drafts.attach(draft=draft, uploads=[upload], now=NOW)
    message = sent(user, draft)
    assert message.state == OutboxState.SENT
    (kept,) = arrived(postfix, 1)
    assert kept.raw == blobs.read(message.blob)


def test_addresses_in_any_script_are_reached(
    user: User, through: Callable[[], SmtpAccount], make_draft: Drafts, postfix: Postfix
) -> None:
    message = sent(user, make_draft(through(), to="用户@例え.test, bob@exämple.test"))
    assert message.state == OutboxState.SENT
    kept = arrived(postfix, 2)
    assert {one.raw for one in kept} == {blobs.read(message.blob)}
    assert {one.recipient for one in kept} == {"用户@xn--r8jz45g.test", "bob@xn--exmple-cua.test"}


def test_500_recipients_get_it_once_each(
    user: User, through: Callable[[], SmtpAccount], make_draft: Drafts, postfix: Postfix
) -> None:
    to = [f"person{number}@elsewhere.test" for number in range(500)]
    message = sent(user, make_draft(through(), bcc=", ".join(to), to=""))
    assert message.state == OutboxState.SENT
    kept = arrived(postfix, 500)
    assert sorted(one.recipient for one in kept) == sorted(to)
    assert {one.raw for one in kept} == {blobs.read(message.blob)}


def test_one_of_four_is_refused_and_the_others_get_it(
    user: User, through: Callable[[], SmtpAccount], make_draft: Drafts, postfix: Postfix
) -> None:
    names = ["ann@elsewhere.test", "bea@elsewhere.test", FULL, "cy@elsewhere.test"]
    message = sent(user, make_draft(through(), to=", ".join(names)))
    assert message.state == OutboxState.REFUSED
    assert dict(message.recipients.values_list("address", "state")) == {
        name: "refused" if name == FULL else "accepted" for name in names
    }
    assert message.recipients.get(address=FULL).reply.startswith("552 5.2.2")
    assert len(arrived(postfix, 3)) == 3
