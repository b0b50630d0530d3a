"""What servers say when they fail, as (protocol, stage, kind, words, cause).

``kind`` is the cause of the error of `protocols`. The words are of the forms fixed by standards
and of those many servers use.
"""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """One failure; ``host`` where only one provider says so."""

    protocol: str
    stage: str
    kind: str
    words: str
    cause: str
    host: str = ""


def _login(protocol: str, words: str, cause: str, host: str = "", kind: str = "") -> Said:
    return Said(protocol, "login", kind or "login-refused", words, cause, host)


def _send(words: str, cause: str) -> Said:
    return Said("smtp", "send", "refused", words, cause)


def _oauth(words: str, cause: str, kind: str = "oauth-unavailable") -> Said:
    return Said("oauth", "login", kind, words, cause)


def _after(words: str, cause: str, protocol: str = "imap", stage: str = "folders") -> Said:
    return Said(protocol, stage, "refused", words, cause)


LATER, METHOD, TOKEN = "login-later", "login-method", "token-expired"
OUTLOOK = "outlook.office365.com"

# Every enhanced status code (RFC 3463, RFC 7372, RFC 8689) that reports carry on its own.
STATUSES: tuple[tuple[str, str], ...] = (
    ("5.1.1", "no-such-recipient"), ("5.1.2", "no-such-domain"), ("5.1.3", "bad-address"),
    ("5.1.4", "bad-address"), ("5.1.6", "no-such-recipient"), ("5.1.7", "sender-not-allowed"),
    ("5.1.8", "sender-not-allowed"), ("4.1.1", "recipient-later"), ("4.1.2", "recipient-later"),
    ("5.2.0", "recipient-refuses"), ("5.2.1", "recipient-refuses"), ("5.2.2", "mailbox-full"),
    ("5.2.3", "message-too-large"), ("5.2.4", "list-fault"), ("4.2.0", "recipient-later"),
    ("5.3.0", "recipient-fault"), ("5.3.1", "server-full"), ("5.3.2", "recipient-fault"),
    ("5.3.3", "content-not-taken"), ("5.3.4", "message-too-large"), ("5.3.5", "recipient-fault"),
    ("4.3.2", "recipient-later"), ("5.4.0", "recipient-unreached"),
    ("4.4.1", "recipient-unreached"), ("5.4.1", "recipient-unreached"),
    ("4.4.2", "recipient-unreached"), ("4.4.3", "recipient-not-found"),
    ("5.4.3", "recipient-not-found"), ("5.4.4", "no-such-domain"), ("4.4.5", "recipient-later"),
    ("5.4.6", "mail-loop"), ("4.4.7", "waited-too-long"), ("5.4.7", "waited-too-long"),
    ("5.5.1", "not-understood"), ("5.5.2", "not-understood"), ("5.5.3", "too-many-recipients"),
    ("5.5.4", "not-understood"), ("5.6.0", "content-not-taken"), ("5.6.1", "content-not-taken"),
    ("5.6.3", "content-not-taken"), ("5.6.7", "bad-address"), ("5.6.9", "content-not-taken"),
    ("5.7.0", "message-refused"), ("5.7.1", "recipient-refuses"), ("5.7.2", "recipient-refuses"),
    ("4.7.1", "recipient-later"), ("4.7.4", "no-safe-way"), ("4.7.5", "no-safe-way"),
    ("5.7.10", "no-safe-way"), ("5.7.20", "unauthenticated-domain"),
    ("5.7.25", "taken-for-spam"), ("5.7.27", "sender-not-allowed"),
    ("5.7.30", "no-safe-way"),
)  # fmt: skip

