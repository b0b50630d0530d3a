"""Finding the servers of a mail address: every place at once, within a few seconds.

What is shipped asks nobody. What was found is kept by domain, without any address, and serves
everybody for a day.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from accounts.models import User
from connectivity import directory, providers
from connectivity.discovery import (
    ORDER,
    Finding,
    Found,
    Outcome,
    Step,
    StepId,
    at_one_owner,
    candidates,
    offers_of,
    ports_of,
)
from connectivity.models import Feature
from connectivity.services import features, found_settings, network, trials
from connectivity.services.lookups.question import Question, registrable
from connectivity.services.lookups.search import Search, ask_around
from connectivity.services.trials import TooManyTrialsError
from protocols.offers import host_of
from protocols.types import Deadline

BUDGET = 5.0  # seconds for everything
# Where the catalogue knows the domain, what the domain itself publishes has so long to differ.
PATIENCE = 1.5


def find(*, address: str, user: User, now: datetime, budget: float = BUDGET) -> Found:
    """Where the mail of an address is, for ``user``; whatever servers do, this raises nothing.

    Ends within ``budget`` seconds. Where looking up is switched off, or was done too often in
    this hour (`Found.limited`), only what is shipped answers.
    """
    local, _, typed = address.strip().rpartition("@")
    domain = host_of(typed)
    if not local or not domain:
        return Found(domain)
    address = f"{local}@{domain}"
    search, limited = _shipped(domain), False
    has_tile = any(finding.tile for finding in search.findings.values())
    # Where the provider is one of the tiles, nobody has to be asked.
    if not has_tile and features.enabled_for(user, Feature.LOOKUP):
        kept = found_settings.get(domain, now=now)
        if kept is not None:
            search = kept
        else:
            limited = not _looked_up(search, address, domain, user, now, budget)
    return _found(search, address, domain, limited=limited)


def _shipped(domain: str) -> Search:
    """Steps 0 and 3: a tile, which settles it, or the catalogue."""
    search = Search()
    tile = providers.by_address(domain)
    if tile is not None:
        finding = Finding(offers_of(tile), tile.name, is_certain=True, tile=tile.key)
        search.note(Step(StepId.TILE, Outcome.FOUND, tile.name), finding)
        return search
    search.note(Step(StepId.TILE, Outcome.NOTHING))
    entry = directory.entry_for(domain)
    if entry is None:
        search.note(Step(StepId.CATALOGUE, Outcome.NOTHING))
    else:
        search.note(Step(StepId.CATALOGUE, Outcome.FOUND, entry.name), entry.finding(entry.name))
    return search


def _looked_up(
    search: Search, address: str, domain: str, user: User, now: datetime, budget: float
) -> bool:
    """Ask around and keep what was found; False if the person has done so too often."""
    try:
        trials.take(user, now=now, target=domain)
    except TooManyTrialsError:
        return False
    seconds = min(budget, PATIENCE) if StepId.CATALOGUE in search.findings else budget
    question = Question(
        address=address,
        domain=domain,
        policy=network.policy(),
        trust=network.trust(),
        ports=ports_of(settings.CONNECTIVITY_LOOKUP_PORTS),
        deadline=Deadline(seconds),
    )
    ask_around(search, question)
    found_settings.keep(domain, search, address=address, now=now)
    return True


def _found(search: Search, address: str, domain: str, *, limited: bool) -> Found:
    chosen = candidates(search.findings, address, registrable, search.mail_hosts or ())
    steps = tuple(search.steps.get(step) or Step(step, Outcome.SKIPPED) for step in ORDER)
    found = Found(domain, None, chosen, steps, limited=limited)
    first = found.incoming
    finding = search.findings.get(first.step if first else StepId.TILE)
    tile = providers.by_key(finding.tile) if finding else None
    if tile is None and first is not None:
        tile = directory.tile_of_hosts([first.host])
    if tile is not None and first is not None:
        chosen = at_one_owner(chosen, first, tile, address)
    return Found(domain, tile, chosen, steps, limited=limited)
