"""Mail as it arrives, and whom it is to be answered as.

Mara Lind has nine addresses. Every case is a message as one of her servers hands it out: what that
server put on top, then what the sender wrote. It is labelled with the address a careful person
would answer from, and the rule that says so.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Her addresses: the own one here, and those of accounts. By name: (address, fetched by, accepts).
LOCAL = "mara@example.test"
GMAIL = "mara.lind@gmail.com"
WORK = "m.lind@corp.example"
SALES = "sales@corp.example"
STUDIO = "hello@lind.design"
ICLOUD = "mara@icloud.com"
OLD = "mara@oldhost.example"
BOOKS = "kontakt@xn--bcher-kva.example"
EAI = "mära@post.example"
OUTLOOK = "mara_lind@outlook.com"
#: What accounts are paired with, and how much their addresses take. SALES is WORK's second one.
ACCOUNTS = [
    ("gmail", GMAIL, "plus"),
    ("work", WORK, "plus"),
    ("studio", STUDIO, "domain"),
    ("icloud", ICLOUD, "exact"),
    ("old", OLD, "plus"),
    ("books", BOOKS, "plus"),
    ("eai", EAI, "plus"),
    ("", OUTLOOK, "exact"),
]
LIST = "talk@lists.example"
THERE, DELIVERED, PATTERN = "sent-there", "delivered", "pattern"
FETCHED, DEFAULT, ON_LIST, MINE, FOLDER = "fetched-from", "default", "list", "sent-with", "folder"
WHEN = "Mon, 4 May 2026 09:30:00 +0000"


@dataclass(frozen=True)
class Case:
    """``by`` fetched it into the folder ``where``; ``offered`` is the exact address to use."""

    name: str
    by: str
    head: str
    answer: str
    why: str
    offered: str = ""
    where: str = "inbox"


def wrote(to: str = "", cc: str = "", *more: str, sender: str = "Bo <bo@else.example>") -> str:
    """What the sender's program wrote."""
    lines = [f"From: {sender}", f"Date: {WHEN}", "Subject: Hello"]
    lines += [f"To: {to}"] if to else []
    lines += [f"Cc: {cc}"] if cc else []
    return "".join(f"{line}\n" for line in (*lines, *more))


def hop(by: str, said: str = "from out.else.example (out.else.example [203.0.113.9])") -> str:
    return f"Received: {said}\n\tby {by} (Postfix) with ESMTPS id 4ZrQ1x2Kz;\n\t{WHEN}\n"


def postfix(to: str, original: str = "", by: str = "mx.corp.example") -> str:
    """Postfix and its own delivery agent."""
    top = f"Return-Path: <bo@else.example>\nX-Original-To: {original or to}\nDelivered-To: {to}\n"
    return top + hop(by)


def dovecot(to: str, above: str = "", between: str = "") -> str:
    """Dovecot behind an MTA, spoken to by LMTP."""
    return (
        f"Return-Path: <bo@else.example>\nDelivered-To: {to}\n{above}"
        f"Received: from mx.lind.design\n\tby store.lind.design with LMTP\n\tid 0Fkq (envelope-from"
        f" <bo@else.example>)\n\tfor <{to}>; {WHEN}\n{between}" + hop("mx.lind.design")
    )


def exim(to: str) -> str:
    """cPanel and everybody else with Exim."""
    received = (
        "Received: from out.else.example ([203.0.113.9]:44822 helo=out.else.example)\n"
        f"\tby host.lind.design with esmtps (Exim 4.97)\n\tid 1sA; {WHEN}\n"
    )
    return f"Return-path: <bo@else.example>\nEnvelope-to: {to}\nDelivery-date: {WHEN}\n{received}"


def gmail(to: str = GMAIL, below: str = "") -> str:
    """Gmail; ``below`` is what a server before it left."""
    return (
        f"Delivered-To: {to}\n"
        f"Received: by 2002:a05:6a10:1234:b0:5a1 with SMTP id x1csp123; {WHEN}\n"
        "X-Received: by 2002:a17:906:aa5 with SMTP id u5mr1; Mon, 4 May 2026 02:30:00 -0700\n"
        "Return-Path: <bo@else.example>\n"
        "Received: from out.else.example (out.else.example. [203.0.113.9])\n"
        f"        by mx.google.com with ESMTPS id a1si123; {WHEN}\n"
        "Authentication-Results: mx.google.com; spf=pass smtp.mailfrom=bo@else.example\n" + below
    )


def outlook() -> str:
    """Outlook.com and Exchange Online say nothing of whom it came for."""
    return (
        "Received: from AM0PR01MB4567.eurprd01.prod.exchangelabs.com (2603:10a6:208:122::7)\n"
        f" by DB7PR01MB1234.eurprd01.prod.exchangelabs.com with HTTPS; {WHEN}\n"
        "Received: from out.else.example (203.0.113.9) by VE1EUR01FT003.mail.protection.outlook.com"
        f"\n (10.152.2.1) with Microsoft SMTP Server; {WHEN}\n"
    )


def icloud(to: str = ICLOUD) -> str:
    return (
        f"Return-path: <bo@else.example>\nOriginal-recipient: rfc822;{to}\n"
        f"Received: from p00-mx.icloud.com by p01-store.me.com (mailgateway) with LMTP id 7; {WHEN}"
        "\n" + hop("p00-mx.icloud.com")
    )


def qmail(to: str, prefix: str = "oldhost.example-") -> str:
    return (
        f"Return-Path: <bo@else.example>\nDelivered-To: {prefix}{to}\n"
        f"Received: (qmail 24513 invoked from network); {WHEN}\n"
        "Received: from unknown (HELO out.else.example) (203.0.113.9)\n"
        f"  by mx.oldhost.example with SMTP; {WHEN}\n"
    )


def fastmail(to: str, original: str) -> str:
    return (
        "Return-Path: <bo@else.example>\nReceived: from compute1.internal (compute1.nyi.internal"
        f" [10.202.2.41])\n\t by sloti22d1t06 (Cyrus 3.11) with LMTPA;\n\t {WHEN}\n"
        f"X-Sieve: CMU Sieve 3.0\nX-Resolved-to: {to}\nX-Delivered-to: {original}\n"
        + hop("mx6.messagingengine.com")
    )


LISTED = ("List-Id: Talk <talk.lists.example>", f"List-Post: <mailto:{LIST}>", "Precedence: list")
BOUNCE = hop("mx.corp.example", "from lists.example (lists.example [198.51.100.7])")
AT_STUDIO = hop("mx.lind.design")
GROUP = ("List-ID: <desk.corp.example>", "List-Post: <https://groups.google.com/a/x>",
         "Mailing-list: list desk@corp.example; contact desk+owners@corp.example")  # fmt: skip
FORGED = ("Delivered-To: m.lind@corp.example", "X-Original-To: m.lind@corp.example",
          "Envelope-To: m.lind@corp.example", "X-Forwarded-To: m.lind@corp.example")  # fmt: skip
FAKE = f"Received: from mx.corp.example by store.corp.example with LMTP id 1; {WHEN}"
