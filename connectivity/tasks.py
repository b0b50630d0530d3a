"""Housekeeping of sign-ins at providers, and telling browsers of new mail."""

from django.utils import timezone

from connectivity.services import grants, pushing, signing_in
from lib.queue import shared_task


@shared_task(name="connectivity.tasks.tidy_sign_ins")
def tidy_sign_ins() -> None:
    """Withdraw what no account has any more and forget sign-ins that are over.

    Twice at once asks a provider twice and harms nothing.
    """
    now = timezone.now()
    grants.sweep(now=now)
    signing_in.forget_old(now=now)


@shared_task(name="connectivity.tasks.send_pushes")
def send_pushes() -> None:
    """Tell browsers of the mail that is due. Twice at once tells nothing twice."""
    pushing.send_due(now=timezone.now())
