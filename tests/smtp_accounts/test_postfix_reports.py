"""Reports a real Postfix writes: that it could not deliver, and that it did."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from accounts.models import User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.models import FolderRole, Message
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, OutboxRecipient, SmtpAccount
from smtp_accounts.services import accounts, outbox, queue, reports, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.postfix import Postfix
from tests.smtp_accounts.conftest import EXTERNAL, NOW, SECRET, USERNAME
from tests.waiting import wait_until

GONE, THERE = "gone@elsewhere.test", "there@elsewhere.test"
#: It takes mail for everybody, and finds out afterwards who is not there.
MAILBOXES = f"""
smtpd_reject_unlisted_recipient = no
virtual_mailbox_maps = inline:{{ {{ {THERE} = all/ }}, {{ {EXTERNAL} = all/ }} }}
"""


@pytest.fixture
def postfix(tls_files: TlsFiles) -> Iterator[Postfix]:
    # Its daemons are other users, who may not enter a folder of the tests.
    folder = Path(tempfile.mkdtemp(prefix="postfix-reports-"))
    folder.chmod(0o755)
    try:
        with Postfix(folder, {USERNAME: SECRET}, tls=tls_files, settings=MAILBOXES) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def through(user: User, postfix: Postfix) -> SmtpAccount:
    values = AccountValues(
        "Mara Lind", "localhost", postfix.port, "tls", EXTERNAL, True, USERNAME, SECRET
    )
    stored = accounts.save(user=user, values=values, now=NOW, test=False).account
    assert stored is not None
    return stored


def test_what_postfix_reports_is_shown_on_the_message(
    user: User, through: SmtpAccount, postfix: Postfix, make_draft: Callable[..., Draft]
) -> None:
    """Sent to two with a report asked for; both reports come back as mail and are read."""
    draft = make_draft(account=through, to=GONE, cc=THERE, wants_dsn=True)
    outbox.submit(user=user, draft=draft, now=NOW)
    ((pk, fence),) = queue.claim_due(now=NOW)
    assert rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: NOW) == "sent"

    def returned() -> list[bytes]:
        return [one.traces + b"\r\n" + one.raw for one in postfix.kept() if not one.sender]

    wait_until(lambda: len(returned()) == 2, "both reports are there")
    inbox = folders.special(user, FolderRole.INBOX)
    filed = deliver.deliver([Incoming(Body.of(one), inbox) for one in returned()], now=NOW)
    assert reports.read_due(now=NOW) == 2
    gone = OutboxRecipient.objects.get(address=GONE)
    assert gone.bounced_at is not None
    assert (gone.status, "unknown user" in gone.report_text) == ("5.1.1", True)
    there = OutboxRecipient.objects.get(address=THERE)
    assert there.bounced_at is None
    assert there.delivered_at is not None
    message = OutboxMessage.objects.get()
    assert [reports.about(one) for one in filed] == [message, message]
    copy = Message.objects.get(folder__role=FolderRole.SENT)
    shown = reports.status_of(copy)
    assert shown is not None
    assert shown.failed == (GONE,)
