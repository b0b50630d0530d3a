"""New mail within seconds: whether a task has it, and in words why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from lib.moments import moment
from retrieval.models import Method, ProviderPause, RetrievalTask, TaskState, TaskType
from retrieval.rows import is_listening
from retrieval.services import pausing


@dataclass(frozen=True, slots=True)
class News:
    """How a task learns of new mail between its regular runs; ``is_on`` is the switch.

    ``is_held``: an administrator paused the provider, so nothing comes at all for now.
    """

    is_on: bool
    is_active: bool
    words: str
    is_held: bool = False


def is_offered() -> bool:
    """Whether this installation listens at all."""
    return bool(getattr(settings, "PUSH_CONNECTIONS", 0))


def news_of(task: RetrievalTask, *, now: datetime) -> News | None:
    """The switch of a task; None where it has none: POP and Manual, or an installation without."""
    if not is_offered() or task.type != TaskType.IMAP or task.method != Method.AUTOMATIC:
        return None
    held = pausing.paused_for(task, now=now)
    if held is not None:
        return News(task.push_enabled, is_active=False, words=_held(held, now=now), is_held=True)
    active = task.push_enabled and is_listening(task, now=now)
    return News(task.push_enabled, active, _words(task, active=active))


def _held(pause: ProviderPause, *, now: datetime) -> str:
    words = _(
        "Paused by your administrator since %(since)s, until %(until)s. It goes on by itself."
    )
    return words % {"since": moment(pause.since, now=now), "until": moment(pause.until, now=now)}


def _words(task: RetrievalTask, *, active: bool) -> str:
    if not task.push_enabled:
        return _("Off. New mail comes with the regular runs.")
    if active:
        return _("Active: the server tells when something arrives.")
    if task.capabilities and "IDLE" not in task.capabilities.upper().split():
        return _("This server does not tell when something arrives; the regular runs look for it.")
    if task.state != TaskState.OK:
        return _("Resting while the task does not run.")
    if task.first_pass_done_at is None:
        return _("Begins when everything has been fetched once.")
    return _("Begins in a moment, if the server has room for it.")
