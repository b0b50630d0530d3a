from django.apps import AppConfig


class MailstoreConfig(AppConfig):
    name = "mailstore"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Mail store"
