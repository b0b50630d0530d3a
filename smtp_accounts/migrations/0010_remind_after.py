from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smtp_accounts", "0009_refused_sign_ins"),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="remind_after",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="Days after which its writer hears that nobody answered; 0: never.",
            ),
        ),
        migrations.AddField(
            model_name="outboxmessage",
            name="remind_after",
            field=models.PositiveSmallIntegerField(default=0, help_text="As its draft has it."),
        ),
    ]
