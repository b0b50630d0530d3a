"""The receiving half of an account whose secret is shared with a sending one."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, F, Q, Value, When

from connectivity.models import Credential
from retrieval.models import Method, RetrievalTask, TaskState
from retrieval.services import telling

#: Why a task waits for its secret.
SIGN_IN = ("login-refused", "token-expired", "oauth-revoked", "credential-unreadable")


def mended(*, credential: Credential, replaces: Credential, now: datetime) -> None:
    """Give the tasks that had ``replaces`` the new secret; those that waited for it are due.

    A task that was paused on purpose stays paused. Inside the caller's transaction.
    """
    tasks = RetrievalTask.objects.filter(credential__in=[credential.pk, replaces.pk])
    tasks.exclude(credential=credential).update(credential=credential)
    refused = Q(state=TaskState.NEEDS_PASSWORD) | Q(state=TaskState.BACKOFF, cause__in=SIGN_IN)
    waiting = RetrievalTask.objects.filter(refused, credential=credential)
    for task in waiting.filter(method=Method.MANUAL).select_related("user"):
        # No run of its own will say that it goes on.
        telling.forget(task)
    waiting.update(
        # A run with the old secret may still find it refused; it must not say so any more.
        fence=F("fence") + 1,
        lease_until=None,
        state=TaskState.OK,
        next_at=Case(When(method=Method.AUTOMATIC, then=Value(now)), default=None),
        fail_count=0,
        refused_count=0,
        failing_since=None,
        cause="",
        cause_text="",
        server_line="",
    )
