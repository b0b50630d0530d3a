"""What Celery's beat asks for, and how often. A hint nobody took in time is not kept."""

from __future__ import annotations

from typing import Any, Final

HOUR: Final = 3600.0


def _hint(task: str, seconds: float) -> dict[str, Any]:
    """A hint that is worth nothing any more when the next one comes."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def _round(task: str, seconds: float = HOUR) -> dict[str, Any]:
    return {"task": task, "schedule": seconds}


SCHEDULE: Final[dict[str, dict[str, Any]]] = {
    "dispatch-due-retrieval": _hint("retrieval.tasks.dispatch_due", 5.0),
    "dispatch-due-outbox": _hint("smtp_accounts.tasks.dispatch_due", 5.0),
    "dispatch-system-mail": _hint("smtp_accounts.tasks.send_system_mail", 10.0),
    "work-off-recoveries": _hint("accounts.tasks.work_off_recoveries", 10.0),
    "tidy-people": _round("accounts.tasks.tidy"),
    "forget-pauses": _round("retrieval.tasks.forget_pauses"),
    "index-messages": _hint("mailstore.tasks.index_messages", 10.0),
    "bring-back": _hint("mailstore.tasks.bring_back", 60.0),
    "send-notices": _hint("filtering.tasks.send_notices", 60.0),
    "learn-junk": _hint("filtering.tasks.learn", 30.0),
    "empty-junk": _round("filtering.tasks.empty_junk"),
    "dispatch-filter-runs": _hint("filtering.tasks.dispatch_runs", 30.0),
    "sweep-blobs": _round("mailstore.tasks.sweep_blobs"),
    "dispatch-exports": _hint("webmail.tasks.dispatch_exports", 60.0),
    "purge-accounts": _round("webmail.tasks.purge_accounts"),
    "tell-of-storage": _round("webmail.tasks.tell_of_storage"),
    "sweep-uploads": _round("smtp_accounts.tasks.sweep_uploads"),
    "sweep-imports": _hint("webmail.tasks.sweep_imports", 60.0),
    "tidy-audit": _round("webmail.tasks.tidy_audit", 6 * HOUR),
    "tidy-sign-ins": _hint("connectivity.tasks.tidy_sign_ins", 600.0),
}
