"""Which cause of `protocols.errors` a finer one of the catalogue belongs to. Pure."""

from __future__ import annotations

from collections.abc import Mapping

# What a finer cause behaves as: whether it is tried again, what it says about a whole server.
ROOTS: Mapping[str, str] = {
    **dict.fromkeys(("name-timeout", "name-unsure"), "name-not-found"),
    **dict.fromkeys(
        ("greets-as-pop", "greets-as-imap", "greets-as-web", "greets-as-ssh", "greets-as-smtp"),
        "wrong-protocol",
    ),
    "tls-not-yet": "tls-expired",
    "tls-self-signed": "tls-untrusted",
    **dict.fromkeys(("tls-old", "tls-refused"), "tls-failed"),
    **dict.fromkeys(
        (
            "oauth-denied",
            "oauth-admin-consent",
            "oauth-consent",
            "oauth-second-factor",
            "oauth-idle",
            "oauth-password-changed",
            "oauth-unknown-user",
            "oauth-scope-missing",
            "oauth-elsewhere",
        ),
        "oauth-revoked",
    ),
    **dict.fromkeys(
        ("oauth-redirect", "oauth-secret-expired", "oauth-client", "oauth-scope"),
        "oauth-unavailable",
    ),
    **dict.fromkeys(
        (
            "app-password-needed",
            "web-login-needed",
            "bad-attempts",
            "imap-off",
            "password-or-access",
            "pop-off",
            "access-off",
            "smtp-sign-in-off",
            "old-sign-in-off",
            "account-locked",
            "password-expired",
            "contact-admin",
            "not-your-mailbox",
            "full-address-needed",
            "unknown-user",
            "server-message",
        ),
        "login-refused",
    ),
    **dict.fromkeys(
        ("privacy-required", "method-too-weak", "no-apop", "sign-in-needed"), "login-method"
    ),
    **dict.fromkeys(
        ("sign-in-service-down", "server-fault", "server-busy", "server-turns-away", "try-later"),
        "login-later",
    ),
    "login-delay": "in-use",
    **dict.fromkeys(
        (
            "unauthenticated-domain",
            "sending-limit",
            "too-many-recipients",
            "sender-not-allowed",
            "relay-denied",
            "message-too-large",
            "mailbox-full",
            "taken-for-spam",
            "greylisted",
            "no-such-recipient",
            "no-such-domain",
            "bad-address",
            "recipient-refuses",
            "server-full",
            "recipient-later",
            "recipient-unreached",
            "recipient-not-found",
            "waited-too-long",
            "mail-loop",
            "recipient-fault",
            "list-fault",
            "no-safe-way",
            "not-understood",
            "content-not-taken",
            "content-unsafe",
            "command-unknown",
            "message-refused",
            "folder-not-yours",
            "folder-gone",
            "mailbox-damaged",
            "messages-unreadable",
            "not-supported",
            "server-trouble",
        ),
        "refused",
    ),
}


def root(cause: str) -> str:
    """The cause of `protocols.errors` that a finer one behaves as, where it is about what to do."""
    return ROOTS.get(cause, cause)


def like(*causes: str) -> frozenset[str]:
    """These causes and every finer one of them."""
    return frozenset(causes) | {fine for fine, coarse in ROOTS.items() if coarse in causes}
