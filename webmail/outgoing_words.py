"""What the outbox says of a message: what happened, what is safe, when it goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from connectivity import catalogue
from connectivity.causes import explain_cause
from lib.moments import moment
from protocols.readable import readable
from smtp_accounts.models import OutboxMessage, OutboxRecipient, RecipientState
from smtp_accounts.services import waiting
from webmail import later

#: What was due at once is on its way by then, where workers run.
_SOON = timedelta(minutes=1)
_SIZE = re.compile(r"SIZE (\d+)")


def host_of(message: OutboxMessage) -> str:
    """The server it goes through, by name."""
    return message.account.host if message.account else _("the relay of this server")


def _known(message: OutboxMessage) -> Mapping[str, str | int]:
    account = message.account
    if account is None:
        return {"host": host_of(message), "email": message.from_address}
    return {
        "host": account.host,
        "port": account.port,
        "username": account.username,
        "email": message.from_address,
    }


def going(message: OutboxMessage) -> str:
    """It is on the wire."""
    return _("It is being handed to %(host)s now.") % {"host": host_of(message)}


def scheduled(message: OutboxMessage, held: str) -> str:
    """When it goes out; and where it could not if it were time, why."""
    when = _("It goes out %(when)s through %(host)s.") % {
        "when": later.words(message.not_before),
        "host": host_of(message),
    }
    return f"{when} {_cause_sentence(message, held)}".strip() if held else when


def unsure(message: OutboxMessage, recipients: Sequence[OutboxRecipient] = ()) -> str:
    """The answer was lost. What came back since may tell that it arrived."""
    told = [readable(one.address) for one in recipients if one.delivered_at or one.displayed_at]
    if told:
        return _(
            "The answer of %(host)s never came, but a report says that the message reached "
            "%(who)s. Choose “It arrived”."
        ) % {"host": host_of(message), "who": ", ".join(told[:3])}
    return _(
        "The message was handed to %(host)s, but its answer never came. It may have arrived or "
        "not, so it is not sent again by itself. Ask the recipient, then choose."
    ) % {"host": host_of(message)}


def refused(message: OutboxMessage, recipients: Sequence[OutboxRecipient]) -> str:
    """Nobody, or not everybody, got it."""
    if message.cause == "gave-up":
        return _("It was tried for two days, and %(host)s did not take it.") % {
            "host": host_of(message)
        }
    if message.cause == "no-relay":
        return _("It could not leave this server.")
    missed = [one for one in recipients if one.state == RecipientState.REFUSED]
    done = len(recipients) - len(missed)
    if not done:
        told = _("It was refused. Nobody received it.")
        return f"{told} {_reason(message)}".strip()
    words = {"done": done, "all": len(recipients), "host": host_of(message)}
    told = _("Sent to %(done)d of %(all)d recipients by %(host)s.") % words
    if len(missed) > 1:
        why = _("The others were refused.")
        return f"{told} {why}"
    return f"{told} {_one(missed[0])}"


def _one(missed: OutboxRecipient) -> str:
    """The one who was refused, and why, where the server's words were understood."""
    cause = catalogue.find("smtp", kind="refused", stage="send", line=missed.reply)
    if not cause or cause == "message-refused":
        return _("%(address)s was refused.") % {"address": readable(missed.address)}
    title = explain_cause(cause, {"host": "", "email": missed.address}).title
    return _("%(address)s was refused: %(why)s.") % {
        "address": readable(missed.address),
        "why": f"{title[:1].lower()}{title[1:]}",
    }


def _reason(message: OutboxMessage) -> str:
    """What the refusal means and what to do, where the server's words were understood."""
    limit = _SIZE.search(message.server_line) if message.cause == "message-too-large" else None
    if limit is not None:
        return _("%(host)s takes messages up to %(size)s.") % {
            "host": host_of(message),
            "size": filesizeformat(int(limit[1])),
        }
    if message.cause == "refused" or catalogue.root(message.cause) != "refused":
        return ""
    told = explain_cause(message.cause, _known(message))
    return f"{told.sentence} {told.action}"


def held_back(message: OutboxMessage, cause: str, now: datetime) -> str:
    """Its account has to be mended first; it is tried all the same, once a day."""
    told = _("%(sentence)s The message is kept here until that is mended.") % {
        "sentence": _cause_sentence(message, cause)
    }
    probe = message.account.next_at if message.account and cause == message.account.cause else None
    if probe is None:
        return told
    words = _("It is tried once a day by itself, next at %(time)s.")
    return f"{told} {words % {'time': moment(max(probe, now), now=now)}}"


def _cause_sentence(message: OutboxMessage, cause: str) -> str:
    if cause == "account-gone":
        return _("The account it was to be sent through is gone. Choose another address.")
    return str(explain_cause(cause, _known(message)).sentence)


def again(message: OutboxMessage, recipients: Sequence[OutboxRecipient], now: datetime) -> str:
    """Why it was not taken yet, who has it already, and when it is tried next.

    What its account kept back has no cause any more once that is mended.
    """
    starts, cause = waiting.starts_at(message), message.cause
    if starts > message.not_before and message.account is not None:
        cause = message.account.cause  # what another message was told holds for this one
    why = _cause_sentence(message, cause) if cause else ""
    if cause == "refused":
        why = _("The server asked to try again later.")
    done = sum(one.state == RecipientState.ACCEPTED for one in recipients)
    if done:
        sent = _("Sent to %(done)d of %(all)d recipients by %(host)s.") % {
            "done": done,
            "all": len(recipients),
            "host": host_of(message),
        }
        why = f"{sent} {why}".strip()
    following = due(message, now)
    if starts > now:
        following = _("Next try %(when)s.") % {"when": moment(starts, now=now)}
    return f"{why} {following}".strip()


def due(message: OutboxMessage, now: datetime) -> str:
    """Nothing keeps it back; where no worker has taken it for a while, since when."""
    since = waiting.starts_at(message)
    if now - since < _SOON:
        return _("It goes out now.")
    return _("It has been due since %(when)s and leaves as soon as it is its turn.") % {
        "when": moment(since, now=now)
    }
