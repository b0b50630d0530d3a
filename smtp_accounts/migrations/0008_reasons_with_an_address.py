"""Why a draft is from whom it is may name the address it was from before."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0007_sent_from"),
    ]

    operations = [
        migrations.AlterField(
            model_name="draft",
            name="identity_reason",
            field=models.CharField(blank=True, max_length=325),
        ),
    ]
