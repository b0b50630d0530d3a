from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_reading"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="dark_mail",
            field=models.BooleanField(
                default=False,
                help_text="Colours of mail are changed for dark pages.",
                verbose_name="dark mail",
            ),
        ),
    ]
