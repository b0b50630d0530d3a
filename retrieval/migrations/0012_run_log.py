from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("retrieval", "0011_provider_pause")]

    operations = [
        migrations.AddIndex(
            model_name="retrievalrun",
            index=models.Index(fields=["-started_at", "-id"], name="run_log"),
        ),
    ]
