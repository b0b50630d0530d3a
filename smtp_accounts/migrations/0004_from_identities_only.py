"""Drafts and the Default From know identities only."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0003_every_sender_an_identity"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="smtpaccount", name="default_from_once"),
        migrations.RemoveField(model_name="smtpaccount", name="is_default_from"),
        migrations.RemoveField(model_name="draft", name="account"),
        migrations.AlterField(
            model_name="draft",
            name="identity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="drafts",
                to="smtp_accounts.identity",
            ),
        ),
    ]
