"""What was sent remembers the window it was sent from, so that none sends twice."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Messages whose draft is still there know their window; that of the others is over."""
    outbox, draft = (apps.get_model("smtp_accounts", one) for one in ("OutboxMessage", "Draft"))
    its_draft = draft.objects.filter(pk=OuterRef("draft"))
    outbox.objects.exclude(draft=None).update(draft_key=Subquery(its_draft.values("key")[:1]))


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0006_people_met"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxmessage",
            name="draft_key",
            field=models.UUIDField(
                blank=True,
                db_index=True,
                editable=False,
                help_text="Of the window it was sent from, which sends nothing else.",
                null=True,
            ),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
