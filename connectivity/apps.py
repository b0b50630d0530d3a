from django.apps import AppConfig


class ConnectivityConfig(AppConfig):
    name = "connectivity"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Connectivity"

    def ready(self) -> None:
        """Register the check of the keys; it needs the models, which are loaded by now."""
        from connectivity import checks  # noqa: F401, PLC0415 - see above
