"""Celery's way in for what belongs to no room below."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.services import audit
from lib.queue import shared_task
from webmail.services import domains, exports, filling, importing, removing


@shared_task(name="webmail.tasks.tidy_audit")
def tidy_audit() -> int:
    """Remove lines of the audit log that are older than AUDIT_DAYS; how many went."""
    return audit.tidy(now=timezone.now(), days=settings.AUDIT_DAYS)


@shared_task(name="webmail.tasks.dispatch_exports")
def dispatch_exports() -> int:
    """Hint at exports that wait or were left behind, and remove those that are over; how many."""
    now = timezone.now()
    exports.tidy(now=now)
    waiting = exports.due(now=now)
    for pk in waiting:
        write_export.delay(export_id=pk)
    return len(waiting)


@shared_task(name="webmail.tasks.write_export")
def write_export(*, export_id: int) -> bool:
    """Write one archive; repeated or late hints do nothing."""
    # By name: what writes archives is loaded where one is written.
    write = import_string("webmail.services.exporting.write")
    return bool(write(export_id=export_id, clock=timezone.now))


@shared_task(name="webmail.tasks.purge_accounts")
def purge_accounts() -> int:
    """Delete accounts whose grace is over, and domains with their last; how many people are gone.

    A few at a time; the rest are asked for at once, as others have a turn too.
    """
    now = timezone.now()
    gone = removing.purge_due(now=now)
    domains.finish_removals(now=now)
    if gone and removing.is_due(now=now):
        purge_accounts.delay()
    return gone


@shared_task(name="webmail.tasks.tell_of_storage")
def tell_of_storage() -> int:
    """Tell people whose mailboxes are filling up; how many mailboxes are."""
    return filling.tell(now=timezone.now())


@shared_task(name="webmail.tasks.bring_people")
def bring_people(*, pk: int) -> None:
    """Bring in the next few people of a list, and ask for the rest: others have a turn too."""
    if importing.go_on(pk=pk, now=timezone.now()):
        bring_people.delay(pk=pk)


@shared_task(name="webmail.tasks.sweep_imports")
def sweep_imports() -> None:
    """Go on with lists that wait for a worker, and remove what was kept long enough."""
    now = timezone.now()
    importing.tidy(now=now)
    for pk in importing.due(now=now):
        bring_people.delay(pk=pk)