SAID: tuple[Said, ...] = (
    # --- without words, or with those of TLS and of a greeting
    *(
        Said("imap", "connect", kind, "", kind)
        for kind in (
            "name-timeout", "name-unsure", "name-not-found", "address-refused", "port-closed",
            "no-answer", "unreachable", "hung", "dropped", "tls-from-start", "no-tls-there",
            "tls-name", "tls-expired", "tls-untrusted", "tls-failed", "tls-not-offered",
            "tls-tampered", "tls-pin-changed", "protocol", "answer-lost", "throttled", "limited",
            "over-quota", "in-use", "not-connected", "login-method",
        )
    ),
    Said("imap", "greeting", "wrong-protocol", "+OK dovecot ready.", "greets-as-pop"),
    Said("smtp", "greeting", "wrong-protocol", "* OK [CAPABILITY IMAP4rev1]", "greets-as-imap"),
    Said("imap", "greeting", "wrong-protocol", "HTTP/1.0 408 Timeout", "greets-as-web"),
    Said("pop", "greeting", "wrong-protocol", "SSH-2.0-OpenSSH_9.6", "greets-as-ssh"),
    Said("imap", "greeting", "wrong-protocol", "220 x ESMTP Postfix", "greets-as-smtp"),
    Said("imap", "greeting", "wrong-protocol", "hello", "wrong-protocol"),
    Said("imap", "encryption", "tls-expired", "certificate is not yet valid", "tls-not-yet"),
    Said("imap", "encryption", "tls-untrusted", "self-signed certificate", "tls-self-signed"),
    Said("imap", "encryption", "tls-untrusted", "self signed certificate", "tls-self-signed"),
    Said(
        "imap", "encryption", "tls-untrusted",
        "self-signed certificate in certificate chain", "tls-untrusted",
    ),
    Said("imap", "encryption", "tls-failed", "TLSV1_ALERT_PROTOCOL_VERSION", "tls-old"),
    Said("imap", "encryption", "tls-failed", "UNSUPPORTED_PROTOCOL", "tls-old"),
    Said("imap", "encryption", "tls-failed", "SSLV3_ALERT_HANDSHAKE_FAILURE", "tls-refused"),
    # --- OAuth
    _oauth("400 access_denied The resource owner denied the request", "oauth-denied"),
    _oauth("400 invalid_grant AADSTS65004: The user declined to consent", "oauth-denied"),
    _oauth("400 invalid_grant AADSTS90094: needs admin approval", "oauth-admin-consent"),
    _oauth("400 invalid_grant AADSTS65001: has not consented", "oauth-consent"),
    _oauth("400 consent_required", "oauth-consent"),
    _oauth("400 interaction_required AADSTS50076: multi-factor", "oauth-second-factor"),
    _oauth("400 invalid_grant AADSTS50079: must enroll", "oauth-second-factor", "oauth-revoked"),
    _oauth("400 invalid_grant AADSTS700082: expired due to inactivity", "oauth-idle"),
    _oauth("400 invalid_grant AADSTS50173: the grant was revoked", "oauth-password-changed"),
    _oauth("400 invalid_grant AADSTS50034: does not exist", "oauth-unknown-user"),
    _oauth("400 invalid_grant AADSTS50053: The account is locked", "account-locked"),
    _oauth("400 invalid_grant AADSTS50055: The password is expired", "password-expired"),
    _oauth("400 invalid_client AADSTS50011: The redirect URI does not match", "oauth-redirect"),
    _oauth("400 redirect_uri_mismatch", "oauth-redirect"),
    _oauth("400 invalid_request redirect_uri is not registered", "oauth-redirect"),
    _oauth("401 invalid_client AADSTS7000222: client secret keys expired", "oauth-secret-expired"),
    _oauth("401 invalid_client AADSTS7000215: Invalid client secret", "oauth-client"),
    _oauth("400 unauthorized_client", "oauth-client"),
    _oauth("400 invalid_scope AADSTS70011", "oauth-scope"),
    _oauth("the permission to read mail was not given", "oauth-scope-missing", "oauth-revoked"),
    _oauth("400 invalid_grant AADSTS70008: The refresh token has expired", "oauth-revoked"),
    _oauth("400 invalid_grant Token has been expired or revoked.", "oauth-revoked"),
    _oauth("400 interaction_required", "oauth-revoked", "oauth-revoked"),
    _oauth("503 temporarily_unavailable", "oauth-unavailable"),
    _oauth("400 server_error", "oauth-unavailable"),
    _oauth("502 ", "oauth-unavailable"),
    _oauth("429 ", "throttled"),
    _oauth("connect: no-answer", "oauth-unavailable"),
    _login("imap", "[AUTHENTICATIONFAILED] Invalid credentials", TOKEN, kind=TOKEN),
    _login("pop", "invalid token", TOKEN, kind=TOKEN),
    _login("imap", "AUTHENTICATE failed.", TOKEN, kind=TOKEN),
    # --- sign-in: why it is not the password
    _login("pop", "[LOGIN-DELAY] minimum time between mail checks", "login-delay", kind="in-use"),
    _login(
        "smtp", "535 5.7.139 Authentication unsuccessful, user is locked by policy",
        "smtp-sign-in-off", "smtp.office365.com",
    ),
    _login("smtp", "535 SmtpClientAuthentication is disabled for the Tenant", "smtp-sign-in-off"),
    _login("imap", "Basic authentication is disabled.", "old-sign-in-off"),
    _login("pop", "Command is not valid: LogonDenied-BasicAuthBlocked", "old-sign-in-off"),
    _login("imap", "[ALERT] Application-specific password required", "app-password-needed"),
    _login("pop", "[AUTH] Application-specific password required", "app-password-needed"),
    _login("imap", "Please use an app password to sign in", "app-password-needed"),
    _login("imap", "two-factor authentication is on for this account", "app-password-needed"),
    _login("smtp", "534 5.7.9 Please sign in", "app-password-needed", "smtp.gmail.com", METHOD),
    _login("imap", "[WEBALERT https://x.test/signin] Web login required.", "web-login-needed"),
    _login("smtp", "534 5.7.14 <https://x.test/> Please log in", "web-login-needed", kind=METHOD),
    _login("pop", "Please log in via your web browser", "web-login-needed"),
    _login("imap", "[AUTHENTICATIONFAILED] LOGIN Too many bad auth attempts", "bad-attempts"),
    _login("imap", "Too many login failures, please wait", "bad-attempts", kind=LATER),
    _login("imap", "[ALERT] Your account is not enabled for IMAP use.", "imap-off"),
    _login("imap", "IMAP access is disabled for your account", "imap-off"),
    _login("imap", "[ALERT] IMAP4 not allowed", "imap-off"),
    _login("imap", "[ALERT] IMAP-Zugriff ist nicht freigeschaltet", "imap-off"),
    _login(
        "imap",
        "[AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled",
        "password-or-access",
    ),
    _login("pop", "[SYS/PERM] Your account is not enabled for POP access.", "pop-off"),
    _login("pop", "POP3 service disabled", "pop-off"),
    _login("imap", "access by external programs: external access is disabled", "access-off"),
    _login("smtp", "535 third party apps are not allowed", "access-off"),
    _login("imap", "[AUTHENTICATIONFAILED] Account is temporarily locked", "account-locked"),
    _login("smtp", "535 5.7.0 Your account has been suspended", "account-locked"),
    _login("pop", "User has been disabled", "account-locked"),
    # The account of the recipient is none of the sender's.
    _send("550 5.2.1 The email account that you tried to reach is disabled.", "no-such-recipient"),
    _send("550 5.2.1 Account of this person is inactive", "recipient-refuses"),
    _send("550 5.7.1 Your account has been suspended", "account-locked"),
    _after("NO This account has been blocked", "account-locked"),
    _login("imap", "[EXPIRED] password", "password-expired"),
    _login("imap", "Your password has expired, change it on the website", "password-expired"),
    _login("imap", "[CONTACTADMIN]", "contact-admin"),
    _login("imap", "[PRIVACYREQUIRED] Plaintext", "privacy-required", kind=METHOD),
    _login("smtp", "538 5.7.11 Encryption required", "privacy-required", kind=METHOD),
    _login("pop", "Plaintext authentication disallowed", "privacy-required", kind=METHOD),
    _login("imap", "Login only available under a layer", "privacy-required"),
    _login("smtp", "530 5.7.0 Must issue a STARTTLS command first", "privacy-required"),
    _login("smtp", "504 5.5.4 Unrecognized authentication type", "method-too-weak", kind=METHOD),
    _login("pop", "+OK POP3 server ready", "no-apop", kind=METHOD),
    _login("imap", "[AUTHORIZATIONFAILED] not yours", "not-your-mailbox"),
    _login("imap", "[UNAVAILABLE] Temporary", "sign-in-service-down", kind=LATER),
    _login("pop", "[SYS/TEMP] Temporary system problem", "sign-in-service-down", kind=LATER),
    _login("smtp", "454 4.7.0 Authentication failure", "sign-in-service-down", kind=LATER),
    _login("imap", "Temporary authentication failure", "sign-in-service-down", kind=LATER),
    _login("imap", "[SERVERBUG] oops", "server-fault", kind=LATER),
    _login("pop", "[SYS/PERM] storage", "server-fault"),
    _login("imap", "Internal error occurred. Refer to server log", "server-fault"),
    _login("imap", "Use your full e-mail address as login", "full-address-needed"),
    _login("imap", "No such user", "unknown-user"),
    _login("pop", "[AUTH] mailbox not found", "unknown-user"),
    _login("imap", "[ALERT] Please read https://x.test/", "server-message"),
    _login("imap", "LOGIN failed.", "old-sign-in-off", OUTLOOK),
    _login("pop", "Logon failure: unknown user name or bad password.", "old-sign-in-off", OUTLOOK),
    _login("imap", "[CANNOT] Unsupported", "not-supported"),
    _login("imap", "[AUTHENTICATIONFAILED] Authentication failed.", "login-refused"),
    _login("pop", "[AUTH] Authentication failed.", "login-refused"),
    _login("smtp", "535 5.7.8 Username and Password not accepted", "login-refused"),
    _login("smtp", "535 Incorrect authentication data", "login-refused"),
    _login("imap", "LOGIN failed", "login-refused"),
    _login("imap", "Login incorrect", "login-refused"),
    _login("imap", "Login failed: authentication failure", "login-refused"),
    _login("imap", "Logon failure: unknown user name or bad password.", "login-refused"),
    _login("imap", "Invalid login or password", "login-refused"),
    _login("imap", "invalid credentials (Failure)", "login-refused"),
    _login("imap", "[AUTHENTICATIONFAILED] LOGIN Invalid credentials", "login-refused"),
    _login("imap", "Invalid user name or password.", "login-refused"),
    _login("smtp", "535 authorization failed (#5.7.0)", "login-refused"),
    _login("imap", "Application password is REQUIRED", "app-password-needed"),
    _login("imap", "Benutzername oder Passwort falsch", "login-refused"),
    _login("pop", "Password supplied for mara@provider.test is incorrect.", "login-refused"),
    _login("pop", "authorization failed", "login-refused"),
    _login("pop", "Unable to log on", "login-refused"),
    Said("smtp", "greeting", LATER, "421 4.7.0 too many errors", "server-busy"),
    Said("imap", "greeting", LATER, "BYE Server is too busy", "server-busy"),
    Said("imap", "greeting", LATER, "BYE down for maintenance", "server-busy"),
    Said("smtp", "greeting", LATER, "554 5.7.1 refused by policy", "server-turns-away"),
    Said("pop", "greeting", LATER, "-ERR Please try again later", "try-later"),
    # --- sending
    _send("530 5.7.57 Client not authenticated to send mail", "sign-in-needed"),
    _send("530 5.7.0 Authentication required", "sign-in-needed"),
    _send("530 5.7.1 no", "sign-in-needed"),
    _send("530 5.7.0 Must issue a STARTTLS command first", "privacy-required"),
    _send("550 5.7.26 The sender is not authenticated", "unauthenticated-domain"),
    _send("550 5.7.1 rejected: SPF fail", "unauthenticated-domain"),
    _send("550 5.4.5 Daily user sending quota exceeded", "sending-limit"),
    _send("451 4.7.1 message rate limit, slow down", "sending-limit"),
    _send("552 5.4.5 enough", "sending-limit"),
    _send("452 4.5.3 enough", "too-many-recipients"),
    _send("452 Too many recipients received this hour", "too-many-recipients"),
    _send("553 5.7.1 <a@b.test>: Sender address rejected: not owned by user", "sender-not-allowed"),
    _send("553 5.7.1 not your address MAIL", "sender-not-allowed"),
    _send("550 5.7.60 Client does not have permissions", "sender-not-allowed"),
    _send("554 5.7.1 <a@b.test>: Relay access denied", "relay-denied"),
    _send("552 5.3.4 Message size exceeds fixed limit", "message-too-large"),
    _send("552 message too big", "message-too-large"),
    _send("552 5.2.2 The email account that you tried to reach is over quota", "mailbox-full"),
    _send("452 Mailbox full", "mailbox-full"),
    _send("550 5.7.1 Message contains spam", "taken-for-spam"),
    _send("554 5.7.1 Service unavailable; client host is blocklisted", "taken-for-spam"),
    _send("450 4.2.0 Recipient address rejected: Greylisted", "greylisted"),
    _send("550 5.1.1 The email account does not exist", "no-such-recipient"),
    _send("551 User not local", "no-such-recipient"),
    _send("550 No such user here", "no-such-recipient"),
    _send("550 5.1.2 Host unknown", "no-such-domain"),
    _send("501 5.1.3 Bad recipient address syntax", "bad-address"),
    _send("550 5.7.1 Recipient not authorized", "recipient-refuses"),
    _send("452 4.3.1 Insufficient system storage", "server-full"),
    _send("421 4.3.2 System not accepting network messages", "server-busy"),
    _send("451 4.3.0 Temporary lookup failure", "recipient-later"),
    _send("450 4.2.0 in a moment", "recipient-later"),
    _send("502 5.5.1 Command not implemented", "command-unknown"),
    # --- what came back: the status of the report, and what its server was told
    *(_send(f"{status} ", cause) for status, cause in STATUSES),
    _send("550 5.4.1 Recipient address rejected: Access denied. [x.test]", "no-such-recipient"),
    _send("4.4.1 connect to mx.there.test[192.0.2.1]:25: timed out", "recipient-unreached"),
    _send("4.4.1 in the queue too long.", "waited-too-long"),
    _send("550 4.4.7 QUEUE.Expired; message expired", "waited-too-long"),
    _send("5.0.0 retry timeout exceeded", "waited-too-long"),
    _send("554 Too many hops", "mail-loop"),
    _send("552 5.7.0 This presents a potential security issue", "content-unsafe"),
    _send("550 no", "message-refused"),
    _send("554 Transaction failed", "message-refused"),
    # --- after the sign-in
    _after("[NOPERM] Access denied", "folder-not-yours"),
    _after("[NONEXISTENT] Unknown Mailbox", "folder-gone"),
    _after("Mailbox doesn't exist: Old", "folder-gone"),
    _after("[CORRUPTION] broken index", "mailbox-damaged"),
    _after("cannot read it", "messages-unreadable", "pop", "fetch"),
    _after("Unable to open message", "messages-unreadable", stage="fetch"),
    _after("[UNAVAILABLE] backend", "server-trouble"),
    _after("cannot open Junk: bad name", ""),
    _after("[SERVERBUG] oops", "server-trouble"),
    _after("Internal error occurred", "server-trouble"),
    _after("[CLIENTBUG] that was wrong", "not-supported"),
    _after("Unknown command", "not-supported", "pop"),
    _after("Server busy, try later", "server-trouble"),
)  # fmt: skip
