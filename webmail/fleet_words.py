"""How everybody's accounts do, in sentences: no mail, no address, no name of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectivity.causes import explain_cause
from connectivity.masking import mask
from connectivity.providers import name_of
from lib.moments import count, moment
from retrieval.services import fleet as retrieval_fleet
from smtp_accounts.services import fleet as sending_fleet
from smtp_accounts.services.system_mail import Trouble as SystemMailTrouble
from webmail.services.workers import BEAT, Part, Workers


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that does not go as it should, or waits; ``key`` is whom a pause would name."""

    tone: str
    icon: str
    title: str
    text: str
    said: str = ""
    key: str = ""
    is_paused: bool = False


def retrieval(
    state: retrieval_fleet.Retrieval, *, paused: frozenset[str], now: datetime
) -> list[Trouble]:
    """A sentence for every provider and cause."""
    return [_group(group, paused, now) for group in state.groups]


def _group(group: retrieval_fleet.Group, paused: frozenset[str], now: datetime) -> Trouble:
    why = explain_cause(group.cause, {"host": group.host, "port": group.port})
    values = {
        "n": count(group.tasks),
        "provider": name_of(group.host),
        "since": moment(group.since, now=now) if group.since else "",
    }
    if group.is_waiting:
        words = ngettext(
            "%(n)s task waits at %(provider)s", "%(n)s tasks wait at %(provider)s", group.tasks
        )
    elif group.since:
        words = ngettext(
            "%(n)s task failing at %(provider)s since %(since)s",
            "%(n)s tasks failing at %(provider)s since %(since)s",
            group.tasks,
        )
    else:
        words = ngettext(
            "%(n)s task failing at %(provider)s",
            "%(n)s tasks failing at %(provider)s",
            group.tasks,
        )
    return Trouble(
        tone="" if group.is_waiting else "danger",
        icon="clock" if group.is_waiting else "error",
        title=words % values,
        text=f"{why.title}: {why.sentence} {_of_people(group.people)}",
        said=group.line,
        key=group.key,
        is_paused=group.key in paused,
    )


def sending(state: sending_fleet.Sending, *, now: datetime) -> list[Trouble]:
    """A sentence for every server and cause."""
    return [_held(held, now) for held in state.groups]


def _held(held: sending_fleet.Held, now: datetime) -> Trouble:
    server = name_of(held.host) if held.host else _("the relay of this installation")
    why = explain_cause(held.cause, {"host": held.host or server}, protocol="smtp")
    values = {
        "n": count(held.messages),
        "server": server,
        "since": moment(held.since, now=now) if held.since else "",
    }
    if held.is_final:
        words = ngettext(
            "%(n)s message refused in the last day, sent through %(server)s",
            "%(n)s messages refused in the last day, sent through %(server)s",
            held.messages,
        )
    else:
        words = ngettext(
            "%(n)s message waits for %(server)s since %(since)s",
            "%(n)s messages wait for %(server)s since %(since)s",
            held.messages,
        )
    return Trouble(
        tone="warn" if held.is_final else "danger",
        icon="warning" if held.is_final else "error",
        title=words % values,
        text=f"{why.title}: {why.sentence} {_of_people(held.people)}",
    )


def unsent(messages: Sequence[SystemMailTrouble], *, now: datetime) -> list[Trouble]:
    """Mail of the system itself that is late or was given up; never its text or address."""
    return [_unsent(message, now) for message in messages]


def _unsent(message: SystemMailTrouble, now: datetime) -> Trouble:
    values = {"who": message.user or "?", "since": moment(message.since, now=now)}
    if message.next_at is None:
        title = _("Mail of the system to %(who)s of %(since)s was given up") % values
        text = _("Tell the person in another way, and look at RELAY_URL before the next one.")
    else:
        title = _("Mail of the system to %(who)s waits since %(since)s") % values
        tries = ngettext("Tried %(n)s time.", "Tried %(n)s times.", message.tries)
        again = _("The next try is at %(at)s.") % {"at": moment(message.next_at, now=now)}
        text = f"{tries % {'n': count(message.tries)}} {again}"
    said = mask(message.words, message.user, message.to) if message.words else ""
    return Trouble("warn", "warning", title, text, said=said)


def _of_people(people: int) -> str:
    words = ngettext("It concerns %(n)s person.", "It concerns %(n)s people.", people)
    return words % {"n": count(people)}


def queue_word(name: str) -> str:
    """What a queue is for."""
    return {
        BEAT: _("The clock (beat)"),
        "polls": _("Retrieval"),
        "imports": _("First retrievals"),
        "outgoing": _("Sending"),
        "housekeeping": _("Housekeeping"),
    }.get(name, name)


def gone(state: Workers, *, now: datetime) -> list[Trouble]:
    """What is said where the clock, a worker or the broker is missed."""
    if not state.is_reached:
        return [
            Trouble(
                "danger",
                "error",
                _("The broker does not answer"),
                _(
                    "Nothing is retrieved or sent by itself until it does. Nothing is lost. The "
                    "operator looks after it: BROKER_URL says where it should be."
                ),
            )
        ]
    return [_missed(part, now) for part in state.gone]


def _missed(part: Part, now: datetime) -> Trouble:
    values = {
        "name": queue_word(part.name),
        "since": moment(part.seen, now=now) if part.seen else "",
    }
    if part.name == BEAT:
        title = _("The clock (beat) was last heard of at %(since)s") % values
        title = title if part.seen else _("The clock (beat) was never heard of")
        text = _(
            "Without it nothing is begun by itself: no retrieval, no sending, no housekeeping. The "
            "operator starts it; manage.py serve does so itself, elsewhere it is a service beat."
        )
        return Trouble("danger", "error", title, text)
    title = _("Nobody has worked on the queue “%(name)s” since %(since)s") % values
    title = title if part.seen else _("Nobody works on the queue “%(name)s”") % values
    text = _("What waits there waits until its worker runs again. The operator starts it.")
    return Trouble("danger", "error", title, text)


def is_fine(*troubles: Sequence[Trouble]) -> bool:
    """Whether nothing is wrong: waiting is not."""
    return not any(one.tone for some in troubles for one in some)
