"""Whom people wrote to and heard from before that was kept: out of the outbox and the folders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Max

from smtp_accounts import addresses, people

NOT_MET = ("junk", "drafts", "trash", "sent")


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """One row for everybody met, per user; newsletters cannot be told apart any more."""
    user_model = apps.get_model("accounts", "User")
    row_model = apps.get_model("smtp_accounts", "Correspondent")
    for user in user_model.objects.all().iterator():
        found: dict[str, dict[str, Any]] = {}
        for key, values in (*_heard(apps, user), *_written(apps, user)):
            kept = found.setdefault(key, {"name": ""})
            for name, value in values.items():
                before = kept.get(name)
                if name.endswith("_count"):
                    kept[name] = (before or 0) + value
                elif name.endswith("_at"):
                    kept[name] = value if before is None else max(before, value)
                elif value:
                    kept[name] = value
        rows = [row_model(user=user, address=key, **values) for key, values in found.items()]
        row_model.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def _heard(apps: Apps, user: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    own = {addresses.key(user.email)}
    identities = apps.get_model("smtp_accounts", "Identity").objects.filter(user=user)
    own |= {addresses.key(one) for one in identities.values_list("address", flat=True)}
    messages = apps.get_model("mailstore", "Message").objects.filter(user=user)
    met = messages.exclude(folder__role__in=NOT_MET).order_by().values("from_address")
    for row in met.annotate(n=Count("pk"), last=Max("sort_at"), name=Max("from_name")).iterator():
        key = addresses.key(row["from_address"])
        if key in own or not addresses.normal(key) or people.is_nobody(key):
            continue
        name = "" if "@" in row["name"] else row["name"]
        yield key, {"name": name, "received_count": row["n"], "last_received_at": row["last"]}


def _written(apps: Apps, user: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    recipients = apps.get_model("smtp_accounts", "OutboxRecipient").objects.filter(
        outbox__user=user, outbox__state="sent"
    )
    met = recipients.order_by("outbox__created_at")
    for address, at, identity in met.values_list(
        "address", "outbox__created_at", "outbox__identity"
    ).iterator():
        values = {"sent_count": 1, "last_sent_at": at, "identity_id": identity}
        yield addresses.key(address), values


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0005_automatic_answers"),
        ("mailstore", "0001_initial"),
    ]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
