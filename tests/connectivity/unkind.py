"""Servers that say no, each in words of its own, and what a person is to be told."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from protocols.check import CheckStage, Kind
from protocols.types import Security
from standin.certs import TlsFiles
from standin.hostile import Drop, Expect, Hang, Send, Step, Tls
from tests.protocols.scripted import CAPS, CLEAR, SIGNED_IN

Pair = Literal["", "good", "wrong_name", "expired", "self_signed", "old", "unknown"]
CONNECT, ENCRYPTION, SIGN_IN = CheckStage.CONNECT, CheckStage.ENCRYPTION, CheckStage.SIGN_IN
HELLO, FOLDERS, SEND = CheckStage.HELLO, CheckStage.FOLDERS, CheckStage.SEND
BUSY = ("server-busy", "localhost has too much to do at the moment.", "again")


@dataclass(frozen=True, slots=True)
class Unkind:
    """A server's script, and the stage, cause, sentence and button it is to lead to.

    ``button`` is an action, or the beginning of the address of a link; empty: none is needed.
    """

    kind: Kind
    script: Sequence[Step]
    stage: CheckStage
    cause: str
    sentence: str
    button: str = ""
    security: Security = Security.NONE
    pair: Pair = ""
    provider: str = ""


def imap(words: str) -> list[Step]:
    """A refused LOGIN."""
    return [*CLEAR, Expect(b"LOGIN"), Send(b"%TAG% " + words.encode() + b"\r\n"), Hang()]


def listing(words: str) -> list[Step]:
    """A refused LIST, or whatever is said instead; a refused one is asked again more simply."""
    said = Send(words.encode() + b"\r\n")
    return [*SIGNED_IN, Expect(b"LIST"), said, Expect(b"LIST"), said, Hang()]


def pop(words: str) -> list[Step]:
    """A refused PASS."""
    start: list[Step] = [Send(b"+OK ready\r\n"), Expect(b"USER"), Send(b"+OK\r\n"), Expect(b"PASS")]
    return [*start, Send(b"-ERR " + words.encode() + b"\r\n"), Hang()]


def smtp(reply: str, *, offers: str = "AUTH PLAIN") -> list[Step]:
    """A refused AUTH."""
    return [*_ehlo(offers), Expect(b"AUTH"), Send(reply.encode() + b"\r\n"), Hang()]


def mail(reply: str) -> list[Step]:
    """A sign-in that goes well, and a refused MAIL."""
    start = [*_ehlo("AUTH PLAIN"), Expect(b"AUTH"), Send(b"235 in\r\n"), Expect(b"MAIL")]
    return [*start, Send(reply.encode() + b"\r\n"), Hang()]


def _ehlo(offers: str) -> list[Step]:
    answer = f"250-mail.test\r\n250 {offers}\r\n".encode()
    return [Send(b"220 mail.test ESMTP\r\n"), Expect(b"EHLO"), Send(answer)]


def greeting(words: str) -> list[Step]:
    """Another first line than the wanted one."""
    return [Send(words.encode() + b"\r\n"), Hang()]


def encrypted(pair: Pair, files: TlsFiles, script: Sequence[Step]) -> list[Step]:
    """The same behind a handshake with that certificate."""
    if not pair:
        return list(script)
    if pair == "old":
        return [Tls(files.good, ssl.TLSVersion.TLSv1_1), *script]
    return [Tls(getattr(files, "good" if pair == "unknown" else pair)), *script]


TLS = Security.TLS
UNKIND: dict[str, Unkind] = {
    # --- before anybody signs in
    "silent": Unkind(
        "imap", [Hang()], CONNECT, "hung",
        "localhost accepted the connection and then stopped answering.", "port:993",
    ),
    "closes": Unkind(
        "imap", [Drop()], CONNECT, "dropped",
        "localhost closed the connection before everything was done.", "port:993",
    ),
    "resets": Unkind(
        "pop", [Drop(hard=True)], CONNECT, "dropped",
        "localhost closed the connection before everything was done.", "port:995",
    ),
    "a POP server": Unkind(
        "imap", greeting("+OK ready"), CONNECT, "greets-as-pop",
        "localhost answered on port {port} as a POP server.", "type:pop",
    ),
    "an IMAP server": Unkind(
        "pop", greeting("* OK ready"), CONNECT, "greets-as-imap",
        "localhost answered on port {port} as an IMAP server.", "type:imap",
    ),
    "an SMTP server": Unkind(
        "imap", greeting("220 mail ESMTP"), CONNECT, "greets-as-smtp",
        "localhost answered on port {port} as a server for sending mail.", "port:993",
    ),
    "an SMTP server for POP": Unkind(
        "pop", greeting("220 mail ESMTP"), CONNECT, "greets-as-smtp",
        "localhost answered on port {port} as a server for sending mail.", "port:995",
    ),
    "an IMAP server for sending": Unkind(
        "smtp", greeting("* OK ready"), CONNECT, "greets-as-imap",
        "localhost answered on port {port} as an IMAP server.", "port:465",
    ),
    "a web server": Unkind(
        "imap", greeting("HTTP/1.1 400 Bad Request"), CONNECT, "greets-as-web",
        "localhost answered on port {port} as a web server.", "port:993",
    ),
    "an SSH server": Unkind(
        "pop", greeting("SSH-2.0-OpenSSH_9.6"), CONNECT, "greets-as-ssh",
        "localhost answered on port {port} as a server for remote work (SSH).", "port:995",
    ),
    "something else": Unkind(
        "imap", greeting("welcome to the machine"), CONNECT, "wrong-protocol",
        "localhost answered on port {port}, but not as a server of this type.", "port:993",
    ),
    "going down": Unkind("imap", greeting("* BYE server shutting down"), CONNECT, *BUSY),
    "crowded": Unkind(
        "imap", [Send(b"* BYE Too many connections\r\n"), Drop()], CONNECT, "limited",
        "localhost allows no more connections to this account at the moment.",
    ),
    "busy": Unkind("smtp", greeting("421 4.3.2 too busy"), CONNECT, *BUSY),
    "turns away": Unkind(
        "smtp", greeting("554 5.7.1 no service for you"), CONNECT, "server-turns-away",
        "localhost takes no connections from this installation.",
    ),
    "turns our name away": Unkind(
        "smtp", [Send(b"220 mail.test\r\n"), Expect(b"EHLO"), Send(b"554 5.7.1 no\r\n"), Hang()],
        HELLO, "server-turns-away", "localhost takes no connections from this installation.",
    ),
    # --- encryption
    "another name": Unkind(
        "imap", [Hang()], ENCRYPTION, "tls-name",
        "localhost showed a certificate that was issued for another server name.",
        "pin:", TLS, "wrong_name",
    ),
    "expired": Unkind(
        "pop", [Hang()], ENCRYPTION, "tls-expired",
        "The certificate of localhost has expired or is not valid yet.", "pin:", TLS, "expired",
    ),
    "self-signed": Unkind(
        "smtp", [Hang()], ENCRYPTION, "tls-self-signed",
        "localhost made its certificate itself, so nobody else vouches for it.",
        "pin:", TLS, "self_signed",
    ),
    "unknown authority": Unkind(
        "imap", [Hang()], ENCRYPTION, "tls-untrusted",
        "Nobody known here vouches for the certificate of localhost.", "pin:", TLS, "unknown",
    ),
    "old TLS": Unkind(
        "imap", [Hang()], ENCRYPTION, "tls-old",
        "localhost knows only versions of TLS that are no longer safe. 1.2 is needed at least.",
        "", TLS, "old",
    ),
    "refuses the handshake": Unkind(
        "imap", [Expect(b"\x16\x03|."), Send(b"\x15\x03\x01\x00\x02\x02\x28"), Hang()], ENCRYPTION,
        "tls-refused",
        "localhost broke off while the encrypted connection was being agreed on.", "port:993", TLS,
    ),
    "clear text": Unkind(
        "smtp", greeting("220 mail ESMTP"), ENCRYPTION, "no-tls-there",
        "Port {port} of localhost does not speak SSL from the first byte.", "ssl:starttls", TLS,
    ),
    "no STARTTLS": Unkind(
        "imap", [*CLEAR, Hang()], ENCRYPTION, "tls-not-offered",
        "localhost offers no encryption on port {port}, and it is required.", "port:993",
        Security.STARTTLS,
    ),
    "speaks between": Unkind(
        "pop", [Send(b"+OK\r\n"), Expect(b"STLS"), Send(b"+OK go\r\n+OK and more\r\n"), Hang()],
        ENCRYPTION, "tls-tampered",
        "localhost spoke unencrypted where only encryption may follow.", "", Security.STARTTLS,
    ),
    # --- signing in, IMAP
    "refused": Unkind(
        "imap", imap("NO [AUTHENTICATIONFAILED] Authentication failed."), SIGN_IN, "login-refused",
        "localhost was reached, but it did not accept this username and password.",
        "username:mara",
    ),
    "refused by Gmail": Unkind(
        "imap", imap("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)"), SIGN_IN,
        "login-refused",
        "localhost was reached, but it did not accept this username and password.",
        "https://myaccount.google.com/", provider="gmail",
    ),
    "app password": Unkind(
        "imap", imap("NO [ALERT] Application-specific password required: https://x.test/"), SIGN_IN,
        "app-password-needed",
        "localhost wants an app password here, not the one you sign in with in a browser.",
        "https://myaccount.google.com/", provider="gmail",
    ),
    "web login": Unkind(
        "imap", imap("NO [WEBALERT https://x.test/] Web login required."), SIGN_IN,
        "web-login-needed",
        "localhost wants you to sign in with a browser once before it lets a program in.", "again",
    ),
    "IMAP switched off": Unkind(
        "imap", imap("NO [ALERT] Your account is not enabled for IMAP use."), SIGN_IN, "imap-off",
        "localhost does not allow IMAP for this account.", "again",
    ),
    "too many attempts": Unkind(
        "imap", imap("NO [AUTHENTICATIONFAILED] LOGIN Too many bad auth attempts"), SIGN_IN,
        "bad-attempts",
        "localhost has shut this account out for a while after several refused sign-ins.",
        "https://help.yahoo.com/", provider="yahoo",
    ),
    "no passwords": Unkind(
        "imap", imap("NO Basic authentication is disabled."), SIGN_IN, "old-sign-in-off",
        "localhost does not let other programs sign in with a password.", "oauth",
        provider="outlook",
    ),
    "locked": Unkind(
        "imap", imap("NO [AUTHENTICATIONFAILED] Account is temporarily locked"), SIGN_IN,
        "account-locked", "localhost has locked or suspended this account.", "again",
    ),
    "out of order": Unkind(
        "imap", imap("NO [UNAVAILABLE] Temporary authentication failure."), SIGN_IN,
        "sign-in-service-down",
        "localhost cannot check passwords at the moment. Yours is not the reason.", "again",
    ),
    "password expired": Unkind(
        "imap", imap("NO [EXPIRED] That password isn't valid any more."), SIGN_IN,
        "password-expired", "localhost says that the password of this account has run out.",
    ),
    "not this mailbox": Unkind(
        "imap", imap("NO [AUTHORIZATIONFAILED] No such authorization-ID"), SIGN_IN,
        "not-your-mailbox", "localhost knows this account, but does not let it open the mailbox.",
    ),
    "not in clear": Unkind(
        "imap", imap("NO [PRIVACYREQUIRED] Only over TLS."), SIGN_IN, "privacy-required",
        "localhost lets nobody sign in on port {port} before the connection is encrypted.",
        "ssl:on",
    ),
    "wants a call": Unkind(
        "imap", imap("NO [CONTACTADMIN] Account needs attention."), SIGN_IN, "contact-admin",
        "localhost asks you to turn to its support.",
    ),
    "too many at once": Unkind(
        "imap", imap("NO [LIMIT] Too many simultaneous connections."), SIGN_IN, "limited",
        "localhost allows no more connections to this account at the moment.",
    ),
    "used up": Unkind(
        "imap", imap("NO [OVERQUOTA] Account exceeded command or bandwidth limits."), SIGN_IN,
        "over-quota",
        "localhost limits how much an account may fetch, and that much has been fetched.",
    ),
    "in use": Unkind(
        "imap", imap("NO [INUSE] Mailbox in use"), SIGN_IN, "in-use",
        "Another program has the mailbox at localhost open, or looked into it just now.",
    ),
    "a fault of its own": Unkind(
        "imap", imap("NO [SERVERBUG] Internal error occurred."), SIGN_IN, "server-fault",
        "localhost reports a fault of its own while signing in.", "again",
    ),
    "nobody of that name": Unkind(
        "imap", imap("NO Unknown user"), SIGN_IN, "unknown-user",
        "localhost says that it has no account mara@provider.test.", "username:mara",
    ),
    "the whole address": Unkind(
        "imap", imap("NO Please use your full email address to log in"), SIGN_IN,
        "full-address-needed", "localhost wants the full e-mail address as username.",
    ),
    "no common way": Unkind(
        "imap", [Send(b"* OK x\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b"LOGINDISABLED"), Hang()],
        SIGN_IN, "login-method", "localhost offers no way to sign in that can be used here.",
    ),
    # --- signing in, POP3
    "POP refused": Unkind(
        "pop", pop("[AUTH] Authentication failed."), SIGN_IN, "login-refused",
        "localhost was reached, but it did not accept this username and password.",
        "username:mara",
    ),
    "POP switched off": Unkind(
        "pop", pop("[SYS/PERM] Your account is not enabled for POP access."), SIGN_IN, "pop-off",
        "localhost does not allow POP for this account.", "type:imap",
    ),
    "POP out of order": Unkind(
        "pop", pop("[SYS/TEMP] Temporary system problem."), SIGN_IN, "sign-in-service-down",
        "localhost cannot check passwords at the moment. Yours is not the reason.", "again",
    ),
    "POP broken": Unkind(
        "pop", pop("[SYS/PERM] Unable to open storage"), SIGN_IN, "server-fault",
        "localhost reports a fault of its own while signing in.", "again",
    ),
    "POP in use": Unkind(
        "pop", pop("[IN-USE] Unable to lock maildrop"), SIGN_IN, "in-use",
        "Another program has the mailbox at localhost open, or looked into it just now.",
    ),
    "POP too often": Unkind(
        "pop", pop("[LOGIN-DELAY] minimum time between mail checks"), SIGN_IN, "login-delay",
        "localhost allows only one look into this mailbox every few minutes.",
    ),
    # --- signing in, SMTP
    "SMTP refused": Unkind(
        "smtp", smtp("535 5.7.8 Error: authentication failed"), SIGN_IN, "login-refused",
        "localhost was reached, but it did not accept this username and password.",
        "username:mara",
    ),
    "SMTP switched off": Unkind(
        "smtp", smtp("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is off"),
        SIGN_IN, "smtp-sign-in-off",
        "localhost does not let this account sign in for sending.", "again",
    ),
    "SMTP app password": Unkind(
        "smtp", smtp("534 5.7.9 Application-specific password required."), SIGN_IN,
        "app-password-needed",
        "localhost wants an app password here, not the one you sign in with in a browser.",
        "https://myaccount.google.com/", provider="gmail",
    ),
    "SMTP web login": Unkind(
        "smtp", smtp("534 5.7.14 <https://x.test/> Please log in via your web browser"), SIGN_IN,
        "web-login-needed",
        "localhost wants you to sign in with a browser once before it lets a program in.", "again",
    ),
    "SMTP only encrypted": Unkind(
        "smtp", smtp("538 5.7.11 Encryption required for this mechanism"), SIGN_IN,
        "privacy-required",
        "localhost lets nobody sign in on port {port} before the connection is encrypted.",
        "ssl:on",
    ),
    "SMTP out of order": Unkind(
        "smtp", smtp("454 4.7.0 Temporary authentication failure"), SIGN_IN,
        "sign-in-service-down",
        "localhost cannot check passwords at the moment. Yours is not the reason.", "again",
    ),
    "SMTP without a way": Unkind(
        "smtp", smtp("", offers="AUTH GSSAPI"), SIGN_IN, "login-method",
        "localhost offers no way to sign in that can be used here.",
    ),
    # --- after it
    "a closed folder": Unkind(
        "imap", listing("%TAG% NO [NOPERM] Permission denied"), FOLDERS, "folder-not-yours",
        "localhost does not allow this account to open one of its folders.",
    ),
    "trouble in the list": Unkind(
        "imap", listing("%TAG% NO [SERVERBUG] Internal error"), FOLDERS, "server-trouble",
        "localhost let you sign in, but has trouble of its own.",
    ),
    "a damaged mailbox": Unkind(
        "imap", listing("%TAG% NO [CORRUPTION] index is broken"), FOLDERS, "mailbox-damaged",
        "localhost says that it cannot read its own mailbox.",
    ),
    "nonsense in the list": Unkind(
        "imap", listing("T999 OK what"), FOLDERS, "protocol",
        "localhost sent an answer that could not be understood.",
    ),
    "leaves in the list": Unkind(
        "imap", [*SIGNED_IN, Expect(b"LIST"), Drop()], FOLDERS, "dropped",
        "localhost closed the connection before everything was done.",
    ),
    "wants a sign-in": Unkind(
        "smtp", mail("530 5.7.57 Client not authenticated to send mail"), SEND, "sign-in-needed",
        "localhost takes messages only after a sign-in.", "authentication:on",
    ),
    "another sender": Unkind(
        "smtp", mail("550 5.7.60 Client does not have permissions to send as this sender"), SEND,
        "sender-not-allowed",
        "localhost does not let this account send as mara@provider.test.",
    ),
    "not this sender": Unkind(
        "smtp", mail("553 5.7.1 no"), SEND, "sender-not-allowed",
        "localhost does not let this account send as mara@provider.test.",
    ),
    "no relaying": Unkind(
        "smtp", mail("554 5.7.1 Relay access denied"), SEND, "relay-denied",
        "localhost does not pass messages of this account on to other servers.",
        "authentication:on",
    ),
    "sent enough": Unkind(
        "smtp", mail("550 5.4.5 Daily user sending limit exceeded."), SEND, "sending-limit",
        "localhost lets this account send no more for now.",
    ),
    "too busy to send": Unkind("smtp", mail("421 4.7.0 Try again later"), SEND, *BUSY),
    "knows no MAIL": Unkind(
        "smtp", mail("502 5.5.1 Command not implemented"), SEND, "command-unknown",
        "localhost does not know a command that sending needs.", "port:465",
    ),
}  # fmt: skip
