"""A domain whose people are all to go is removed with the last of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_who_set_it")]

    operations = [
        migrations.AddField(
            model_name="domain",
            name="removal_asked_at",
            field=models.DateTimeField(
                blank=True, help_text="Since then it goes with the last of its people.", null=True
            ),
        ),
    ]
