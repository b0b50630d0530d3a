"""What a person told us once, to be kept: searches, senders whose pictures they want to see,
answers to invitations; and what was found out about a message's sender."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailstore.models.messages import Message


class SavedSearch(models.Model):
    """A search with a name, as typed into the search box."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("search"), max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_search_once"),
        ]

    def __str__(self) -> str:
        return self.name


class TrustedSender(models.Model):
    """A sender whose remote images load at once: an address, or "@domain" for everybody there."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="trusted_senders"
    )
    sender = models.CharField(max_length=320, help_text="In lower case.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "sender"], name="trusted_sender_once"),
        ]

    def __str__(self) -> str:
        return self.sender


class Verdict(models.Model):
    """What was found out about who really sent a message; can be found out again."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="verdict")
    found = models.JSONField(help_text="See mailstore.verdict.")
    checked_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"of message {self.message_id}"


class LeftList(models.Model):
    """A mailing list this person asked to be taken off."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="left_lists"
    )
    name = models.CharField(max_length=255, help_text="See mailstore.unsubscribe.")
    left_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="left_list_once")]

    def __str__(self) -> str:
        return self.name


class InvitationAnswer(models.Model):
    """How an invitation was answered (RFC 5546 section 3.2.3)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitation_answers"
    )
    uid = models.CharField(max_length=255)
    recurrence = models.CharField(max_length=64, blank=True, help_text="RECURRENCE-ID or empty.")
    sequence = models.IntegerField(default=0)
    answer = models.CharField(max_length=16, help_text="PARTSTAT: ACCEPTED, TENTATIVE, DECLINED.")
    before = models.CharField(max_length=16, blank=True, help_text="The answer it took back.")
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "uid", "recurrence"], name="invitation_answer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.answer} {self.uid}"
