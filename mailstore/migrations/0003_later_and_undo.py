import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FOLDER = {"null": True, "on_delete": django.db.models.deletion.SET_NULL, "related_name": "+"}
ARRIVED = "The message's own sort_at, if moved."


class Migration(migrations.Migration):
    dependencies = [
        ("mailstore", "0002_reading"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "folder",
            "is_hidden",
            models.BooleanField(default=False, help_text="Folded away at the end of the tree."),
        ),
        migrations.AddField(
            "snooze", "made_at", models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.AddField(
            "snooze",
            "came_at",
            models.DateTimeField(help_text="When it came back; null: it waits.", null=True),
        ),
        migrations.AddField(
            "snooze", "arrived_at", models.DateTimeField(help_text=ARRIVED, null=True)
        ),
        migrations.AlterField("snooze", "until", models.DateTimeField()),
        migrations.AddIndex(
            "snooze",
            models.Index(
                condition=models.Q(("came_at", None)), fields=["until"], name="snooze_due"
            ),
        ),
        migrations.AddField(
            "reminder", "made_at", models.DateTimeField(default=django.utils.timezone.now)
        ),
        migrations.AddField(
            "reminder",
            "came_at",
            models.DateTimeField(help_text="When it was shown; null: it waits.", null=True),
        ),
        migrations.AddField(
            "reminder", "arrived_at", models.DateTimeField(help_text=ARRIVED, null=True)
        ),
        migrations.AddField(
            "reminder",
            "back_to",
            models.ForeignKey(help_text="Where it lay.", to="mailstore.folder", **FOLDER),
        ),
        migrations.AlterField("reminder", "at", models.DateTimeField()),
        migrations.AddIndex(
            "reminder",
            models.Index(condition=models.Q(("came_at", None)), fields=["at"], name="reminder_due"),
        ),
        migrations.CreateModel(
            name="WayBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("steps", models.BinaryField(help_text="JSON, compressed with zlib.")),
                (
                    "made_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ways_back",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
