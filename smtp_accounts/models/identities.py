"""Who a message can be from, and what belongs to each: signature, folder, alignment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models import Blob, Folder, Message
from smtp_accounts.models.accounts import SmtpAccount


class Signature(models.Model):
    """Words under a message. ``html`` is sanitised when stored; its text is made from it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signatures"
    )
    name = models.CharField(_("name"), max_length=100)
    html = models.TextField(blank=True)
    is_default = models.BooleanField(
        default=False, help_text="Of every identity that has no choice of its own."
    )
    in_replies = models.BooleanField(_("in replies and forwards, too"), default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="default_signature_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignatureImage(models.Model):
    """A picture in a signature, named in its HTML by ``cid:`` and this content id."""

    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="images")
    # A visible name: the sweep of the store asks it whether the bytes are still needed.
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="signature_images")
    content_id = models.CharField(max_length=100)
    content_type = models.CharField(max_length=127)
    size = models.BigIntegerField()

    def __str__(self) -> str:
        return self.content_id


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


class ArrivedFor(models.Model):
    """Which identity a message came for, decided when it arrived; what a reply starts with.

    ``address`` is the exact address it was sent to where that is not the identity's own, as with
    plus addresses. A decision older than the user's last change of identities is made anew.
    """

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="arrived_for")
    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=16)
    address = models.CharField(max_length=320, blank=True)
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.message_id}: {self.identity_id}"


class Alignment(models.Model):
    """What the world will think of mail from an identity: SPF, DKIM and DMARC as last seen."""

    identity = models.OneToOneField(Identity, on_delete=models.CASCADE, related_name="alignment")
    grade = models.CharField(max_length=8, blank=True, help_text="good, weak, bad or unknown.")
    facts = models.JSONField(default=dict, blank=True, help_text="What DNS said.")
    checked_at = models.DateTimeField(null=True, blank=True)
    results = models.JSONField(
        default=dict, blank=True, help_text="The last Authentication-Results on own mail."
    )
    results_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.identity_id}: {self.grade}"


class Correspondent(models.Model):
    """Somebody written to or heard from; offered while recipients are typed."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="correspondents"
    )
    address = models.CharField(max_length=320, help_text="Case folded.")
    name = models.CharField(max_length=320, blank=True)
    sent_count = models.PositiveIntegerField(default=0)
    last_sent_at = models.DateTimeField(null=True, blank=True)
    received_count = models.PositiveIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True, blank=True)
    identity = models.ForeignKey(
        Identity,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The one last written from to this address.",
    )
    is_hidden = models.BooleanField(default=False, help_text="Not to be offered any more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "address"], name="correspondent_once"),
        ]

    def __str__(self) -> str:
        return self.address
