"""Who may sign in, how they get back in, and who did what."""

from accounts.models.imports import ImportState, PeopleImport
from accounts.models.limits import Limits
from accounts.models.links import MailedLink, Purpose, RecoveryRequest
from accounts.models.people import (
    Brand,
    Density,
    Domain,
    Layout,
    Logo,
    RemoteImages,
    Role,
    Theme,
    User,
    UserManager,
)
from accounts.models.sessions import AppPassword, UserSession
from accounts.models.system_mail import SystemMessage
from accounts.models.trail import AuditEntry, Outcome, Protocol, SignIn
from accounts.models.tries import Tries

__all__ = [
    "AppPassword",
    "AuditEntry",
    "Brand",
    "Density",
    "Domain",
    "ImportState",
    "Layout",
    "Limits",
    "Logo",
    "MailedLink",
    "Outcome",
    "PeopleImport",
    "Protocol",
    "Purpose",
    "RecoveryRequest",
    "RemoteImages",
    "Role",
    "SignIn",
    "SystemMessage",
    "Theme",
    "Tries",
    "User",
    "UserManager",
    "UserSession",
]
