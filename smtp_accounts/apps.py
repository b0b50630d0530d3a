from django.apps import AppConfig


class SmtpAccountsConfig(AppConfig):
    name = "smtp_accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "SMTP Accounts"
