"""What the audit log may tell, in words. A room adds the actions it records."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Final[dict[str, Promise]] = {
    "password-changed": _("Changed the password"),
    "password-reset": _("Set a new password for somebody"),
    "password-recovered": _("Chose a new password by a link sent to the backup address"),
    "recovery-asked": _("Asked for a link to choose a new password"),
    "backup-changed": _("Changed the backup address"),
    "backup-confirmed": _("Confirmed the backup address"),
    "totp-added": _("Set up codes from an authenticator app"),
    "totp-removed": _("Removed codes from an authenticator app"),
    "passkey-added": _("Added a passkey"),
    "passkey-removed": _("Removed a passkey"),
    "recovery-codes-made": _("Made new recovery codes"),
    "second-step-cleared": _("Removed the second step of somebody"),
    "app-password-made": _("Made an app password"),
    "app-password-removed": _("Removed an app password"),
    "session-ended": _("Ended a session"),
    "sessions-ended": _("Signed out everywhere else"),
    "user-added": _("Added a person"),
    "user-changed": _("Changed a person"),
    "users-imported": _("Imported people"),
    "users-exported": _("Exported the list of people"),
    "passwords-taken": _("Took the answer of an import, with the passwords that were made"),
    "person-seen": _("Admin access: looked at the account of a person"),
    "user-disabled": _("Disabled a person"),
    "user-enabled": _("Enabled a person"),
    "user-deletion": _("Marked a person for deletion"),
    "user-kept": _("Took a deletion back"),
    "user-deleted": _("Deleted a person for good"),
    "role-changed": _("Changed a role"),
    "quota-changed": _("Changed the space of a person"),
    "domain-added": _("Added a domain"),
    "domain-removed": _("Removed a domain"),
    "feature-switched": _("Switched a feature"),
    "limits-changed": _("Changed limits"),
    "branding-changed": _("Changed name, logo or sender of a domain"),
    "provider-paused": _("Paused everybody's tasks at a provider"),
    "provider-resumed": _("Resumed everybody's tasks at a provider"),
    "logs-seen": _("Looked at the logs of a domain"),
    "logs-exported": _("Exported logs"),
    "data-exported": _("Exported all data of an account"),
    "credential-saved": _("Saved a password of another account"),
    "credential-removed": _("Removed a password of another account"),
    "oauth-client-changed": _("Changed a sign-in provider"),
    "certificate-trusted": _("Trusted the certificate of a server"),
    "certificate-distrusted": _("No longer trusted the certificate of a server"),
    "keys-rotated": _("Encrypted stored passwords anew"),
    "settings-changed": _("Changed settings"),
}
