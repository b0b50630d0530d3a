"""Every account becomes an identity, every person gets the local one, drafts point at them."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An identity for each account and each person; what leaned on the first leans on those."""
    user_model, account_model, identity_model, draft_model, outbox_model = (
        apps.get_model(*name)
        for name in (
            ("accounts", "User"),
            ("smtp_accounts", "SmtpAccount"),
            ("smtp_accounts", "Identity"),
            ("smtp_accounts", "Draft"),
            ("smtp_accounts", "OutboxMessage"),
        )
    )
    for user in user_model.objects.all().iterator():
        own, _ = identity_model.objects.get_or_create(
            user=user, account=None, defaults={"address": user.email}
        )
        draft_model.objects.filter(user=user, account=None).update(identity=own)
        outbox_model.objects.filter(user=user, account=None, is_local_from=True).update(
            identity=own
        )
    for account in account_model.objects.all().iterator():
        one, _ = identity_model.objects.get_or_create(
            user_id=account.user_id,
            account=account,
            address=account.email,
            defaults={"display_name": account.display_name, "is_default": account.is_default_from},
        )
        draft_model.objects.filter(account=account).update(identity=one)
        outbox_model.objects.filter(account=account).update(identity=one)


def backwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give drafts and the default back to the accounts; an identity has no place to go."""
    identity_model = apps.get_model("smtp_accounts", "Identity")
    draft_model = apps.get_model("smtp_accounts", "Draft")
    for one in identity_model.objects.exclude(account=None).select_related("account").iterator():
        draft_model.objects.filter(identity=one).update(account=one.account)
        if one.is_default:
            one.account.is_default_from = True
            one.account.save(update_fields=["is_default_from"])
    draft_model.objects.update(identity=None)


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0002_identities"),
        ("accounts", "0003_writing"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
