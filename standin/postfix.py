"""A private Postfix on loopback: submission with every encryption and sign-in we speak.

It takes mail for every address there is, from those who have signed in, and keeps all of it in one
maildir. Signing in goes by a Dovecot of its own. Everything lies in one folder. Needs root, as
Postfix does.
"""

import base64
import hashlib
import hmac
import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from standin import ports
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.running import Running

_BINARY = "/usr/sbin/postfix"
_KEY = b"a key of the stand-in, known to everybody"
#: What Postfix puts before a message on its way into a maildir.
_TRACES = (b"return-path:", b"x-original-to:", b"delivered-to:", b"received:")


@dataclass(frozen=True, slots=True)
class Kept:
    """One delivered message; `raw` is what was sent, with CRLF and without the trace before it."""

    sender: str
    recipient: str
    raw: bytes
    traces: bytes


class Postfix(Running):
    """A running server inside a `with` block.

    `port` is for STARTTLS, which it insists on, `tls_port` speaks TLS from the start.
    """

    def __init__(
        self, folder: Path, users: Mapping[str, str], *, tls: TlsFiles, settings: str = ""
    ) -> None:
        """`folder` must be one everybody may enter; `settings` are lines of main.cf."""
        self.folder = folder
        self.tls = tls
        self.settings = settings
        self.port, self.tls_port = ports.pick((0, 0))
        self._config = folder / "etc"
        self._auth = Dovecot(
            folder / "auth",
            users,
            tls=tls.good,
            ca_file=tls.ca_file,
            settings=_AUTH.format(folder=folder),
        )

    def start(self) -> Self:
        """Start and wait until both ports answer; raises RuntimeError with its log if not."""
        if not Path(_BINARY).exists() or os.getuid() != 0:
            raise RuntimeError("Postfix is not installed, or this is not root (Debian: postfix).")
        self._write()
        self._auth.start()
        said = self._do("start")
        if not all(map(ports.wait_for, (self.port, self.tls_port))):
            raise RuntimeError(f"Postfix did not start: {said}\n{self.log()}")
        return self

    def stop(self) -> None:
        """Stop our own master process, and the Dovecot behind it."""
        if (self.folder / "queue" / "pid" / "master.pid").exists():
            self._do("stop")
        self._auth.stop()

    def log(self) -> str:
        """What the server wrote so far."""
        file = self.folder / "postfix.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def kept(self) -> list[Kept]:
        """Every message that was delivered, one for each recipient."""
        return [
            _read(file.read_bytes()) for file in sorted((self.folder / "mail/all/new").glob("*"))
        ]

    def forget(self) -> None:
        """Throw away what was delivered."""
        for file in (self.folder / "mail/all/new").glob("*"):
            file.unlink()

    def _do(self, what: str) -> str:
        file = self.folder / f"{what}.log"
        with file.open("wb") as said:
            # A file, not a pipe: the daemon keeps what it inherits open for as long as it lives.
            subprocess.run(
                [_BINARY, "-c", self._config, what],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                timeout=60,
            )
        return file.read_text(errors="replace")

    def _write(self) -> None:
        mail, postfix = pwd.getpwnam("mail"), pwd.getpwnam("postfix")
        for name in ("etc", "queue", "data", "mail", "keys/default/HS256"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        os.chown(self.folder / "mail", mail.pw_uid, mail.pw_gid)
        os.chown(self.folder / "data", postfix.pw_uid, postfix.pw_gid)
        shutil.copy("/etc/postfix/postfix-files", self._config)
        (self.folder / "keys/default/HS256/default").write_bytes(base64.b64encode(_KEY))
        (self.folder / "oauth2.conf").write_text(_OAUTH.format(folder=self.folder))
        values = {
            "folder": self.folder,
            "uid": mail.pw_uid,
            "gid": mail.pw_gid,
            "cert": self.tls.good.cert,
            "key": self.tls.good.key,
            "settings": self.settings,
        }
        (self._config / "main.cf").write_text(_MAIN.format(**values))
        (self._config / "master.cf").write_text(
            _MASTER.format(port=self.port, tls_port=self.tls_port)
        )


def token(username: str, *, seconds: int = 3600) -> str:
    """An access token for a user, signed as the server believes it (RFC 7519)."""
    now = int(time.time())
    claims = {"sub": username, "email": username, "iat": now - 60, "exp": now + seconds}
    parts = [_coded(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_coded(hmac.new(_KEY, signed.encode(), hashlib.sha256).digest())}"


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _read(stored: bytes) -> Kept:
    """Take the trace off a stored message and give it its line endings back."""
    lines = stored.split(b"\n")
    at = 0
    found: dict[bytes, str] = {}
    while lines[at].lower().startswith(_TRACES) or (at and lines[at][:1] in (b" ", b"\t")):
        name, _, value = lines[at].partition(b":")
        found.setdefault(name.lower(), value.decode("utf-8", "replace").strip().strip("<>"))
        at += 1
    return Kept(
        sender=found.get(b"return-path", ""),
        recipient=found.get(b"x-original-to", found.get(b"delivered-to", "")),
        raw=b"\r\n".join(lines[at:]),
        traces=b"\r\n".join(lines[:at]),
    )


_AUTH = """
auth_mechanisms = plain login xoauth2 oauthbearer
service auth {{
  unix_listener {folder}/auth.sock {{
    mode = 0666
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
_OAUTH = """\
introspection_mode = local
username_attribute = email
local_validation_key_dict = fs:posix:prefix={folder}/keys/
"""
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.standin.test
mydestination =
mynetworks =
alias_maps =
alias_database =
biff = no
smtputf8_enable = yes
always_add_missing_headers = no
local_header_rewrite_clients =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth.sock
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_forbid_bare_newline = yes
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all/
virtual_mailbox_base = {folder}/mail
virtual_mailbox_limit = 0
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
message_size_limit = 40000000
{settings}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:{tls_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
