"""What mends a task that cannot go on without its person: one field or one button, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectivity import pairing
from connectivity.buttons import Setting, offered
from connectivity.cause import Button
from connectivity.causes import CAUSES, Explained, Retry
from connectivity.models import AccountDraft, CredentialKind
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.providers import PROVIDERS, by_key
from lib.moments import moment
from retrieval.models import Method, RetrievalTask, TaskState, TaskType

# A refusal that the text of our own tells better than the catalogue: since when.
_REFUSED = "login-refused"


class Way(StrEnum):
    """How it is mended: a new password, a sign-in at the provider, a look at what the server
    shows now, other settings, or another try.
    """

    PASSWORD = "password"  # noqa: S105 - the name of a way
    SIGN_IN = "sign-in"
    TEST = "test"
    SETTINGS = "settings"
    AGAIN = "again"


# What serves the accounts paired with this one as well.
_SECRETS = frozenset({Way.PASSWORD, Way.SIGN_IN})
# Causes that no secret mends.
_WAYS = {"tls-pin-changed": Way.TEST, "clear-text-off": Way.SETTINGS}
_BUTTONS: Mapping[Way, Promise] = {
    Way.PASSWORD: gettext_lazy("Enter new password"),
    Way.TEST: gettext_lazy("Look at the certificate"),
    Way.SETTINGS: gettext_lazy("Change settings"),
    Way.AGAIN: gettext_lazy("Try again"),
}


@dataclass(frozen=True, slots=True)
class Repair:
    """What to do and what to know; empty texts are left out.

    ``also`` names what else is mended by it, ``probe`` when it is tried again by itself, and
    ``links`` lead to pages of the provider that help.
    """

    way: Way
    button: str
    sentence: str
    safe: str
    probe: str = ""
    also: str = ""
    links: tuple[Button, ...] = ()


Senders = Mapping[UUID, Sequence[str]]


def senders_of(tasks: Sequence[RetrievalTask]) -> Senders:
    """The addresses that are sent from with the secret of these tasks; one query, or none."""
    waiting = [task for task in tasks if task.cause]
    if not waiting:
        return {}
    return pairing.senders([task.credential_id for task in waiting])


def repair_of(
    task: RetrievalTask, problem: Explained | None, *, senders: Senders, now: datetime
) -> Repair | None:
    """What mends this task; None where nobody has to do anything.

    A fault that passes by itself is none of the person's business, however long it lasts.
    """
    is_stopped = task.state == TaskState.NEEDS_PASSWORD
    if problem is None or not (is_stopped or problem.retry == Retry.AFTER_FIX):
        return None
    way = _way(task, problem)
    return Repair(
        way=way,
        button=_button(task, way),
        sentence=_sentence(task, problem, now=now),
        safe=safe(task),
        probe=_probe(task, now=now) if is_stopped else "",
        also=_also(senders.get(task.credential_id, ())) if way in _SECRETS else "",
        links=_links(task, problem),
    )


def safe(task: RetrievalTask) -> str:
    """What happens to the mail meanwhile: nothing."""
    if task.type == TaskType.POP and not task.leave_on_server:
        return _("Nothing is lost: your mail waits on the server.")
    return _("Nothing is lost: 0 messages were removed there.")


def provider_of(task: RetrievalTask) -> str:
    """Who has to be signed in at; empty for an account with a password."""
    if task.credential.kind != CredentialKind.OAUTH:
        return ""
    grant = getattr(task.credential, "grant", None)
    known = OAUTH_PROVIDERS.get(grant.client.provider) if grant is not None else None
    return known.name if known is not None else task.host


def tile_of(task: RetrievalTask) -> str:
    """The tile of the account; where it has none, one of those who signed it in."""
    grant = getattr(task.credential, "grant", None)
    if task.tile or grant is None:
        return task.tile
    return next((one.key for one in PROVIDERS if one.oauth == grant.client.provider), "")


def sign_in_of(task: RetrievalTask) -> AccountDraft | None:
    """The sign-in that was begun to mend a task and has not done so; its cause is why."""
    return AccountDraft.objects.filter(
        user=task.user_id, kind=AccountDraft.Kind.RETRIEVAL, target_id=task.pk
    ).first()


def _way(task: RetrievalTask, problem: Explained) -> Way:
    if problem.cause in _WAYS:
        return _WAYS[problem.cause]
    if task.credential.kind == CredentialKind.OAUTH:
        return Way.SIGN_IN
    if problem.field == "password" or problem.cause in (_REFUSED, "credential-unreadable"):
        return Way.PASSWORD
    return Way.AGAIN


def _links(task: RetrievalTask, problem: Explained) -> tuple[Button, ...]:
    cause = CAUSES.get(problem.cause)
    if cause is None:
        return ()
    setting = Setting(task.type, task.host, task.port, task.username, by_key(task.tile))
    return tuple(button for button in offered(cause.buttons, setting) if button.url)


def _button(task: RetrievalTask, way: Way) -> str:
    if way == Way.SIGN_IN:
        return _("Sign in to %(provider)s again") % {"provider": provider_of(task)}
    return str(_BUTTONS[way])


def _sentence(task: RetrievalTask, problem: Explained, *, now: datetime) -> str:
    since = task.failing_since
    if problem.cause != _REFUSED or since is None:
        return problem.sentence
    words = _("%(host)s has not accepted the saved password since %(time)s.")
    return words % {"host": task.host, "time": moment(since, now=now)}


def _probe(task: RetrievalTask, *, now: datetime) -> str:
    """When it is tried without being asked."""
    if task.method == Method.MANUAL or task.next_at is None:
        return ""
    words = _("It is tried once a day by itself, next at %(time)s.")
    return words % {"time": moment(max(task.next_at, now), now=now)}


def _also(addresses: Sequence[str]) -> str:
    if not addresses:
        return ""
    return _("Also mends sending as %(addresses)s.") % {"addresses": ", ".join(addresses)}
