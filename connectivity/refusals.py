"""Causes for which a server refuses a sign-in or a folder: a part of the catalogue.

``%(provider)s`` is the provider's name where it is known, else the host.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Retry, Turn

_BY_ITSELF = _("You need not do anything. It is tried again by itself.")
_ASK = _("Ask the administrator of the other account.")
_SIGN_IN_THERE = _("Sign in there in a browser, do what it asks for, and test again.")

SIGN_IN: Mapping[str, Cause] = {
    "app-password-needed": Cause(
        _("An app password is needed"),
        _("%(provider)s wants an app password here, not the one you sign in with in a browser."),
        Turn.YOU,
        _("Create an app password there and enter it here."),
        "password",
        Retry.AFTER_FIX,
        ("how", "oauth"),
    ),
    "web-login-needed": Cause(
        _("A sign-in in the browser is needed"),
        _("%(provider)s wants you to sign in with a browser once before it lets a program in."),
        Turn.YOU,
        _SIGN_IN_THERE,
        "password",
        Retry.AFTER_FIX,
        ("access", "again"),
    ),
    "bad-attempts": Cause(
        _("Too many refused sign-ins"),
        _("%(provider)s has shut this account out for a while after several refused sign-ins."),
        Turn.YOU,
        _(
            "Some providers say this when the normal password is used where they want an app "
            "password. Wait half an hour, then enter the right one."
        ),
        "password",
        Retry.AFTER_FIX,
        ("help",),
    ),
    "password-or-access": Cause(
        _("The password, or access by programs"),
        _("%(provider)s refused the password, or does not let other programs use this account."),
        Turn.YOU,
        _("Check the password, and that IMAP or POP is allowed in the settings of the account."),
        "password",
        Retry.AFTER_FIX,
        ("help", "again"),
    ),
    "imap-off": Cause(
        _("IMAP is switched off there"),
        _("%(provider)s does not allow IMAP for this account."),
        Turn.YOU,
        _("Switch IMAP on in the settings of the other account, and test again."),
        "",
        Retry.AFTER_FIX,
        ("access", "again"),
    ),
    "pop-off": Cause(
        _("POP is switched off there"),
        _("%(provider)s does not allow POP for this account."),
        Turn.YOU,
        _("Switch POP on in the settings of the other account, and test again."),
        "",
        Retry.AFTER_FIX,
        ("access", "imap", "again"),
    ),
    "access-off": Cause(
        _("Other programs are not let in"),
        _("%(provider)s does not let other programs use this account yet."),
        Turn.YOU,
        _("Allow access by other programs in the settings of the other account, and test again."),
        "",
        Retry.AFTER_FIX,
        ("access", "again"),
    ),
    "smtp-sign-in-off": Cause(
        _("Sending by other programs is switched off"),
        _("%(provider)s does not let this account sign in for sending."),
        Turn.PROVIDER,
        _("The administrator of the other account can switch on authenticated SMTP for it."),
        "",
        Retry.AFTER_FIX,
        ("oauth", "again"),
    ),
    "old-sign-in-off": Cause(
        _("Passwords are not taken there"),
        _("%(provider)s does not let other programs sign in with a password."),
        Turn.YOU,
        _("Sign in at the provider instead."),
        "password",
        Retry.AFTER_FIX,
        ("oauth", "how"),
    ),
    "account-locked": Cause(
        _("The account is locked"),
        _("%(provider)s has locked or suspended this account."),
        Turn.YOU,
        _SIGN_IN_THERE,
        "username",
        Retry.AFTER_FIX,
        ("again",),
    ),
    "password-expired": Cause(
        _("The password has expired"),
        _("%(provider)s says that the password of this account has run out."),
        Turn.YOU,
        _("Set a new password there, and enter it here."),
        "password",
        Retry.AFTER_FIX,
    ),
    "contact-admin": Cause(
        _("The provider wants to be asked"),
        _("%(provider)s asks you to turn to its support."),
        Turn.PROVIDER,
        _("Tell them what the server said. You find it below."),
        "",
        Retry.AFTER_FIX,
    ),
    "not-your-mailbox": Cause(
        _("Not allowed to open this mailbox"),
        _("%(host)s knows this account, but does not let it open the mailbox."),
        Turn.PROVIDER,
        _("Check the username. The administrator of the other account can allow it."),
        "username",
        Retry.AFTER_FIX,
    ),
    "full-address-needed": Cause(
        _("The username is the whole address"),
        _("%(host)s wants the full e-mail address as username."),
        Turn.YOU,
        _("Enter the address with its part after the @."),
        "username",
        Retry.AFTER_FIX,
    ),
    "unknown-user": Cause(
        _("The username is not known there"),
        _("%(host)s says that it has no account %(username)s."),
        Turn.YOU,
        _("Check the spelling. Some servers want only the part before the @, some all of it."),
        "username",
        Retry.AFTER_FIX,
        ("username",),
    ),
    "server-message": Cause(
        _("The provider has a message for you"),
        _("%(host)s refused the sign-in and says why in words of its own."),
        Turn.YOU,
        _("Read what the server said, below."),
        "password",
        Retry.AFTER_FIX,
        ("help", "username"),
    ),
    "privacy-required": Cause(
        _("Only with encryption"),
        _("%(host)s lets nobody sign in on port %(port)s before the connection is encrypted."),
        Turn.YOU,
        _("Turn on Require SSL, or use the port with SSL."),
        "port",
        buttons=("ssl", "port"),
        sending=_("Set Encryption to TLS, or to SSL with its port."),
    ),
    "method-too-weak": Cause(
        _("Another way to sign in is wanted"),
        _("%(host)s wants a safer way to sign in than those it shares with this program."),
        Turn.PROVIDER,
        _("Turn on SSL if it is off. Else ask the administrator of the other account."),
        "",
        buttons=("ssl", "oauth"),
    ),
    "no-apop": Cause(
        _("The server does not know APOP"),
        _("%(host)s does not offer APOP authentication."),
        Turn.YOU,
        _("Turn off APOP. With SSL the password is safe without it."),
        "use_apop",
        buttons=("apop",),
    ),
    "sign-in-service-down": Cause(
        _("Sign-in is out of order there"),
        _("%(provider)s cannot check passwords at the moment. Yours is not the reason."),
        Turn.NOBODY,
        _BY_ITSELF,
        buttons=("again",),
        retry=Retry.AT_RESET,
    ),
    "server-fault": Cause(
        _("A fault of the other server"),
        _("%(host)s reports a fault of its own while signing in."),
        Turn.PROVIDER,
        _("It is tried again by itself. If it stays so, tell its administrator."),
        buttons=("again",),
        retry=Retry.AT_RESET,
    ),
    "server-busy": Cause(
        _("The server is busy"),
        _("%(host)s has too much to do at the moment."),
        Turn.NOBODY,
        _BY_ITSELF,
        buttons=("again",),
        retry=Retry.AT_RESET,
    ),
    "server-turns-away": Cause(
        _("The server turns us away"),
        _("%(host)s takes no connections from this installation."),
        Turn.PROVIDER,
        _("Its administrator can say why, and allow it."),
        retry=Retry.AT_RESET,
    ),
    "try-later": Cause(
        _("The server asks for patience"),
        _("%(host)s asks to try again later."),
        Turn.NOBODY,
        _BY_ITSELF,
        buttons=("again",),
        retry=Retry.AT_RESET,
    ),
}

AFTER: Mapping[str, Cause] = {
    "folder-not-yours": Cause(
        _("A folder may not be opened"),
        _("%(host)s does not allow this account to open one of its folders."),
        Turn.PROVIDER,
        _ASK,
    ),
    "folder-gone": Cause(
        _("A folder is gone"),
        _("%(host)s lists a folder that does not exist any more."),
        Turn.NOBODY,
        _BY_ITSELF,
    ),
    "mailbox-damaged": Cause(
        _("The mailbox is damaged there"),
        _("%(host)s says that it cannot read its own mailbox."),
        Turn.PROVIDER,
        _("Tell the administrator of the other account. It is tried again by itself."),
    ),
    "messages-unreadable": Cause(
        _("Messages could not be read there"),
        _("%(host)s lists messages that it does not hand out."),
        Turn.PROVIDER,
        _("It is tried again by itself. If it stays so, tell the administrator there."),
    ),
    "not-supported": Cause(
        _("The server does not know that"),
        _("%(host)s does not know a command that is needed."),
        Turn.PROVIDER,
        _("Tell the administrator of the other account what the server said."),
    ),
    "server-trouble": Cause(
        _("Trouble at the other server"),
        _("%(host)s let you sign in, but has trouble of its own."),
        Turn.PROVIDER,
        _BY_ITSELF,
    ),
}
