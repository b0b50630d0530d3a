from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="notice_mail",
            field=models.BooleanField(
                default=True,
                help_text="Mail to the own Inbox about accounts that fail for long.",
                verbose_name="notices by mail",
            ),
        ),
    ]
