from django.apps import AppConfig
from django.core.checks import register

from lib.operator import SETTINGS
from webmail.checks import check_settings, system_mail


class WebmailConfig(AppConfig):
    name = "webmail"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Webmail"

    def ready(self) -> None:
        register(check_settings, SETTINGS)
        register(system_mail, SETTINGS, deploy=True)
