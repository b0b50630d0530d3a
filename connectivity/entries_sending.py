"""What servers say of a message that is sent: a part of `connectivity.entries`.

It is said in answer to the message, or in a report that comes back about it. There the enhanced
status code (RFC 3463) of the recipient stands before the words.
"""

from __future__ import annotations

from connectivity.entry import Entry

SENDING: tuple[Entry, ...] = (
    Entry(
        "account-locked",
        r"\byour .{0,20}account .{0,20}(locked|suspended|blocked|disabled)",
        protocols="smtp",
        stages="send",
    ),
    Entry(
        "unauthenticated-domain",
        codes="5.7.26 5.7.23 5.7.509 5.7.515 5.7.20 5.7.21 5.7.22 5.7.24 4.7.24 5.7.29",
        protocols="smtp",
    ),
    Entry("sign-in-needed", codes="5.7.57", protocols="smtp"),
    Entry(
        "sign-in-needed",
        r"authenticat\w+ (is )?(required|needed)|must (first )?(authenticate|log ?in|sign in)"
        r"|not authenticated|log ?in first",
        protocols="smtp",
        stages="send",
    ),
    Entry("sign-in-needed", codes="530", protocols="smtp", stages="send"),
    Entry("unauthenticated-domain", r"\b(DMARC|SPF|DKIM)\b", protocols="smtp", stages="send"),
    Entry(
        "sending-limit",
        r"(daily|hourly|user|account|message) (sending|submission|message|user|rate)? ?"
        r"(quota|limit)|(sending|message|rate) (quota|limit)|too many (messages|mails|e-?mails)",
        protocols="smtp",
        stages="send",
    ),
    Entry("sending-limit", codes="5.4.5 4.5.127 5.7.233", protocols="smtp", stages="send"),
    Entry("too-many-recipients", codes="4.5.3 5.5.3", protocols="smtp", stages="send"),
    Entry("too-many-recipients", r"too many recipients", protocols="smtp", stages="send"),
    Entry(
        "sender-not-allowed",
        r"not (owned|allowed|permitted|authori[sz]ed) .{0,30}(sender|from|send as|user)"
        r"|sender .{0,40}(not|reject|denied|mismatch|verify)|SendAsDenied|send on behalf|not yours",
        protocols="smtp",
        stages="send",
    ),
    Entry("sender-not-allowed", codes="5.7.60 5.1.8 5.1.7 5.7.27", protocols="smtp", stages="send"),
    Entry(
        "relay-denied",
        r"relay(ing)?( access)? (denied|not|prohibited|is)|(not|unable to|can't) relay|not a local",
        protocols="smtp",
        stages="send",
    ),
    Entry("message-too-large", codes="5.3.4 5.2.3", protocols="smtp", stages="send"),
    Entry(
        "message-too-large", r"too (large|big)|size .{0,20}(limit|exceed|maximum)", stages="send"
    ),
    Entry("mailbox-full", codes="5.2.2 4.2.2", protocols="smtp", stages="send"),
    Entry(
        "mailbox-full", r"(mailbox|quota|inbox) .{0,20}(full|exceeded)|over ?quota", stages="send"
    ),
    Entry(
        "taken-for-spam",
        r"spam|junk|bulk mail|unsolicited|black ?list|block ?list|reputation",
        protocols="smtp",
        stages="send",
    ),
    Entry("taken-for-spam", codes="5.7.25 4.7.25 5.7.28 4.7.28", protocols="smtp", stages="send"),
    Entry(
        "content-unsafe",
        r"virus|malware|phish|potential security issue|attachment .{0,40}(not allowed|block|reject"
        r"|prohibit|forbid)|(banned|dangerous|forbidden) (file|attachment|content|extension)",
        protocols="smtp",
        stages="send",
    ),
    Entry("greylisted", r"gr[ae]y ?list", protocols="smtp"),
    Entry("sender-not-allowed", r" MAIL$", codes="550 551 553 554 501", protocols="smtp"),
    Entry("no-such-recipient", codes="5.1.1 5.1.10 5.1.6 551", protocols="smtp", stages="send"),
    Entry(
        "no-such-recipient",
        r"(user|mailbox|recipient|address|account) .{0,30}(unknown|not found|does(n't| not) exist"
        r"|unavailable|disabled)|(no such|unknown) (user|mailbox|recipient|address)",
        codes="550 551 553 554",
        protocols="smtp",
        stages="send",
    ),
    # What Microsoft says of an address it does not have; for everybody else the code is another.
    Entry("no-such-recipient", r"access denied", codes="5.4.1", protocols="smtp", stages="send"),
    Entry("no-such-domain", codes="5.1.2 5.4.4 4.4.4", protocols="smtp", stages="send"),
    # Over what the last try met: that ended it.
    Entry("waited-too-long", codes="4.4.7 5.4.7", protocols="smtp", stages="send"),
    Entry(
        "waited-too-long",
        r"in the queue too long|retry time(out)? exceeded|(message|queue|delivery time)\W+expired",
        protocols="smtp",
        stages="send",
    ),
    Entry("mail-loop", codes="4.4.6 5.4.6 5.4.14", protocols="smtp", stages="send"),
    Entry(
        "mail-loop",
        r"too many hops|\bloops? back|(mail|routing|forwarding) loop|too many .?received",
        protocols="smtp",
        stages="send",
    ),
    Entry(
        "recipient-unreached",
        codes="4.4.0 5.4.0 4.4.1 5.4.1 4.4.2 5.4.2",
        protocols="smtp",
        stages="send",
    ),
    Entry("recipient-not-found", codes="4.4.3 5.4.3", protocols="smtp", stages="send"),
    Entry("list-fault", codes="4.2.4 5.2.4", protocols="smtp", stages="send"),
    Entry("recipient-fault", codes="5.3.0 5.3.2 4.3.5 5.3.5", protocols="smtp", stages="send"),
    Entry(
        "no-safe-way",
        codes="4.7.4 5.7.4 4.7.5 5.7.5 4.7.6 5.7.6 4.7.10 5.7.10 5.7.30",
        protocols="smtp",
        stages="send",
    ),
    Entry(
        "content-not-taken",
        codes="5.3.3 5.6.0 5.6.1 5.6.2 5.6.3 5.6.4 5.6.5 5.6.6 5.6.9",
        protocols="smtp",
        stages="send",
    ),
    Entry("bad-address", codes="5.1.3 5.1.4 501 553 5.6.7", protocols="smtp", stages="send"),
    Entry(
        "recipient-refuses",
        codes="5.2.0 5.2.1 5.7.1 5.7.2 5.7.133",
        protocols="smtp",
        stages="send",
    ),
    Entry("server-full", codes="452 4.3.1 5.3.1", protocols="smtp", stages="send"),
    Entry("server-busy", codes="421", protocols="smtp"),
    Entry(
        "recipient-later",
        codes="450 451 4.1.1 4.1.2 4.2.0 4.2.1 4.3.0 4.3.2 4.4.5 4.7.0 4.7.1",
        protocols="smtp",
        stages="send",
    ),
    Entry("command-unknown", codes="500 502 503 504", protocols="smtp"),
    Entry("not-understood", codes="5.5.1 5.5.2 5.5.4 5.5.5 5.5.6", protocols="smtp", stages="send"),
    Entry("message-refused", codes="550 552 554 5.7.0 5.7.7", protocols="smtp", stages="send"),
)
