"""Who came in, and who changed what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, NoReturn

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Protocol(models.TextChoices):
    WEBMAIL = "webmail", _("Webmail")
    IMAP = "imap", "IMAP"
    POP3 = "pop3", "POP3"
    SUBMISSION = "submission", "SMTP"
    DAV = "dav", "CalDAV/CardDAV"
    EAS = "eas", "ActiveSync"


class Outcome(models.TextChoices):
    IN = "in", _("Signed in")
    REFUSED = "refused", _("Refused")
    LOCKED = "locked", _("Too many tries")
    SECOND = "second", _("Second step failed")


class SignIn(models.Model):
    """One sign-in by any protocol (A123-A128), or one that was refused. Kept for three days."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_ins"
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.IN)
    protocol = models.CharField(max_length=16, choices=Protocol.choices)
    address = models.GenericIPAddressField(null=True, blank=True)
    is_public = models.BooleanField(help_text="The address is none of a private network (A125).")
    client = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-at"], name="sign_in_of"),
            models.Index(fields=["at"], name="sign_in_at"),
        ]

    def __str__(self) -> str:
        return f"{self.protocol} at {self.at:%Y-%m-%d %H:%M}"


#: For so long not even the retention command can remove a line.
YOUNG: Final = timedelta(days=30)


class _Kept(models.QuerySet["AuditEntry"]):
    """Rows that are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("the audit log is only ever added to")

    def delete(self) -> NoReturn:
        raise TypeError("the audit log is only ever added to")


class AuditEntry(models.Model):
    """Who did what to whom, when and from where. Written once; names as they were then.

    No foreign keys: what it tells stays true when the people in it are gone. The database itself
    refuses to change a line, and to remove one within `YOUNG` (triggers of migration 0007).
    """

    at = models.DateTimeField()
    action = models.CharField(max_length=48, help_text="See accounts.audit_words.")
    actor = models.BigIntegerField(null=True, blank=True, help_text="Null: an operator's command.")
    actor_name = models.CharField(max_length=254, blank=True)
    subject = models.BigIntegerField(null=True, blank=True, help_text="The person concerned.")
    subject_name = models.CharField(max_length=254, blank=True)
    domain = models.BigIntegerField(null=True, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    client = models.CharField(max_length=120, blank=True)
    detail = models.JSONField(default=dict, help_text="What changed; never a secret.")

    objects = _Kept.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["subject", "-at"], name="audit_of"),
            models.Index(fields=["domain", "-at"], name="audit_in"),
            models.Index(fields=["actor", "-at"], name="audit_by"),
            models.Index(fields=["-at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} at {self.at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("the audit log is only ever added to")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("the audit log is only ever added to")
