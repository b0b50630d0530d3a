"""Mail that this installation writes itself."""

from django.utils import timezone

from filtering.services import notices
from lib.queue import shared_task


@shared_task
def send_notices() -> None:
    """File the notices that are due. Running twice at once files none of them twice."""
    notices.send_due(now=timezone.now())
