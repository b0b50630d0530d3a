from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string


class MailstoreConfig(AppConfig):
    name = "mailstore"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Mail store"

    def ready(self) -> None:
        """Have the search tables made with the others; no model can describe them."""
        post_migrate.connect(_create_index, sender=self)


def _create_index(**_: Any) -> None:
    # By name: models are not loaded when this module is.
    import_string("mailstore.services.indexing.prepare")()
