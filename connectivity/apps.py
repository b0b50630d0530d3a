from django.apps import AppConfig


class ConnectivityConfig(AppConfig):
    name = "connectivity"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Connectivity"
