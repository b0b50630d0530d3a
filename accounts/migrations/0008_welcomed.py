"""Who signed in before there was a first sign-in to go through has been welcomed already."""

from django.db import migrations
from django.db.models import F


def welcome(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects
    people.filter(last_login__isnull=False, welcomed_at=None).update(welcomed_at=F("last_login"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_audit_append_only")]
    operations = [migrations.RunPython(welcome, migrations.RunPython.noop, elidable=True)]
