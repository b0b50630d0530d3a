from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def wait_for_the_index(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The index worker writes down what came with messages: those with files are looked at again."""
    message = apps.get_model("mailstore", "Message")
    message.objects.filter(has_attachments=True).update(is_indexed=False)


class Migration(migrations.Migration):

    dependencies = [("mailstore", "0004_attachments")]

    operations = [migrations.RunPython(wait_for_the_index, migrations.RunPython.noop)]
