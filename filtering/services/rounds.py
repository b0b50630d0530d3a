"""Runs of filters worked off in batches. Killed anywhere, the next worker goes on from the last
batch that was committed: what a batch changes, how to undo it and how far the run is are one
transaction.
"""

from __future__ import annotations

import json
import logging
import time
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from filtering import rules
from filtering.actions import Action
from filtering.conditions import Condition
from filtering.models import Filter, FilterRun, Match, RunState, RunStep
from filtering.rules import Outcome, Rule
from filtering.services import active, applying, changing, stored
from filtering.services.changing import Found, SpaceFullError
from lib.checkpoints import checkpoint
from mailstore.models import Message
from mailstore.services import locks

log = logging.getLogger(__name__)

BATCH: Final = 200
LEASE: Final = timedelta(minutes=2)
#: Seconds after which others have a turn.
SLICE: Final = 15.0
Clock = Callable[[], datetime]


class LostClaimError(Exception):
    """The run was stopped, or another worker has it."""


def due(*, now: datetime) -> list[int]:
    """Runs that wait, or whose worker died."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = FilterRun.objects.filter(free, state__in=applying.OPEN).order_by("asked_at")
    return list(rows.values_list("pk", flat=True)[:100])


def go_on(run_id: int, *, clock: Clock, seconds: float | None = None) -> bool:
    """Work on a run for a while; whether there is more to do. Repeated hints do nothing."""
    run = _claim(run_id, clock())
    if run is None:
        return False
    until = time.monotonic() + (SLICE if seconds is None else seconds)
    try:
        with translation.override(run.user.language):
            step = _back if run.state == RunState.UNDOING else _on
            while step(run, clock):
                if time.monotonic() > until:
                    return _let_go(run)
    except LostClaimError:
        pass
    return False


def _claim(run_id: int, now: datetime) -> FilterRun | None:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    mine = FilterRun.objects.filter(free, pk=run_id, state__in=applying.OPEN)
    if not mine.update(fence=F("fence") + 1, lease_until=now + LEASE):
        return None
    waiting = FilterRun.objects.filter(pk=run_id, state=RunState.WAITING)
    waiting.update(state=RunState.RUNNING)
    return FilterRun.objects.select_related("user__domain", "folder").get(pk=run_id)


def _write(run: FilterRun, **values: Any) -> None:
    """Change the row if it is still ours; in the transaction of what it tells."""
    mine = FilterRun.objects.filter(pk=run.pk, fence=run.fence, state=run.state)
    if not mine.update(**values):
        raise LostClaimError


def _let_go(run: FilterRun) -> bool:
    _write(run, lease_until=None)
    return True


def _on(run: FilterRun, clock: Clock) -> bool:
    """Look at one batch; whether there is more."""
    rule = _rule(run)
    if isinstance(rule, str):
        _end(run, RunState.STOPPED, clock(), problem=rule)
        return False
    rows = list(_next(run))
    if not rows:
        _end(run, RunState.DONE, clock())
        return False
    now = clock()
    found = [(row, one) for row in rows if (one := _outcome(run, rule, row, now)).met]
    checkpoint("run: looked")
    try:
        with transaction.atomic():
            # The row of the run first, so that whoever stops it waits for this batch.
            _write(run, lease_until=clock() + LEASE)
            locks.hold(run.user_id)
            changed = _change(run, found, now)
            run.looked, run.changed = run.looked + len(rows), run.changed + changed
            run.cursor = rows[-1].pk
            _write(run, looked=run.looked, changed=run.changed, cursor=run.cursor)
            checkpoint("run: changed, not committed")
    except SpaceFullError:
        _end(
            run,
            RunState.STOPPED,
            clock(),
            problem=_("Your space is full, so it was stopped. Make room, and apply it again."),
        )
        return False
    checkpoint("run: committed")
    return True


def _outcome(run: FilterRun, rule: Rule, row: Message, now: datetime) -> Outcome:
    """What the filter does with a message; nothing with one that cannot be read."""
    try:
        return rules.apply_filters([rule], stored.facts(run.user, row, now=now))
    except OSError:  # the disk may come back
        raise
    except Exception:  # one message holds up nobody's run
        log.exception("message %s could not be looked at by a filter", row.pk)
        return rules.NOTHING


def _next(run: FilterRun) -> list[Message]:
    if run.folder is None and not run.is_everywhere:
        return []  # the folder is gone, with what lay in it
    mine = applying.reach(run.user, run.folder).filter(pk__lt=run.cursor)
    related = mine.select_related("blob__segment", "folder", "source", "decision")
    return list(related.order_by("-pk")[:BATCH])


def _change(run: FilterRun, found: Found, now: datetime) -> int:
    """Apply what was decided to what still lies where it was looked at."""
    mine = Message.objects.filter(pk__in=[row.pk for row, _one in found])
    now_there = {row.pk: row for row in mine.only("folder_id", "is_seen", "is_flagged")}
    there = []
    for row, one in found:
        current = now_there.get(row.pk)
        if current is not None and current.folder_id == row.folder_id:
            # What its owner did meanwhile is not to be undone with the run.
            row.is_seen, row.is_flagged = current.is_seen, current.is_flagged
            there.append((row, one))
    if not there:
        return 0
    changed, steps = changing.apply(run.user, there, now=now)
    if changed:
        packed = zlib.compress(json.dumps(steps.as_row, separators=(",", ":")).encode())
        RunStep.objects.create(run=run, steps=packed)
    return changed


def _rule(run: FilterRun) -> Rule | str:
    """The filter as it was asked for, or why it cannot be applied any more."""
    said = run.definition
    row = Filter(user_id=run.user_id, actions=said.get("actions", []))
    there = active.belongings([row])[run.user_id]
    try:
        actions = [Action.of_row(one) for one in said["actions"]]
        made = rules.rule(
            run.filter_id or 0,
            run.name,
            is_domain=False,
            is_any=said["match"] == Match.ANY,
            conditions=[Condition.of_row(one) for one in said["conditions"]],
            actions=actions,
        )
    except (KeyError, ValueError, TypeError):
        return _("This filter cannot be read. Open it, and save it anew.")
    if not all(there.has(one) for one in actions):
        return _("A folder or label of this filter was deleted, so it was stopped.")
    return made


def _end(run: FilterRun, state: RunState, now: datetime, *, problem: str = "") -> None:
    _write(run, state=state, ended_at=now, lease_until=None, problem=problem)


def _back(run: FilterRun, clock: Clock) -> bool:
    """Undo one batch, the last first; whether there is more."""
    with transaction.atomic():
        _write(run, lease_until=clock() + LEASE)
        step = RunStep.objects.filter(run=run).order_by("-pk").first()
        if step is None:
            _end(run, RunState.UNDONE, clock())
            return False
        locks.hold(run.user_id)
        changing.take_back(run.user, json.loads(zlib.decompress(bytes(step.steps))), now=clock())
        step.delete()
        checkpoint("run: undone, not committed")
    return True
