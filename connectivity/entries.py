"""The table of `connectivity.catalogue`: which words of a server mean which cause.

Each entry narrows by what it names and leaves open what it does not. Special ones stand before
general ones. The words are those seen in the wild or fixed by RFC 5530 (IMAP), RFC 2449 and
RFC 3206 (POP3), RFC 3463, RFC 4954 and RFC 7504 (SMTP), RFC 6749 (OAuth 2).
"""

from __future__ import annotations

from connectivity.entries_sending import SENDING
from connectivity.entry import Entry

_OAUTH = "oauth-revoked oauth-unavailable oauth-refused token-expired"
_NO = "login-refused login-method login-later refused token-expired"
_MAIL = "imap pop smtp"
# Where an account that is spoken of is one's own; what is sent goes to the accounts of others.
_OWN = "greeting login folders fetch"
_MICROSOFT = "office365.com outlook.com hotmail.com live.com"

WIRE: tuple[Entry, ...] = (
    Entry("name-timeout", kinds="name-timeout"),
    Entry("name-unsure", kinds="name-unsure"),
    Entry("name-not-found", kinds="name-not-found"),
    Entry("address-refused", kinds="address-refused"),
    Entry("port-closed", kinds="port-closed"),
    Entry("no-answer", kinds="no-answer"),
    Entry("unreachable", kinds="unreachable"),
    Entry("hung", kinds="hung"),
    Entry("dropped", kinds="dropped"),
    Entry("greets-as-pop", r"^\+OK", kinds="wrong-protocol", protocols="imap smtp"),
    Entry("greets-as-imap", r"^\* ", kinds="wrong-protocol", protocols="pop smtp"),
    Entry("greets-as-web", r"^HTTP/|<html|<!doctype", kinds="wrong-protocol"),
    Entry("greets-as-ssh", r"^SSH-", kinds="wrong-protocol"),
    Entry("greets-as-smtp", r"^220", kinds="wrong-protocol", protocols="imap pop"),
    Entry("wrong-protocol", kinds="wrong-protocol"),
    Entry("tls-from-start", kinds="tls-from-start"),
    Entry("no-tls-there", kinds="no-tls-there"),
    Entry("tls-name", kinds="tls-name"),
    Entry("tls-not-yet", r"not yet valid", kinds="tls-expired"),
    Entry("tls-expired", kinds="tls-expired"),
    Entry("tls-self-signed", r"self.signed certificate$", kinds="tls-untrusted"),
    Entry("tls-untrusted", kinds="tls-untrusted"),
    Entry("tls-old", r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL", kinds="tls-failed"),
    Entry("tls-refused", r"_ALERT_|NO_SHARED_CIPHER", kinds="tls-failed"),
    Entry("tls-failed", kinds="tls-failed"),
    Entry("tls-not-offered", kinds="tls-not-offered"),
    Entry("tls-tampered", kinds="tls-tampered"),
    Entry("tls-pin-changed", kinds="tls-pin-changed"),
    Entry("protocol", kinds="protocol"),
    Entry("answer-lost", kinds="answer-lost"),
)

OAUTH: tuple[Entry, ...] = (
    Entry("oauth-denied", codes="access_denied AADSTS65004"),
    Entry("oauth-admin-consent", codes="AADSTS90094 AADSTS90093 AADSTS65002 AADSTS700016"),
    Entry("oauth-consent", codes="AADSTS65001 consent_required"),
    Entry("oauth-second-factor", codes="AADSTS50076 AADSTS50079 AADSTS50074 AADSTS50158"),
    Entry("oauth-idle", codes="AADSTS700082 AADSTS700084 AADSTS70043"),
    Entry("oauth-password-changed", codes="AADSTS50173 AADSTS50133"),
    Entry("oauth-unknown-user", codes="AADSTS50034 AADSTS50020 AADSTS51004"),
    Entry("account-locked", codes="AADSTS50053 AADSTS50057"),
    Entry("password-expired", codes="AADSTS50055 AADSTS50144"),
    Entry("oauth-redirect", codes="AADSTS50011 redirect_uri_mismatch AADSTS500113"),
    Entry("oauth-redirect", r"redirect.?ur[il]", codes="invalid_request"),
    Entry("oauth-secret-expired", codes="AADSTS7000222"),
    Entry("oauth-client", codes="invalid_client unauthorized_client AADSTS7000215 AADSTS7000218"),
    Entry("oauth-scope", codes="invalid_scope AADSTS70011 AADSTS650053"),
    Entry("oauth-scope-missing", r"permission to read mail was not given|insufficient.?scope"),
    Entry("oauth-revoked", codes="invalid_grant interaction_required login_required AADSTS70008"),
    Entry("oauth-unavailable", codes="temporarily_unavailable server_error", kinds=_OAUTH),
    Entry("throttled", codes="429", kinds=_OAUTH),
    Entry("oauth-unavailable", codes="500 502 503 504", kinds=_OAUTH, protocols="oauth"),
    Entry("oauth-unavailable", r"^(login|connect|name|encryption|greeting): ", kinds=_OAUTH),
    Entry("token-expired", kinds="token-expired", codes="AUTHENTICATIONFAILED AUTH"),
    Entry(
        "token-expired",
        r"expired|invalid.{0,20}(token|credentials)|auth\w* (failed|unsuccessful)",
        kinds="token-expired",
    ),
)

# Reasons for which a sign-in is refused that are none of the password.
SIGN_IN: tuple[Entry, ...] = (
    Entry("throttled", kinds="throttled"),
    Entry("limited", kinds="limited"),
    Entry("over-quota", kinds="over-quota"),
    Entry("login-delay", codes="LOGIN-DELAY", kinds="in-use"),
    Entry("in-use", kinds="in-use"),
    Entry("not-connected", kinds="not-connected"),
    Entry("smtp-sign-in-off", codes="5.7.139", protocols="smtp", kinds=_NO),
    Entry("smtp-sign-in-off", r"SmtpClientAuthentication is disabled", kinds=_NO),
    Entry(
        "old-sign-in-off",
        r"basic auth\w* is (disabled|blocked)|BasicAuthBlocked|LogonDenied-BasicAuth",
        kinds=_NO,
    ),
    Entry(
        "app-password-needed",
        r"app(lication)?[- ]?specific password|app(lication)? password|InvalidSecondFactor"
        r"|(two|2|multi)[- ]?(factor|step)|\b2fa\b|authori[sz]ation code|client password",
        kinds=_NO,
    ),
    Entry("app-password-needed", codes="5.7.9", hosts="gmail.com", kinds=_NO),
    Entry("web-login-needed", codes="WEBALERT 5.7.14", kinds=_NO),
    Entry(
        "web-login-needed",
        r"web login required|log ?in via (your|a) (web )?browser|sign in (via|with|through) .{0,30}"
        r"(browser|website|webmail)|please log ?in to (the )?(webmail|website)",
        kinds=_NO,
    ),
    Entry("bad-attempts", r"too many (bad|failed|invalid|wrong|incorrect|unsuccessful)", kinds=_NO),
    Entry(
        "bad-attempts",
        r"too many (auth\w*|log-?in|sign-?in) ?(attempts|failures|errors)|attempts exceeded",
        kinds=_NO,
    ),
    Entry(
        "password-or-access",
        r"(credentials|password|login) .{0,20}or .{0,20}(imap4?|pop3?|access) (is )?"
        r"(disabled|not enabled|not allowed)",
        kinds=_NO,
    ),
    Entry(
        "imap-off",
        r"imap4? (access |service |protocol )?(is |was |has been )?(disabled|not enabled"
        r"|not allowed|not available|blocked|off\b)|not enabled for imap|enable imap"
        r"|imap.{0,30}(deaktiviert|nicht (aktiviert|freigeschaltet))|no permission .{0,20}imap",
        kinds=_NO,
        protocols="imap",
    ),
    Entry(
        "pop-off",
        r"pop3? ?(access |service |protocol )?(is |was |has been )?(disabled|not enabled"
        r"|not allowed|not available|blocked|off\b)|not enabled for pop|enable pop"
        r"|pop3?.{0,30}(deaktiviert|nicht (aktiviert|freigeschaltet))|no permission .{0,20}pop",
        kinds=_NO,
        protocols="pop",
    ),
    Entry(
        "access-off",
        r"(external|third.party|remote|less secure|client) (access|apps?|programs?|clients?)"
        r" (is |are |has been )?(disabled|blocked|not (enabled|allowed|permitted))",
        kinds=_NO,
    ),
    Entry(
        "account-locked",
        r"account .{0,30}(locked|suspended|blocked|disabled|inactive|frozen)",
        stages=_OWN,
    ),
    Entry(
        "account-locked",
        r"(user|mailbox) .{0,15}(is |has been )(suspended|blocked|disabled)",
        stages=_OWN,
    ),
    Entry("password-expired", codes="EXPIRED", kinds=_NO),
    Entry("password-expired", r"(password|passphrase) .{0,20}(expired|must be changed)", kinds=_NO),
    Entry("contact-admin", codes="CONTACTADMIN"),
    Entry("privacy-required", codes="PRIVACYREQUIRED 538", kinds=_NO),
    Entry(
        "privacy-required",
        r"LOGINDISABLED|plaintext auth\w* (is )?disallowed|under a layer",
        kinds=_NO,
    ),
    Entry("privacy-required", r"(issue|use|requires?) .{0,20}(STARTTLS|STLS|\bTLS|SSL)", kinds=_NO),
    Entry("method-too-weak", codes="534 504", protocols="smtp", stages="login", kinds=_NO),
    Entry("no-apop", r"^\+OK", kinds="login-method", protocols="pop"),
    Entry("not-your-mailbox", codes="AUTHORIZATIONFAILED NOPERM", stages="login", kinds=_NO),
    Entry("sign-in-service-down", codes="UNAVAILABLE SYS/TEMP", stages="login greeting", kinds=_NO),
    Entry("sign-in-service-down", codes="454", protocols="smtp", stages="login", kinds=_NO),
    Entry(
        "sign-in-service-down", r"temporar\w+ (auth\w*|login|system|server)", kinds="login-later"
    ),
    Entry("server-fault", codes="SERVERBUG SYS/PERM", stages="login greeting", kinds=_NO),
    Entry("server-fault", r"internal (server )?error", stages="login greeting", kinds=_NO),
    Entry("full-address-needed", r"(full|complete|entire) e-?mail ?address|user@domain", kinds=_NO),
    Entry(
        "unknown-user",
        r"(unknown|no such|invalid|nonexist\w*|unrecogni[sz]ed) (user|account|mailbox|login name)\b"
        r"(?! ?name or)(?!.{0,20}password)|(user|account|mailbox) .{0,20}(not found|unknown"
        r"|does(n't| not) exist)",
        stages="login",
        kinds=_NO,
    ),
    Entry("server-message", codes="ALERT", stages="login", kinds="login-refused"),
    Entry(
        "old-sign-in-off",
        r"^LOGIN failed\.?$|authentication unsuccessful|Logon failure",
        kinds="login-refused",
        hosts=_MICROSOFT,
    ),
    Entry("not-supported", codes="CANNOT CLIENTBUG", stages="login", kinds=_NO),
    Entry(
        "login-refused", codes="AUTHENTICATIONFAILED AUTH 5.7.8 535 5.7.3", kinds="login-refused"
    ),
    Entry(
        "login-refused",
        r"auth\w* (failed|failure|error|unsuccessful|rejected|denied)|not authenticated"
        r"|(invalid|incorrect|wrong|bad|illegal) (user\w*|log-?[io]n|password|credentials|auth\w*)"
        r"|(user ?name|login|log-?on|sign-?in|password|credentials|passwort|kennwort) .{0,40}"
        r"(failed|fails|failure|incorrect|invalid|wrong|denied|rejected|refused|not accepted"
        r"|mismatch|falsch|error)|(can ?not|could not|unable to) (log|sign|authenticate)",
        kinds="login-refused",
    ),
    Entry("server-busy", codes="421", protocols="smtp", stages="login greeting", kinds=_NO),
    Entry(
        "server-busy",
        r"(server|system|service) .{0,20}(busy|overloaded|load)|BUSY\b|shutting down|maintenance"
        r"|going down",
        kinds=_NO,
        stages="login greeting",
    ),
    Entry("server-turns-away", codes="554 5.7.1", protocols="smtp", stages="greeting"),
    Entry("try-later", r"try (again )?later|try again|temporar", kinds="login-later"),
    Entry("login-method", kinds="login-method"),
)

AFTER: tuple[Entry, ...] = (
    Entry(
        "messages-unreadable",
        r"(can ?not|could not|unable to|failed to) (read|open|retrieve|fetch|access|get|find)"
        r"|sent no content|no such message|message .{0,20}(corrupt|damaged|unavailable)",
        kinds="refused",
        protocols="imap pop",
        stages="fetch",
    ),
    Entry("folder-not-yours", codes="NOPERM AUTHORIZATIONFAILED", kinds="refused"),
    Entry("folder-gone", codes="NONEXISTENT TRYCREATE", kinds="refused"),
    Entry(
        "folder-gone", r"(mailbox|folder) .{0,40}(does(n't| not) exist|unknown)", kinds="refused"
    ),
    Entry("mailbox-damaged", codes="CORRUPTION", kinds="refused"),
    Entry("server-trouble", codes="UNAVAILABLE SYS/TEMP", kinds="refused"),
    Entry("server-trouble", codes="SERVERBUG SYS/PERM", kinds="refused"),
    Entry("server-trouble", r"internal (server )?error", kinds="refused"),
    Entry("not-supported", codes="CANNOT CLIENTBUG", kinds="refused"),
    Entry(
        "not-supported",
        r"(unknown|unsupported|unrecogni[sz]ed|invalid|not implemented|bad) "
        r"(command|argument|request)",
        kinds="refused",
        protocols="imap pop",
        stages="encryption login folders",
    ),
    Entry("server-trouble", r"\bbusy\b|\blocked\b|overloaded|try (again )?later", kinds="refused"),
)

ENTRIES: tuple[Entry, ...] = (*WIRE, *OAUTH, *SIGN_IN, *SENDING, *AFTER)
