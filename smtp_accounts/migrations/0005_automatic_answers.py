"""Receipts are answers nobody wrote; reports find the message they are about by its id."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("smtp_accounts", "0004_from_identities_only"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxmessage",
            name="is_automatic",
            field=models.BooleanField(
                default=False,
                help_text="Nobody's words (RFC 3834): no return path where that is taken.",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(fields=["user", "message_id"], name="outbox_by_message_id"),
        ),
    ]
