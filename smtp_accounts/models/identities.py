"""Who a message can be from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Folder
from smtp_accounts.models.accounts import SmtpAccount
from smtp_accounts.models.signatures import Signature


class Purpose(models.TextChoices):
    """What an identity is for; the guard against the wrong one asks."""

    ANY = "", _("Anything")
    PRIVATE = "private", _("Private")
    WORK = "work", _("Work")


class Accepts(models.TextChoices):
    """Which received addresses belong to an identity."""

    EXACT = "exact", _("This address only")
    PLUS = "plus", _("With +anything before the @, too")
    DOMAIN = "domain", _("Every address of its domain")


class Identity(models.Model):
    """An address to write from (RFC 8621 section 6). ``account`` null: this installation's own."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    account = models.ForeignKey(
        SmtpAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="identities"
    )
    address = models.CharField(_("email address"), max_length=320)
    display_name = models.CharField(_("display name"), max_length=200, blank=True)
    description = models.CharField(
        _("private description"), max_length=100, blank=True, help_text="Nobody else sees it."
    )
    color = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="1-6: --acct-N in tokens.css; empty: its account's."
    )
    purpose = models.CharField(max_length=8, choices=Purpose.choices, blank=True)
    reply_to = models.CharField(_("reply to"), max_length=998, blank=True)
    accepts = models.CharField(max_length=6, choices=Accepts.choices, default=Accepts.PLUS)
    signature = models.ForeignKey(
        Signature, null=True, blank=True, on_delete=models.SET_NULL, related_name="identities"
    )
    is_unsigned = models.BooleanField(default=False, help_text="Not even the default signature.")
    sent_folder = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_default = models.BooleanField(default=False, help_text="Default From Address.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="default_identity_once"
            ),
            models.UniqueConstraint(fields=["account", "address"], name="identity_once"),
            models.UniqueConstraint(
                fields=["user", "address"], condition=Q(account=None), name="local_identity_once"
            ),
        ]

    def __str__(self) -> str:
        return self.address
