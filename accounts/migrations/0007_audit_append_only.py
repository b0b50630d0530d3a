"""The audit log is append-only in the database too, and found by who did it and by time.

No line changes; none younger than thirty days goes, whoever asks (accounts.models.trail.YOUNG).
TRUNCATE is left to the owner of the tables. A later migration that rebuilds the table on SQLite
has to make the triggers anew: tests/accounts/test_audit.py notices.
"""

from django.db import migrations, models

_SQLITE = (
    """CREATE TRIGGER accounts_audit_unchanged BEFORE UPDATE ON accounts_auditentry
       BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""",
    """CREATE TRIGGER accounts_audit_kept BEFORE DELETE ON accounts_auditentry
       WHEN OLD.at >= datetime('now', '-30 days')
       BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END""",
)
_SQLITE_BACK = (
    "DROP TRIGGER IF EXISTS accounts_audit_unchanged",
    "DROP TRIGGER IF EXISTS accounts_audit_kept",
)
_POSTGRES = (
    """CREATE FUNCTION accounts_audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
           RETURN OLD;
         END IF;
         RAISE EXCEPTION 'the audit log is only ever added to'
           USING ERRCODE = 'integrity_constraint_violation';
       END $$""",
    """CREATE TRIGGER accounts_audit_kept BEFORE UPDATE OR DELETE ON accounts_auditentry
       FOR EACH ROW EXECUTE FUNCTION accounts_audit_kept()""",
)
_POSTGRES_BACK = (
    "DROP TRIGGER IF EXISTS accounts_audit_kept ON accounts_auditentry",
    "DROP FUNCTION IF EXISTS accounts_audit_kept()",
)


def _run(schema_editor, sqlite, postgres):
    chosen = sqlite if schema_editor.connection.vendor == "sqlite" else postgres
    for statement in chosen:
        schema_editor.execute(statement, params=None)


def guard(apps, schema_editor):
    _run(schema_editor, _SQLITE, _POSTGRES)


def unguard(apps, schema_editor):
    _run(schema_editor, _SQLITE_BACK, _POSTGRES_BACK)


class Migration(migrations.Migration):

    dependencies = [("accounts", "0006_people")]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor", "-at"], name="audit_by"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["-at"], name="audit_at"),
        ),
        migrations.RunPython(guard, unguard, elidable=False),
    ]
