"""Reports as servers write them, about a message sent to bob@elsewhere.test."""

from __future__ import annotations

SENT = "<tide-1@provider.test>"
SENDER, BOB = "mara@provider.test", "bob@elsewhere.test"
FULL = "552 5.2.2 The mailbox is over quota"
_ORIGINAL = (
    f"From: Mara Lind <{SENDER}>\nTo: {BOB}\nSubject: Tide tables\n"
    f"Message-ID: {SENT}\n\nSee below.\n"
)
_TOP = (
    "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.elsewhere.test>\n"
    f"To: {SENDER}\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <r1@elsewhere.test>\n"
)


def dsn(
    *recipients: str,
    action: str = "failed",
    status: str = "5.2.2",
    words: str = f"smtp; {FULL}",
    fields: str = "",
    original: str = _ORIGINAL,
    part: str = "message/rfc822",
    top: str = _TOP,
) -> bytes:
    """A report of RFC 3464, as Postfix writes it. ``fields`` are more of the message's own."""
    groups = "".join(
        f"\nFinal-Recipient: rfc822; {one}\nAction: {action}\nStatus: {status}\n"
        + (f"Diagnostic-Code: {words}\n" if words else "")
        for one in recipients or (BOB,)
    )
    text = (
        f"{top}MIME-Version: 1.0\nContent-Type: multipart/report;"
        ' report-type=delivery-status; boundary="b"\n'
        "\n--b\nContent-Type: text/plain\n\nThis is the mail system at host mx.elsewhere.test.\n"
        "\n--b\nContent-Type: message/delivery-status\n"
        f"\nReporting-MTA: dns; mx.elsewhere.test\n{fields}"
        f"{groups}\n--b\nContent-Type: {part}\n\n{original}\n--b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def mdn(
    disposition: str = "manual-action/MDN-sent-manually; displayed",
    *,
    recipient: str = BOB,
    about: str = SENT,
    sender: str = BOB,
) -> bytes:
    """A receipt of RFC 8098."""
    text = (
        f"From: Bob Lee <{sender}>\nTo: {SENDER}\nSubject: Read: Tide tables\n"
        "Message-ID: <m1@elsewhere.test>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n"
        "\n--b\nContent-Type: text/plain\n\nIt was read.\n"
        "\n--b\nContent-Type: message/disposition-notification\n\n"
        f"Reporting-UA: elsewhere.test; Reader 2\nFinal-Recipient: rfc822;{recipient}\n"
        f"Original-Message-ID: {about}\nDisposition: {disposition}\n\n--b--\n"
    )
    return text.replace("\n", "\r\n").encode()


def plain(sender: str, subject: str, body: str, *, top: str = "") -> bytes:
    """A report that is text alone."""
    text = f"Return-Path: <>\nFrom: {sender}\nTo: {SENDER}\nSubject: {subject}\n{top}\n{body}"
    return text.replace("\n", "\r\n").encode()


EXIM = plain(
    "Mail Delivery System <Mailer-Daemon@relay.test>",
    "Mail delivery failed: returning message to sender",
    "This message was created automatically by mail delivery software.\n\n"
    "A message that you sent could not be delivered to one or more of its\n"
    "recipients. This is a permanent error. The following address(es) failed:\n\n"
    f"  {BOB}\n    host mx.elsewhere.test [192.0.2.7]\n"
    "    SMTP error from remote mail server after RCPT TO:<bob@elsewhere.test>:\n"
    "    550 5.1.1 No such user here\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\n" + _ORIGINAL,
    top=f"X-Failed-Recipients: {BOB}\n",
)
EXIM_WAITS = plain(
    "Mail Delivery System <Mailer-Daemon@relay.test>",
    "Warning: message 1abc-DEF-23 delayed 24 hours",
    "A message that you sent has not yet been delivered to one or more of its\n"
    "recipients after more than 24 hours on the queue on relay.test.\n\n"
    f"The address to which the message has not yet been delivered is:\n\n  {BOB}\n"
    "    Delay reason: Connection timed out\n\n"
    "No action is required on your part. Delivery attempts will continue for\nsome time.\n\n"
    f"Message-ID: {SENT}\n",
)
QMAIL = plain(
    "MAILER-DAEMON@relay.test",
    "failure notice",
    "Hi. This is the qmail-send program at relay.test.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    f"<{BOB}>:\n192.0.2.7 does not like recipient.\n"
    "Remote host said: 550 5.1.1 No such user here\nGiving up on 192.0.2.7.\n\n"
    "--- Below this line is a copy of the message.\n\n" + _ORIGINAL,
)
YAHOO = plain(
    "MAILER-DAEMON@yahoo.test",
    "Failure Notice",
    "Sorry, we were unable to deliver your message to the following address.\n\n"
    f"<{BOB}>:\nRemote host said: 550 5.1.1 No such user here\n\n"
    "--- Below this line is a copy of the message.\n\n" + _ORIGINAL,
)
OLD_POSTFIX = plain(
    "MAILER-DAEMON@relay.test (Mail Delivery System)",
    "Undelivered Mail Returned to Sender",
    f"<{BOB}>: host mx.elsewhere.test[192.0.2.7] said: 550 5.1.1\n    No such user here "
    "(in reply to RCPT TO command)\n\n" + f"Message-ID: {SENT}\n",
)
GMAIL = plain(
    "Mail Delivery Subsystem <mailer-daemon@googlemail.test>",
    "Delivery Status Notification (Failure)",
    f"Delivery to the following recipient failed permanently:\n\n     {BOB}\n\n"
    "Technical details of permanent failure:\n550 5.1.1 No such user here\n\n"
    "----- Original message -----\n\n" + _ORIGINAL,
    top=f"X-Failed-Recipients: {BOB}\n",
)
TEXTS = {
    "exim": EXIM,
    "qmail": QMAIL,
    "yahoo": YAHOO,
    "old postfix": OLD_POSTFIX,
    "gmail": GMAIL,
}
