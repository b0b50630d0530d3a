"""What a person is told of changes to their own account, by the word of the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The kind of such a notification; it is news, not trouble that lasts.
ACCOUNT = "account-news"

#: ``%(label)s`` is who did it.
SENTENCES: Mapping[str, str | Promise] = {
    "password-reset": _("%(label)s gave your account a new password."),
    "password-changed": _("The password of your account was changed."),
    "password-recovered": _("A new password was chosen by a link sent to your backup address."),
    "backup-changed": _("%(label)s changed the backup address of your account."),
    "backup-confirmed": _("Another backup address is in force for your account."),
    "totp-added": _("Signing in now asks for a code from an authenticator app."),
    "totp-removed": _("Signing in no longer asks for a code from an authenticator app."),
    "passkey-added": _("A passkey was added to your account."),
    "passkey-removed": _("A passkey was removed from your account."),
    "recovery-codes-made": _("New recovery codes were made for your account."),
    "app-password-made": _("An app password was made for your account."),
    "second-step-cleared": _("%(label)s removed the second step of your sign-in."),
    "user-changed": _("%(label)s changed your display name."),
    "role-changed": _("%(label)s changed your role."),
    "quota-changed": _("%(label)s changed the space you have."),
    "user-disabled": _("%(label)s disabled your account."),
    "user-enabled": _("%(label)s enabled your account again."),
    "user-deletion": _("%(label)s marked your account for deletion."),
    "user-kept": _("%(label)s took the deletion of your account back."),
    "new-device": _("Somebody signed in to your account from a device not seen before: %(label)s."),
    "filter-forwards": _("A filter of your account now forwards mail to %(label)s."),
    "data-exported": _("The export of your data is ready."),
}
OTHERWISE = _("%(label)s changed something about your account.")
ACTION = _("If you did not expect this, choose a new password and ask your administrator.")


def sentence(what: str, who: str) -> str:
    """One sentence in the language in force."""
    return str(SENTENCES.get(what, OTHERWISE)) % {"label": who}
