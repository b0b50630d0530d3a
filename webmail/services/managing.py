"""What an administrator changes about somebody else's account.

Each of these writes its line of the audit log and tells the person, in one transaction with the
change. Who asked is the request's (`accounts.acting`), or an operator. What somebody may not do
raises `NotAllowed`, whatever the form said.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axes import utils as axes
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import acting
from accounts.callers import NOBODY, Caller
from accounts.models import Domain, Purpose, Role, User
from accounts.services import audit, ending, links, second_factor, sessions, telling
from mailstore.services import folders
from retrieval.services import allowance
from webmail.services import backups, people, removing

#: Bits of a password we make: four words of 24.
_WORDS, _BYTES = 4, 3


class NotAllowed(Exception):
    """The administrator may not do this; ``str()`` says why."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What stands on the page of a person; ``quota`` in bytes, None: what the domain gives."""

    display_name: str
    role: str
    backup_address: str
    quota: int | None

    @property
    def role_name(self) -> str:
        """The role in words."""
        return str(Role(self.role).label)


def roles_for(by: User | None) -> list[tuple[str, str]]:
    """The roles this administrator may give; an operator (None) may give each."""
    most = by is None or by.is_system_admin
    return [(one.value, str(one.label)) for one in Role if most or one != Role.SYSTEM_ADMIN]


def made_password() -> str:
    """A password nobody has to think up: 96 random bits that can be read out."""
    return "-".join(secrets.token_hex(_BYTES) for _ in range(_WORDS))


@sensitive_variables("password")
def prepared(
    *,
    email: str,
    domain: Domain,
    profile: Profile,
    password: str,
    by: User | None,
    now: datetime,
) -> User:
    """A person of ``domain`` who is not stored yet; the slow part, to be done outside of any
    transaction. The password was given: they choose one of their own first.

    Raises ValidationError for an address that is none, is taken or is of another domain, and for
    a password that is too easy; NotAllowed for a role ``by`` may not give.
    """
    _check_role(by, profile.role)
    email = email.strip().lower()
    if email.rpartition("@")[2] != domain.name:
        raise ValidationError({"email": _("The address has to end with @%s.") % domain.name})
    backup = backups.checked(profile.backup_address, account=email)
    user = User(
        email=email,
        domain=domain,
        role=profile.role,
        display_name=profile.display_name,
        quota=profile.quota,
        backup_address=backup,
        backup_confirmed_at=now if backup else None,
        password_is_given=True,
        password_changed_at=now,
    )
    # Before the password: what is wrong with the rest is cheap to find.
    user.full_clean(exclude=["password"])
    people.set_password(user=user, password=password)
    return user


def store(*, user: User, by: User | None, now: datetime, caller: Caller = NOBODY) -> None:
    """Store a prepared person, with the folders everybody has."""
    with transaction.atomic():
        user.save()
        folders.provision(user)
        detail = {"role": user.role}
        audit.record("user-added", now=now, actor=by, subject=user, caller=caller, detail=detail)


def change(*, user: User, profile: Profile, now: datetime) -> list[str]:
    """Store what differs; the words of the audit log for what was changed, in order.

    Raises ValidationError for a backup address that is none, NotAllowed for a role.
    """
    backup = backups.checked(profile.backup_address, account=user.email)
    steps = (
        ("user-changed", "display_name", profile.display_name),
        ("role-changed", "role", profile.role),
        ("quota-changed", "quota", profile.quota),
        ("backup-changed", "backup_address", backup),
    )
    changed = [(what, name, new) for what, name, new in steps if getattr(user, name) != new]
    with transaction.atomic():
        if user.role != profile.role:
            _check_new_role(user, profile.role)
        for what, name, new in changed:
            if what == "backup-changed":
                _set_backup(user, str(new), now)
            else:
                _set(user, what, name, new, now)
            if what == "quota-changed":
                allowance.wake(user=user, now=now)
    return [what for what, _name, _new in changed]


@sensitive_variables("password")
def set_password(*, user: User, password: str, now: datetime) -> None:
    """Give a person a new password, which they replace at once; everything else of theirs ends:
    sessions, app passwords, links on their way, the lock after wrong passwords.

    Raises ValidationError if it is too easy.
    """
    people.set_password(user=user, password=password)
    user.password_is_given, user.password_changed_at = True, now
    with transaction.atomic():
        user.save(update_fields=["password", "password_is_given", "password_changed_at"])
        ended = ending.end_others(user)
        links.end_every(user, now)
        axes.reset(username=user.email)
        detail = {"sessions": ended.sessions, "programs": ended.programs}
        audit.note("password-reset", now=now, subject=user, detail=detail)
        _tell(user, "password-reset", now)


