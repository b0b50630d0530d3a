"""rspamd, asked over HTTP (POST /checkv2, GET /ping of its normal worker)."""

import json
from typing import Any

from protocols import web
from protocols.daemons import ANYWHERE
from protocols.errors import ProtocolBroken, Refused, Stage
from protocols.scores import Score, heaviest, number, symbol
from protocols.tls import Trust

#: Bytes of a message. What is longer takes longer than a delivery may wait for.
MAX_MESSAGE = 10 * 1024 * 1024
#: The system's authorities, where it is asked by https.
TRUST = Trust()
# Its own advice for what is spam to a mailbox; everything else is advice to a mail server.
_SPAM = frozenset(("add header", "rewrite subject", "reject", "discard", "quarantine"))
# Of the points of "reject" (15), those of "add header" (6), in rspamd's own actions.conf: an
# answer tells the first only.
_SHARE = 0.4


def ask(raw: bytes, url: str, *, deadline: float, trust: Trust = TRUST) -> Score:
    """What rspamd at `url` says of a message, within `deadline` seconds.

    Raises a `MailServerError`.
    """
    answer = web.post(
        f"{url.rstrip('/')}/checkv2",
        raw,
        policy=ANYWHERE,
        trust=trust,
        deadline=deadline,
        allow_http=True,
    )
    if answer.status != 200:
        raise Refused(Stage.FETCH, server_line=f"status {answer.status}")
    return _score(answer.body)


def ping(url: str, *, deadline: float, trust: Trust = TRUST) -> None:
    """Raises a `MailServerError` unless rspamd answers."""
    where = f"{url.rstrip('/')}/ping"
    answer = web.get(where, policy=ANYWHERE, trust=trust, deadline=deadline, allow_http=True)
    if answer.status != 200 or answer.body.strip() != b"pong":
        raise ProtocolBroken(Stage.FETCH, server_line="no rspamd")


def _score(body: bytes) -> Score:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise _broken() from None
    if not isinstance(said, dict) or (points := number(said.get("score"))) is None:
        raise _broken()
    limit = _threshold(said)
    action = said.get("action")
    known = action if isinstance(action, str) else ""
    return Score("rspamd", points, limit, known in _SPAM, heaviest(_symbols(said.get("symbols"))))


def _threshold(said: dict[str, Any]) -> float:
    named = said.get("thresholds")
    told = number(named.get("add header")) if isinstance(named, dict) else None
    rejects = number(said.get("required_score"))
    found = told if told is not None else (rejects if rejects is not None else 15.0) * _SHARE
    return round(found, 2)


def _symbols(said: object) -> list[Any]:
    if not isinstance(said, dict):
        return []
    return [
        symbol(name, one.get("score"), one.get("description", ""))
        for name, one in said.items()
        if isinstance(one, dict)
    ]


def _broken() -> ProtocolBroken:
    return ProtocolBroken(Stage.FETCH, server_line="no answer of rspamd")
