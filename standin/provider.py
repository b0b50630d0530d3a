"""A whole mail provider on this computer, for `make demo`: IMAP, POP3 and SMTP with a mailbox."""

import stat
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

from standin import certs
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.mailbox import varied_messages
from standin.maildir import SampleMessage
from standin.running import Running
from standin.smtp import SmtpServer

IMAP_PORTS = (10143, 10993, 10110, 10995)
SMTP_PORTS = (10025, 10587, 10465)
_FILLED = "filled"


class Provider(Running):
    """Started and stopped as one; mail sent to one of its users arrives in that user's Inbox."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        """Keep mail and certificates in `folder`; user names are whole addresses."""
        self.folder = _reachable(folder)
        self.tls = _certificates(self.folder / "tls")
        self.ca_file = str(self.tls.ca_file)
        self.imap = Dovecot(
            self.folder / "imap",
            users,
            tls=self.tls.good,
            ca_file=self.tls.ca_file,
            preferred=IMAP_PORTS,
        )
        self.smtp = SmtpServer(
            users, tls=self.tls.good, preferred=SMTP_PORTS, deliver=self._deliver
        )
        self.smtp.own = frozenset(one.rpartition("@")[2] for one in users)

    def start(self) -> Self:
        """Start both servers."""
        self.imap.start()
        self.smtp.start()
        return self

    def stop(self) -> None:
        """Stop both servers; the mail stays."""
        self.smtp.stop()
        self.imap.stop()

    def fill(self, user: str, now: datetime, *, count: int = 300, seed: int = 1) -> int:
        """Give a user a believable mailbox, once; how many messages were added."""
        mark = self.folder / f"{_FILLED}-{user}"
        if mark.exists():
            return 0
        messages = varied_messages(count, seed, owner=user, now=now)
        added = self.imap.deliver_maildir(user, messages)
        mark.touch()
        return added

    def _deliver(self, recipient: str, raw: bytes) -> None:
        if recipient in self.imap.users:
            self.imap.deliver_maildir(recipient, [SampleMessage(raw)])


def _certificates(folder: Path) -> TlsFiles:
    """Those of an earlier start, so that what a browser or a worker trusts stays true."""
    return certs.existing(folder) or certs.make(folder)


def _reachable(folder: Path) -> Path:
    """The folder, or one in the temporary directory when Dovecot's mail user could not enter it."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents)):
        return folder
    other = Path(tempfile.gettempdir()) / f"tributary-standin-{folder.stat().st_uid}"
    other.mkdir(mode=0o755, exist_ok=True)
    return other