def clear_second_step(*, user: User, now: datetime) -> bool:
    """For somebody who lost their phone; False where there was no second step."""
    by, caller = acting.actor(), acting.caller()
    return second_factor.clear(user=user, by=by, now=now, caller=caller)


def set_active(*, user: User, active: bool, now: datetime) -> bool:
    """Let a person in or keep them out; False where it was so already.

    Out means at once: sessions end, nothing is fetched or sent for them.
    Raises NotAllowed for the last system administrator.
    """
    if user.is_active == active:
        return False
    with transaction.atomic():
        if not active:
            _keep_one_administrator(user)
            sessions.end_others(user=user, keep=None, by=acting.actor(), now=now)
        user.is_active = active
        user.save(update_fields=["is_active"])
        what = "user-enabled" if active else "user-disabled"
        audit.note(what, now=now, subject=user)
        _tell(user, what, now)
    return True


@sensitive_variables("password")
def recover(*, user: User, password: str, now: datetime) -> None:
    """Let somebody in who cannot get in by any other way, for operators: a new password, good for
    one sign-in; no lock, no second step; enabled, and not to be deleted.

    Raises ValidationError if the password is too easy.
    """
    with transaction.atomic():
        set_password(user=user, password=password, now=now)
        clear_second_step(user=user, now=now)
        set_active(user=user, active=True, now=now)
        take_back(user=user, now=now)


def mark(*, user: User, now: datetime, grace: timedelta = removing.GRACE) -> None:
    """Have the account deleted after the grace; sessions end, and the person is told.

    Raises RemovalRefused for the last system administrator.
    """
    with transaction.atomic():
        by, caller = acting.actor(), acting.caller()
        removing.mark(user=user, by=by, now=now, caller=caller, grace=grace)
        sessions.end_others(user=user, keep=None, by=by, now=now, caller=caller)
        _tell(user, "user-deletion", now)


def take_back(*, user: User, now: datetime) -> bool:
    """Keep an account that was marked; False where it was not, or is being deleted."""
    with transaction.atomic():
        by, caller = acting.actor(), acting.caller()
        if not removing.take_back(user=user, by=by, now=now, caller=caller):
            return False
        _tell(user, "user-kept", now)
    return True


def check_other(user: User) -> None:
    """What one does to others here, one does in one's own settings for oneself."""
    by = acting.actor()
    if by is not None and by.pk == user.pk:
        raise NotAllowed(_("This is your own account. Change it under My settings."))


def _set(user: User, what: str, name: str, new: object, now: datetime) -> None:
    old = getattr(user, name)
    setattr(user, name, new)
    user.save(update_fields=[name])
    detail = {} if name == "display_name" else {"from": old, "to": new}
    audit.note(what, now=now, subject=user, detail=detail)
    _tell(user, what, now)


def _set_backup(user: User, new: str, now: datetime) -> None:
    """An administrator vouches for it: it counts at once. The old and the new address are told."""
    old = user.backup_address if user.backup_confirmed_at else ""
    user.backup_address, user.backup_confirmed_at = new, now if new else None
    user.save(update_fields=["backup_address", "backup_confirmed_at"])
    # What is still on its way to an address that counts no more.
    for purpose in Purpose:
        links.end_all(user, purpose, now)
    audit.note("backup-changed", now=now, subject=user, detail={"removed": not new})
    _tell(user, "backup-changed", now)
    if old:
        backups.tell_old(user=user, old=old, who=_who(), now=now)


def _check_new_role(user: User, role: str) -> None:
    by = acting.actor()
    if by is not None and by.pk == user.pk:
        raise NotAllowed(_("Nobody changes their own role. Ask another administrator."))
    _check_role(by, role)
    if user.is_system_admin:
        _check_role(by, Role.SYSTEM_ADMIN)
        _keep_one_administrator(user)


def _check_role(by: User | None, role: str) -> None:
    if role not in {value for value, _label in roles_for(by)}:
        raise NotAllowed(_("Only a system administrator gives this role."))


def _keep_one_administrator(user: User) -> None:
    """The rows of all of them are held, so that two who go at once do not both see the other."""
    if not user.is_system_admin:
        return
    wanted = User.objects.filter(role=Role.SYSTEM_ADMIN, is_active=True, delete_after=None)
    held: Sequence[User] = list(wanted.select_for_update().order_by("pk"))
    if not any(one.pk != user.pk for one in held):
        raise NotAllowed(_("This is the last system administrator. Give somebody else the role."))


def _tell(user: User, what: str, now: datetime) -> None:
    by = acting.actor()
    if by is None or by.pk != user.pk:
        telling.tell(user=user, what=what, now=now, who=_who())


def _who() -> str:
    by = acting.actor()
    return by.email if by else _("The operator of this installation")
