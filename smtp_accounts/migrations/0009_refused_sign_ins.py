"""A refused sign-in is tried again; what is paused already is tried once a day from now on."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What failed last is asked by one message first, also where it was paused."""
    accounts = apps.get_model("smtp_accounts", "SmtpAccount").objects
    accounts.exclude(cause="").update(next_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0008_reasons_with_an_address"),
    ]

    operations = [
        migrations.AddField(
            model_name="smtpaccount",
            name="next_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Nothing is tried through it before; then by one message alone.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="smtpaccount",
            name="refused_count",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Sign-ins refused one after the other, until it is paused."
            ),
        ),
        migrations.AddField(
            model_name="smtpaccount",
            name="refused_since",
            field=models.DateTimeField(
                blank=True,
                help_text="Since when, while it is still tried; empty once it is paused.",
                null=True,
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
