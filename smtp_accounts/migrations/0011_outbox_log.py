from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("smtp_accounts", "0010_remind_after")]

    operations = [
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(fields=["-created_at", "-id"], name="outbox_log"),
        ),
    ]
