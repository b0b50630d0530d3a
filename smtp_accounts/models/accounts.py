"""SMTP accounts: external servers to send through."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from connectivity.models import Credential
from mailstore.models import Source
from smtp_accounts.refusals import Standing


class Encryption(models.TextChoices):
    """What the user chooses (A21): SSL is implicit TLS, TLS is STARTTLS."""

    NONE = "none", _("None")
    SSL = "ssl", _("SSL")
    TLS = "tls", _("TLS")


class SmtpAccount(models.Model):
    """An external account to send through; its addresses are identities, one of them its own."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="smtp_accounts"
    )
    source = models.ForeignKey(
        Source,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="smtp_accounts",
        help_text="The paired retrieval account, for its colour and for replies.",
    )
    display_name = models.CharField(_("display name"), max_length=200, blank=True)
    host = models.CharField(_("server address"), max_length=253)
    port = models.PositiveIntegerField(_("server port"), default=25)
    encryption = models.CharField(max_length=4, choices=Encryption.choices, default=Encryption.NONE)
    email = models.EmailField(_("email address"), max_length=254)
    use_authentication = models.BooleanField(_("enable authentication"), default=True)
    username = models.CharField(_("username"), max_length=320, blank=True)
    credential = models.ForeignKey(
        # RESTRICT, not PROTECT: deleting a user takes both, deleting a credential alone may not.
        Credential,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    cause = models.CharField(max_length=40, blank=True, help_text="Cause id of the last failure.")
    cause_text = models.TextField(blank=True)
    server_line = models.TextField(blank=True)
    refused_count = models.PositiveSmallIntegerField(
        default=0, help_text="Sign-ins refused one after the other, until it is paused."
    )
    refused_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when, while it is still tried; empty once it is paused.",
    )
    next_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Nothing is tried through it before; then by one message alone.",
    )
    facts = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its server offered last: size (bytes), 8bitmime, smtputf8, dsn.",
    )
    daily_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text="Recipients in 24 hours; empty: what its provider allows."
    )
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_failed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.email

    @property
    def standing(self) -> Standing:
        """What it has been through."""
        return Standing(self.cause, self.refused_count, self.refused_since, self.next_at)

    @property
    def is_paused(self) -> bool:
        """Whether it waits for its owner; until then it is tried once a day."""
        return self.standing.is_paused
