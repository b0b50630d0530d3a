"""What is done about spam, and what a classifier learned of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Domain
from filtering.models.owning import one_owner
from mailstore.models import Message


class SpamAction(models.TextChoices):
    JUNK = "junk", _("Move to Junk")
    MARK = "mark", _("Leave it, but mark it")
    NONE = "none", _("Do nothing")


class SpamPolicy(models.Model):
    """What a person or a domain decided about spam; null: as the domain, as the installation."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="spam_policy"
    )
    domain = models.OneToOneField(
        Domain, null=True, on_delete=models.CASCADE, related_name="spam_policy"
    )
    is_on = models.BooleanField(null=True)
    threshold = models.FloatField(null=True, help_text="Points from which mail is spam.")
    action = models.CharField(max_length=4, choices=SpamAction.choices, null=True)
    junk_days = models.PositiveSmallIntegerField(
        null=True, help_text="Days after which Junk is emptied; 0: never."
    )

    class Meta:
        constraints = [one_owner("spam_policy_one_owner")]

    def __str__(self) -> str:
        return f"spam policy {self.pk}"


class BayesScope(models.Model):
    """Whose mail a classifier learned from, and how many messages of each kind."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="bayes"
    )
    domain = models.OneToOneField(Domain, null=True, on_delete=models.CASCADE, related_name="bayes")
    spam = models.PositiveIntegerField(default=0)
    ham = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [one_owner("bayes_scope_one_owner")]

    def __str__(self) -> str:
        return f"{self.spam} spam, {self.ham} ham"


class BayesToken(models.Model):
    """In how many messages of each kind a token was; ``token`` is the hash of it, signed 64 bit."""

    scope = models.ForeignKey(
        BayesScope, on_delete=models.CASCADE, related_name="tokens", db_index=False
    )
    token = models.BigIntegerField()
    spam = models.PositiveIntegerField(default=0)
    ham = models.PositiveIntegerField(default=0)
    touched = models.DateField(default=timezone.localdate)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "token"], name="bayes_token_once"),
        ]
        indexes = [models.Index(fields=["scope", "touched"], name="bayes_token_old")]

    def __str__(self) -> str:
        return f"{self.token}: {self.spam}/{self.ham}"


class Learned(models.Model):
    """What was learned of a message, so that it is learned once and can be unlearned."""

    scope = models.ForeignKey(
        BayesScope, on_delete=models.CASCADE, related_name="learned", db_index=False
    )
    sha256 = models.BinaryField(max_length=32)
    is_spam = models.BooleanField()
    learned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "sha256"], name="learned_once"),
        ]
        indexes = [models.Index(fields=["scope", "learned_at"], name="learned_old")]

    def __str__(self) -> str:
        return f"{bytes(self.sha256).hex()[:12]}: {'spam' if self.is_spam else 'ham'}"


class LearnDue(models.Model):
    """A message a person judged, which is to be learned from. The row is the queue.

    ``is_spam`` None: what was said of it is taken back.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="learn_due"
    )
    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="learn_due")
    is_spam = models.BooleanField(null=True)
    asked_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.message_id}: {'spam' if self.is_spam else 'no spam'}"
