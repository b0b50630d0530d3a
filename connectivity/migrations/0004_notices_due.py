import django.utils.timezone
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("connectivity", "0003_who_switched"),
    ]

    operations = [
        migrations.AddField(
            model_name="notification",
            name="since",
            field=models.DateTimeField(
                default=django.utils.timezone.now, help_text="Since when it lasts."
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="mail_at",
            field=models.DateTimeField(blank=True, help_text="Null: no mail is due.", null=True),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=Q(("mail_at__isnull", False)),
                fields=["mail_at"],
                name="notification_mail_due",
            ),
        ),
    ]
