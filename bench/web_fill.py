"""Bring the mailboxes of the web benchmark in, as an operator would; run by `bench.web`.

    python -m bench.web_fill FOLDER PASSWORD

One process instead of one for each command, which would take longer than the work.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from django.core.management import call_command

from bench.web_target import DOMAIN, NAMES


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
    # The rival's server has its indexes as well before it is measured.
    call_command("reindex")
    call_command("rethread")


if __name__ == "__main__":
    main()
