"""A private Dovecot on loopback: IMAP and POP3 with every encryption and sign-in we speak.

Works as root (mail then belongs to the user "mail") and as an ordinary user.  Everything it
writes lies in one folder, except its sockets, whose paths must be short.
"""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Self

from standin import certs, ports
from standin.certs import Pair
from standin.maildir import Maildir, SampleMessage
from standin.running import Running

_BINARY = ("dovecot", "/usr/sbin/dovecot")
_ROLES = ("Drafts", "Sent", "Archive", "Junk", "Trash")


class Dovecot(Running):
    """A running server inside a `with` block, or between `start` and `stop`."""

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        *,
        tls: Pair | None = None,
        ca_file: Path | None = None,
        preferred: tuple[int, int, int, int] = (0, 0, 0, 0),
        roles: bool = True,
        settings: str = "",
    ) -> None:
        """`preferred` ports are those of imap, imaps, pop3 and pop3s; `settings` is appended."""
        self.folder = folder
        self.users = dict(users)
        self.roles = roles
        self.settings = settings
        folder.mkdir(parents=True, exist_ok=True)
        if tls is None or ca_file is None:
            made = certs.make(folder / "tls")
            tls, ca_file = made.good, made.ca_file
        self.tls = tls
        self.ca_file = str(ca_file)
        self.imap_port, self.imaps_port, self.pop3_port, self.pop3s_port = ports.pick(preferred)
        self._run: Path | None = None

    def start(self) -> Self:
        """Start and wait until all four ports answer; raises RuntimeError with its log if not."""
        self._run = Path(tempfile.mkdtemp(prefix="standin-"))
        self._run.chmod(0o755)
        (self.folder / "mail").mkdir(exist_ok=True)
        _open_way(self.folder / "mail")
        for user in self.users:
            self._write_user(user)
        config = self.folder / "dovecot.conf"
        config.write_text(self._config(self._run))
        binary = next(filter(None, map(shutil.which, _BINARY)), None)
        if binary is None:
            raise RuntimeError("Dovecot is not installed (Debian: dovecot-imapd, dovecot-pop3d).")
        # A file, not a pipe: the daemon keeps what it inherits open for as long as it lives.
        with (self.folder / "start.log").open("wb") as said:
            done = subprocess.run(
                [binary, "-c", config], stdout=said, stderr=said, check=False, timeout=120
            )
        listening = (self.imap_port, self.imaps_port, self.pop3_port, self.pop3s_port)
        if done.returncode or not all(map(ports.wait_for, listening)):
            said_text = (self.folder / "start.log").read_text(errors="replace")
            raise RuntimeError(f"Dovecot did not start: {said_text}\n{self.log()}")
        return self

    def stop(self) -> None:
        """Stop our own master process, by the pid it wrote, and remove its sockets."""
        if self._run is None:
            return
        pid = self._pid(self._run)
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + 60
            while _alive(pid) and time.monotonic() < end:
                time.sleep(0.02)
        shutil.rmtree(self._run, ignore_errors=True)
        self._run = None

    def log(self) -> str:
        """What the server wrote so far."""
        file = self.folder / "dovecot.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def add_user(self, user: str, password: str) -> None:
        """A new user, known at once; also changes a password."""
        known = self.users.get(user) not in (None, password)
        self.users[user] = password
        self._write_user(user)
        if known:
            time.sleep(1.1)  # Dovecot looks for changes in a file it knows once a second

    def maildir(self, user: str) -> Maildir:
        """The user's mail on disk: the truth to compare with."""
        return Maildir(self.folder / "mail" / user / "Maildir", _owner())

    def append(
        self,
        user: str,
        folder: str,
        raw: bytes,
        flags: Iterable[str] = (),
        date: datetime | None = None,
    ) -> None:
        """Put one message into a folder, which is made when missing."""
        self.deliver_maildir(user, [SampleMessage(raw, folder, frozenset(flags), date)])

    def deliver_maildir(self, user: str, messages: Iterable[SampleMessage]) -> int:
        """Put many messages; how many."""
        home = self.folder / "mail" / user
        if not home.is_dir():
            home.mkdir(parents=True)
            owner = _owner()
            if owner:
                os.chown(home, *owner)
        return self.maildir(user).deliver(messages)

    def read_mailbox(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Every message of a folder as it lies on disk."""
        return self.maildir(user).read(folder)

    def ask(self, *words: str) -> str:
        """What doveadm answers; raises CalledProcessError when it refuses."""
        binary = shutil.which("doveadm") or "/usr/bin/doveadm"
        return subprocess.run(
            [binary, "-c", self.folder / "dovecot.conf", *words],
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        ).stdout

    def _pid(self, run: Path) -> int | None:
        file = run / "master.pid"
        text = file.read_text().strip() if file.exists() else ""
        return int(text) if text.isdigit() and _alive(int(text)) else None

    def _write_user(self, user: str) -> None:
        """One file a user: Dovecot sees a new file at once, a changed one only later."""
        uid, gid = _owner() or (os.getuid(), os.getgid())
        folder = self.folder / "users"
        folder.mkdir(exist_ok=True)
        line = f"{user}:{{PLAIN}}{self.users[user]}:{uid}:{gid}::{self.folder}/mail/{user}::\n"
        place, made = folder / user, folder / ".made"
        made.write_text(line)
        if place.exists():
            # It tells a change by the second it was made in, and by the size.
            later = max(time.time(), place.stat().st_mtime + 1)
            os.utime(made, (later, later))
        made.replace(place)  # at no moment is half of it there

    def _config(self, run: Path) -> str:
        roles = "".join(
            f"  mailbox {role} {{\n    auto = create\n    special_use = \\{role}\n  }}\n"
            for role in (_ROLES if self.roles else ())
        )
        return _TEMPLATE.format(
            run=run,
            folder=self.folder,
            identity=_identity(),
            cert=self.tls.cert,
            key=self.tls.key,
            roles=roles,
            imap=self.imap_port,
            imaps=self.imaps_port,
            pop3=self.pop3_port,
            pop3s=self.pop3s_port,
            settings=self.settings,
        )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _owner() -> tuple[int, int] | None:
    """Root may not own mail, so Debian's "mail" does."""
    if os.getuid() != 0:
        return None
    entry = pwd.getpwnam("mail")
    return entry.pw_uid, entry.pw_gid


def _identity() -> str:
    if os.getuid() == 0:
        return ""
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    return (
        f"default_internal_user = {user}\ndefault_internal_group = {group}\n"
        f"default_login_user = {user}\n"
        "service anvil {\n  chroot =\n}\nservice imap-login {\n  chroot =\n}\n"
        "service pop3-login {\n  chroot =\n}\n"
    )


def _open_way(mail: Path) -> None:
    """As root, mail is written by another user, who must be able to reach its folder."""
    owner = _owner()
    if owner is None:
        return
    os.chown(mail, *owner)
    for place in (mail.parent, *mail.parent.parents):
        if not place.stat().st_mode & 0o001:
            raise RuntimeError(f"{place} cannot be entered by the user that owns mail; use another")


_TEMPLATE = """\
base_dir = {run}
state_dir = {run}
log_path = {folder}/dovecot.log
listen = 127.0.0.1
protocols = imap pop3
{identity}
first_valid_uid = 1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login apop cram-md5
auth_username_chars =
auth_failure_delay = 0
mail_max_userip_connections = 200
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users/%u
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users/%u
}}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = /
{roles}}}
protocol pop3 {{
  pop3_lock_session = no
  pop3_no_flag_updates = yes
}}
# Nobody is slowed down for a wrong password: many tests try one.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
{settings}
"""
