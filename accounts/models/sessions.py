"""Where somebody is signed in: browsers, and programs with a password of their own."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class UserSession(models.Model):
    """One signed-in browser. The session itself is Django's; this says whose it is and where."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_in"
    )
    key = models.CharField(max_length=40, unique=True, help_text="The key of Django's session.")
    client = models.CharField(max_length=120, blank=True, help_text="Firefox 140 on Linux")
    address = models.GenericIPAddressField(null=True, blank=True)
    place = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="To some minutes.")

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.client} of {self.user_id}"


class AppPassword(models.Model):
    """A password for one program, made by us, shown once, ended by itself."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="app_passwords"
    )
    name = models.CharField(max_length=80)
    # Of 128 random bits, so a plain hash is as good as a slow one.
    secret_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_from = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"
