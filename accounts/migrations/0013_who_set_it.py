"""Whose deletion it is, and whose limits a domain's are, as the audit log remembers it."""

from django.db import migrations

OPERATOR = "operator"
SYSTEM_ADMIN = "system-admin"


def tell(apps, schema_editor):
    user, entry = apps.get_model("accounts", "User"), apps.get_model("accounts", "AuditEntry")
    limits = apps.get_model("accounts", "Limits")
    for one in user.objects.filter(delete_after__isnull=False):
        asked = entry.objects.filter(action="user-deletion", subject=one.pk).order_by("-pk").first()
        if asked is not None and asked.actor != one.pk:
            user.objects.filter(pk=one.pk).update(delete_marked_by=asked.actor_name or OPERATOR)
    for row in limits.objects.filter(domain__isnull=False):
        lines = entry.objects.filter(action="limits-changed", domain=row.domain_id)
        last = lines.order_by("-pk").first()
        if last is not None and (
            last.actor is None or user.objects.filter(pk=last.actor, role=SYSTEM_ADMIN).exists()
        ):
            limits.objects.filter(pk=row.pk).update(is_ceiling=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_people_anew")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop, elidable=True)]
