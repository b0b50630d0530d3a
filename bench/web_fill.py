"""Bring the mailboxes of the web benchmark in, as an operator would; run by `bench.web`.

    python -m bench.web_fill FOLDER PASSWORD

One process instead of one for each command, which would take longer than the work. Who is measured
alone has five accounts besides, and of each a fifth of the mail.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from django.core.management import call_command
from django.db.models import F
from django.db.models.functions import Mod

from accounts.models import User
from bench.web_target import DOMAIN, NAMES
from mailstore.models import Message

ACCOUNTS = ("Studio", "Club", "Allotment", "University", "Newsletters")


def main() -> None:
    mail, password = Path(sys.argv[1]), sys.argv[2]
    call_command("migrate", verbosity=0)
    call_command("domain", "add", DOMAIN)
    for maildir in sorted(mail.glob("*/Maildir")):
        email = f"{maildir.parent.name}@{DOMAIN}"
        sys.stdin = io.StringIO(f"{password}\n")
        call_command("user", "add", email, "--password-stdin")
        # The command brings the folders inside a Maildir++ in too, as folders of the Inbox.
        inbox = maildir.parent / "inbox"
        inbox.mkdir()
        for part in ("cur", "new", "tmp"):
            (inbox / part).symlink_to(maildir / part)
        call_command("mailbox", "import", email, "--folder", "INBOX", str(inbox))
        for path in sorted(maildir.glob(".*")):
            name = NAMES.get(path.name[1:], path.name[1:])
            call_command("mailbox", "import", email, "--folder", name, str(path))
    gather(f"bench@{DOMAIN}")
    # The rival's server has its indexes as well before it is measured.
    call_command("reindex")
    call_command("rethread")


def gather(email: str) -> None:
    """Say of this person's mail that it came from five accounts. No server of theirs is there, and
    none is asked: they are retrieved by hand."""
    for name in ACCOUNTS:
        host = f"imap.{name.lower()}.test"
        sys.stdin = io.StringIO("secret\n")
        call_command(
            *("retrieval", "add", email, "--type", "imap", "--server", host, "--port", "993"),
            *("--username", f"me@{name.lower()}.test", "--password-stdin", "--name", name),
            *("--method", "manual", "--no-test"),
        )
    user = User.objects.get(email=email)
    for number, source in enumerate(user.sources.order_by("pk")):
        fifth = Message.objects.alias(rest=Mod(F("pk"), len(ACCOUNTS)))
        fifth.filter(user=user, rest=number).update(source=source)


if __name__ == "__main__":
    main()
