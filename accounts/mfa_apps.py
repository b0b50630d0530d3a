"""django-allauth, as much of it as we use: its second factors, without its own pages.

Its ``mfa`` app needs the tables of its ``account`` app beside it. Neither is to bring middleware,
signals or pages: signing in, mail addresses and recovery are ours.
"""

from __future__ import annotations

from django.apps import AppConfig


class Account(AppConfig):
    """Tables that stay empty."""

    name = "allauth.account"
    label = "account"
    default_auto_field = "django.db.models.AutoField"


class Factors(AppConfig):
    """`Authenticator`: codes of an authenticator app, passkeys, recovery codes."""

    name = "allauth.mfa"
    label = "mfa"
    default_auto_field = "django.db.models.BigAutoField"
