"""Trying a server that a person has typed, without becoming a scanner of networks for them."""

from __future__ import annotations

import time
from dataclasses import replace

from accounts.models import User
from connectivity.services import network, progress
from protocols.check import CheckReport, Kind
from protocols.check import check as check_server
from protocols.types import Endpoint, Login, Security

TIME_LIMIT = 15.0  # seconds for everything
# A refusal that comes at once tells a name inside our networks from one outside of them.
LEAST = 1.0
_TELLING = frozenset(
    {"address-refused", "name-not-found", "name-unsure", "port-closed", "unreachable"}
)


def probe(
    kind: Kind,
    endpoint: Endpoint,
    login: Login | None,
    *,
    security: Security | None = None,
    require_ssl: bool = True,
    sender: str | None = None,
    user: User | None = None,
    seconds: float = TIME_LIMIT,
) -> CheckReport:
    """`protocols.check.check` with this installation's rules; ends within ``seconds``.

    With ``user`` a certificate that person pinned is believed. Whoever watches the request it is
    made for (`progress.watched`) sees how far it is.

    Every address the guard refuses is answered alike: after `LEAST` seconds at the soonest, with
    one text, and without the times of its stages. So are names and ports that lead nowhere.
    """
    began = time.monotonic()
    report = check_server(
        kind,
        endpoint,
        login,
        policy=network.policy(),
        trust=network.trust(user, endpoint.host, endpoint.port),
        security=security,
        require_ssl=require_ssl,
        sender=sender,
        deadline=seconds,
        reached=progress.watcher(),
    )
    if report.error is None or report.error.cause not in _TELLING:
        return report
    time.sleep(max(0.0, began + LEAST - time.monotonic()))
    return replace(report, stages=tuple(replace(stage, seconds=0.0) for stage in report.stages))
