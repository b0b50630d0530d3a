"""A domain in which something happened, with a canary in every place that is nobody's business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts.callers import Caller
from accounts.models import User
from accounts.models.trail import Outcome, Protocol, SignIn
from accounts.services import audit
from connectivity.services import credentials
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Blob, FolderRole, Source
from mailstore.services import folders
from protocols.body import Body
from retrieval.models import RetrievalRun, RetrievalTask
from smtp_accounts.models import OutboxMessage, OutboxRecipient, SmtpAccount

NOW = datetime.now(UTC)
CANARY = "kanarienvogel"
LETTER = (
    f"From: {CANARY}@writer.test\r\nTo: {CANARY}@reader.test\r\nSubject: {CANARY}\r\n\r\n"
    f"{CANARY} in the body\r\n"
)
SAID = f"NO mailbox of {CANARY}@remote.test is locked, {CANARY}"


def fill(user: User, now: datetime = NOW) -> RetrievalTask:
    """Sign-ins, runs, messages and audit lines of one person; the task that fails."""
    for ago, sign_in in ((1, Outcome.IN), (2, Outcome.REFUSED), (3, Outcome.IN)):
        SignIn.objects.create(
            user=user, at=now - timedelta(hours=ago), outcome=sign_in, protocol=Protocol.WEBMAIL,
            address="203.0.113.9", is_public=True, client="Firefox 140 on Linux",
        )  # fmt: skip
    task = failing_task(user, now)
    for ago, outcome, cause in ((1, "failed", "login-refused"), (9, "ok", "")):
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=now - timedelta(minutes=ago), ended_at=now,
            outcome=outcome, cause=cause, stored=0 if cause else 3, folder_name=CANARY,
            cause_text=CANARY, server_line=SAID,
        )  # fmt: skip
    inbox = folders.special(user, FolderRole.INBOX)
    deliver([Incoming(Body.of(LETTER.encode()), inbox)], now=now)
    account = SmtpAccount.objects.create(
        user=user, host="smtp.remote.test", port=465, encryption="ssl",
        email=f"{CANARY}@remote.test", username=CANARY, display_name=CANARY,
    )  # fmt: skip
    for state, cause in (("sent", ""), ("retry", "no-answer"), ("refused", "recipient-unknown")):
        message = OutboxMessage.objects.create(
            user=user, account=account, blob=Blob.objects.latest("pk"), subject=CANARY,
            message_id=f"<{CANARY}-{state}@x.test>", from_address=f"{CANARY}@remote.test",
            state=state, cause=cause, cause_text=CANARY, server_line=SAID, ended_at=now,
            created_at=now - timedelta(minutes=5),
        )  # fmt: skip
        OutboxRecipient.objects.create(
            outbox=message, address=f"{CANARY}@reader.test", reply=SAID,
            state="accepted" if state == "sent" else "deferred",
        )  # fmt: skip
    caller = Caller(address="203.0.113.9", client="Firefox 140 on Linux")
    audit.record(
        "settings-changed", now=now, actor=user, subject=user, caller=caller,
        detail={"fields": ["time_zone", "language"]},
    )  # fmt: skip
    return task


def failing_task(user: User, now: datetime = NOW, host: str = "imap.remote.test") -> RetrievalTask:
    """A task its server refuses since an hour."""
    source = Source.objects.create(user=user, name=CANARY, address=f"{CANARY}@remote.test")
    return RetrievalTask.objects.create(
        user=user, source=source, credential=credentials.store(user=user, secret=CANARY),
        type="imap", host=host, port=993, security="tls", username=CANARY, method="automatic",
        provider_key=host, state="backoff", cause="login-refused", cause_text=CANARY,
        server_line=SAID, failing_since=now - timedelta(hours=1), fail_count=4,
        next_at=now + timedelta(minutes=5),
    )  # fmt: skip
