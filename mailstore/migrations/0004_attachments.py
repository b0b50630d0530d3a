import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ID = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)
CASCADE = {"on_delete": django.db.models.deletion.CASCADE}


class Migration(migrations.Migration):

    dependencies = [
        ("mailstore", "0003_later_and_undo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "invitationanswer",
            "before",
            models.CharField(blank=True, default="", help_text="The answer it took back.", max_length=16),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", ID.clone()),
                ("index", models.PositiveSmallIntegerField(help_text="See mailstore.mime.Part.")),
                ("name", models.CharField(blank=True, max_length=255)),
                (
                    "folded",
                    models.CharField(
                        blank=True,
                        help_text="The name without case and accents, to be found by.",
                        max_length=255,
                    ),
                ),
                ("kind", models.CharField(help_text="See mailstore.file_kinds.", max_length=8)),
                ("content_type", models.CharField(max_length=201)),
                ("size", models.BigIntegerField(help_text="Bytes, good to two percent.")),
                (
                    "message",
                    models.ForeignKey(
                        related_name="attachments", to="mailstore.message", **CASCADE
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("message", "index"), name="attachment_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="InvitationSeen",
            fields=[
                ("id", ID.clone()),
                ("organiser", models.CharField(help_text="In lower case.", max_length=320)),
                ("uid", models.CharField(max_length=255)),
                (
                    "recurrence",
                    models.CharField(
                        blank=True, help_text="RECURRENCE-ID or empty.", max_length=64
                    ),
                ),
                ("sequence", models.IntegerField(default=0)),
                ("stamp", models.DateTimeField(help_text="DTSTAMP", null=True)),
                ("is_cancelled", models.BooleanField(default=False)),
                (
                    "message",
                    models.ForeignKey(related_name="events", to="mailstore.message", **CASCADE),
                ),
                (
                    "user",
                    models.ForeignKey(related_name="+", to=settings.AUTH_USER_MODEL, **CASCADE),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "uid"], name="invitation_by_uid")],
            },
        ),
    ]
