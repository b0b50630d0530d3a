"""Failures in plain words: what happened, whose turn it is, what to do.

One catalogue for tests, retrieval and sending. It is keyed by the cause id of
``protocols.errors.MailServerError`` (also stored on rows, so a row is explained in the reader's
language). "Wrong password" is never said unless the server said so.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity import catalogue
from connectivity.bounces import BOUNCES
from connectivity.cause import Cause, Explained, Retry, Turn
from connectivity.filled import FILLED
from connectivity.permissions import PERMISSIONS
from connectivity.providers import name_of
from connectivity.recipients import RECIPIENTS
from connectivity.refusals import AFTER, SIGN_IN
from connectivity.registrations import REGISTRATIONS
from connectivity.sending import SENDING
from connectivity.waits import WAITS
from connectivity.wires import SENDING_PORT, WIRES
from protocols.errors import MailServerError

__all__ = [
    "CAUSES",
    "UNKNOWN",
    "Cause",
    "Explained",
    "Retry",
    "Turn",
    "explain",
    "explain_cause",
]

_CHECK_SETTINGS = _(
    "Check the settings, or ask the administrator of the other account for its exact settings."
)
_WAIT = _("You need not do anything. It is tried again by itself.")

CAUSES: Mapping[str, Cause] = {
    "name-not-found": Cause(
        _("No such server"),
        _("No server has the name %(host)s."),
        Turn.YOU,
        _("Check the spelling of the server address."),
        "host",
    ),
    "address-refused": Cause(
        _("Address not allowed"),
        _("%(host)s cannot be used: it is not a mail server on the public internet."),
        Turn.ADMINISTRATOR,
        _(
            "Check the address and the port. Only an administrator of this installation can "
            "allow servers in a private network."
        ),
        "host",
    ),
    "port-closed": Cause(
        _("Nothing listens there"),
        _("%(host)s was found, but it accepts no connections on port %(port)s."),
        Turn.YOU,
        _("Check the port. The administrator of the other account knows the right one."),
        "port",
        buttons=("port",),
    ),
    "no-answer": Cause(
        _("No answer"),
        _("%(host)s did not answer on port %(port)s in time."),
        Turn.PROVIDER,
        _("Check server address and port, or try again in a few minutes."),
        "host",
        buttons=("port", "again"),
    ),
    "unreachable": Cause(
        _("Not reachable"),
        _("%(host)s could not be reached."),
        Turn.PROVIDER,
        _("Check the server address, or try again in a few minutes."),
        "host",
        buttons=("again",),
    ),
    "hung": Cause(
        _("The server stopped answering"),
        _("%(host)s accepted the connection and then stopped answering."),
        Turn.PROVIDER,
        _("Check that the port fits the type, or try again in a few minutes."),
        "port",
        buttons=("port", "again"),
        sending=_("Check that the port fits the encryption, or try again in a few minutes."),
    ),
    "dropped": Cause(
        _("The server hung up"),
        _("%(host)s closed the connection before everything was done."),
        Turn.PROVIDER,
        _("Try again in a few minutes. If it stays so, check the port and Require SSL."),
        "port",
        buttons=("port", "again"),
        sending=_("Try again in a few minutes. If it stays so, check the port and Encryption."),
    ),
    "wrong-protocol": Cause(
        _("Another kind of server"),
        _("%(host)s answered on port %(port)s, but not as a server of this type."),
        Turn.YOU,
        _("Choose the port that belongs to the type, or the other type."),
        "port",
        buttons=("port",),
        sending=SENDING_PORT,
    ),
    "tls-from-start": Cause(
        _("The port speaks SSL only"),
        _("Port %(port)s of %(host)s expects an encrypted connection from the first byte."),
        Turn.YOU,
        _("Turn on SSL for this port, or use another port."),
        "port",
        buttons=("ssl", "port"),
    ),
    "no-tls-there": Cause(
        _("No SSL on this port"),
        _("Port %(port)s of %(host)s does not speak SSL from the first byte."),
        Turn.YOU,
        _("Choose another port or another kind of encryption."),
        "port",
        buttons=("starttls", "port"),
    ),
    "tls-name": Cause(
        _("The certificate is for another name"),
        _("%(host)s showed a certificate that was issued for another server name."),
        Turn.YOU,
        _("Use the server name your provider gives. It may differ from your own domain."),
        "host",
        buttons=("pin",),
    ),
    "tls-expired": Cause(
        _("The certificate is out of date"),
        _("The certificate of %(host)s has expired or is not valid yet."),
        Turn.PROVIDER,
        _("The operator of that server has to renew it. Nothing was sent."),
        "host",
        buttons=("pin",),
    ),
    "tls-untrusted": Cause(
        _("The certificate is not trusted"),
        _("Nobody known here vouches for the certificate of %(host)s."),
        Turn.PROVIDER,
        _("The operator of that server needs a certificate from a public authority."),
        "host",
        buttons=("pin",),
    ),
    "tls-failed": Cause(
        _("Encryption failed"),
        _("A safe connection to %(host)s could not be set up."),
        Turn.PROVIDER,
        _CHECK_SETTINGS,
        "port",
        buttons=("port", "again"),
    ),
    "tls-not-offered": Cause(
        _("No encryption offered"),
        _("%(host)s offers no encryption on port %(port)s, and it is required."),
        Turn.YOU,
        _("Choose a port with SSL. Your password was not sent."),
        "port",
        buttons=("port",),
    ),
    "tls-tampered": Cause(
        _("The connection was interfered with"),
        _("%(host)s spoke unencrypted where only encryption may follow."),
        Turn.PROVIDER,
        _("Your password was not sent. Try another network, or ask the provider."),
        "port",
    ),
    "tls-pin-changed": Cause(
        _("Another certificate than you trusted"),
        _("%(host)s no longer shows the certificate you chose to trust."),
        Turn.YOU,
        _(
            "Nothing was sent. Ask the operator of that server whether the certificate was "
            "renewed, then test the connection and look at the new one."
        ),
        "host",
        buttons=("pin",),
        retry=Retry.AFTER_FIX,
    ),
    "clear-text-off": Cause(
        _("Connections without encryption are not allowed"),
        _("%(host)s is reached without encryption, which your domain does not allow."),
        Turn.YOU,
        _("Turn on Require SSL and choose a port with encryption, or ask your administrator."),
        "require_ssl",
        buttons=("ssl", "port"),
        retry=Retry.AFTER_FIX,
        sending=_("Set Encryption to SSL or TLS, or ask your administrator."),
    ),
    "login-refused": Cause(
        _("Sign-in was refused"),
        _("%(host)s was reached, but it did not accept this username and password."),
        Turn.YOU,
        _(
            "Check username and password. Many providers want an app password here, or have "
            "to allow access by other programs first."
        ),
        "password",
        retry=Retry.AFTER_FIX,
        buttons=("help", "username", "oauth"),
    ),
    "login-later": Cause(
        _("Sign-in is not possible right now"),
        _("%(host)s does not let this account in at the moment."),
        Turn.NOBODY,
        _("Another program may be using the mailbox. Try again in a few minutes."),
        "username",
        retry=Retry.AT_RESET,
        buttons=("again",),
    ),
    "login-method": Cause(
        _("No common way to sign in"),
        _("%(host)s offers no way to sign in that can be used here."),
        Turn.PROVIDER,
        _CHECK_SETTINGS,
        "username",
        buttons=("oauth", "ssl"),
    ),
    "refused": Cause(
        _("The server refused"),
        _("%(host)s let you sign in, but refused what came next."),
        Turn.PROVIDER,
        _CHECK_SETTINGS,
    ),
    "protocol": Cause(
        _("The answer made no sense"),
        _("%(host)s sent an answer that could not be understood."),
        Turn.PROVIDER,
        _CHECK_SETTINGS,
    ),
    "answer-lost": Cause(
        _("The answer was lost"),
        _("The message was handed to %(host)s, but its final answer never came."),
        Turn.YOU,
        _("Ask the recipient before you send it again."),
    ),
    "own-account": Cause(
        _("This is a mailbox of this server"),
        _(
            "%(username)s lives on this server: you cannot add a local account to message "
            "retrieval."
        ),
        Turn.YOU,
        _("Use the address and server of your other account."),
        "username",
        retry=Retry.NEVER,
    ),
    "not-your-address": Cause(
        _("Not your address"),
        _("%(email)s is an address of this server, and not yours."),
        Turn.YOU,
        _("Send from your own address, or from one you have at another provider."),
        "email",
        retry=Retry.NEVER,
    ),
    "password-needed": Cause(
        _("The password is missing"),
        _("Enter the password: it is sent to this server for the first time."),
        Turn.YOU,
        _("A stored password is used only with the server, port and username it was saved for."),
        "password",
        retry=Retry.NEVER,
    ),
    "too-many-tests": Cause(
        _("Too many connection tests"),
        _("You have tested many connections in the last hour."),
        Turn.NOBODY,
        _("Try again in an hour. What you typed is kept on this page."),
        retry=Retry.NEVER,
    ),
    "too-many-tests-domain": Cause(
        _("Too many connection tests"),
        _("Many connections have been tested from your domain in the last hour."),
        Turn.NOBODY,
        _("Try again in an hour. What you typed is kept on this page."),
        retry=Retry.NEVER,
    ),
    "too-many-tests-target": Cause(
        _("Too many connection tests"),
        _("Many people here have tested %(host)s in the last hour. It is left alone for a while."),
        Turn.NOBODY,
        _("Try again in an hour. What you typed is kept on this page."),
        retry=Retry.NEVER,
    ),
    "task-limit": Cause(
        _("No more retrieval tasks"),
        _("You have as many retrieval tasks as a person of your domain may have."),
        Turn.ADMINISTRATOR,
        _("Delete one you no longer need, or ask your administrator for more."),
        retry=Retry.NEVER,
    ),
    "task-limit-system": Cause(
        _("No more retrieval tasks"),
        _("You have as many retrieval tasks as a person of this installation may have."),
        Turn.ADMINISTRATOR,
        _("Delete one you no longer need, or ask the administrator of this installation."),
        retry=Retry.NEVER,
    ),
    "feature-off": Cause(
        _("Switched off"),
        _("This is switched off for your domain."),
        Turn.ADMINISTRATOR,
        _("Contact your administrator."),
        retry=Retry.AT_RESET,
    ),
    "credential-unreadable": Cause(
        _("The saved password cannot be read"),
        _("The password stored for this account could not be opened."),
        Turn.YOU,
        _("Enter the password again. An administrator should look at the key file."),
        "password",
        retry=Retry.AFTER_FIX,
    ),
    "storage": Cause(
        _("The mail could not be stored here"),
        _("This server could not write it down. What is not stored stays at %(host)s."),
        Turn.ADMINISTRATOR,
        _("An administrator should look at the storage. It is tried again by itself."),
    ),
    "internal": Cause(
        _("A fault of this program"),
        _("Something unforeseen ended the run. What is not stored stays at %(host)s."),
        Turn.ADMINISTRATOR,
        _WAIT,
    ),
    **WIRES,
    **SIGN_IN,
    **AFTER,
    **PERMISSIONS,
    **REGISTRATIONS,
    **SENDING,
    **RECIPIENTS,
    **BOUNCES,
    **WAITS,
    **FILLED,
}
UNKNOWN = Cause(
    _("Something went wrong here"),
    _("The conversation with %(host)s could not be finished."),
    Turn.NOBODY,
    _WAIT,
)


def explain_cause(
    cause: str,
    params: Mapping[str, object] | None = None,
    *,
    server_line: str = "",
    protocol: str = "",
) -> Explained:
    """Explain a stored cause id. Unknown ids get a general sentence; missing values are words.

    ``protocol`` as in `explain`; smtp has other words for what to do.
    """
    entry = CAUSES.get(cause, UNKNOWN)
    values = {"host": _("The server"), "port": "?", "username": _("This account")}
    values |= {name: value for name, value in (params or {}).items() if value not in ("", None)}
    values.setdefault("email", values["username"])
    values.setdefault("provider", name_of(str(values["host"])))
    return Explained(
        cause=cause,
        title=str(entry.title),
        sentence=str(entry.sentence) % values,
        turn=entry.turn,
        action=str((protocol == "smtp" and entry.sending) or entry.action),
        field=entry.field,
        server_line=server_line,
        retry=entry.retry,
    )


def explain(
    error: MailServerError,
    *,
    host: str = "",
    port: int | None = None,
    username: str = "",
    email: str = "",
    protocol: str = "",
) -> Explained:
    """Explain what a server did, by its words where the catalogue knows them.

    ``host``, ``port``, ``username`` and ``email`` fill in what the error does not know;
    ``protocol`` is imap, pop, smtp or oauth.
    """
    known = {name: value for name, value in error.public_params.items() if value not in ("", None)}
    values: dict[str, object] = {"host": host, "port": port, "username": username, "email": email}
    cause = catalogue.read(protocol, error, host=host)
    return explain_cause(cause, values | known, server_line=error.server_line, protocol=protocol)
