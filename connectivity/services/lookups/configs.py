"""Configurations that domains publish for mail programs (steps 1 and 2)."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote, urljoin, urlsplit

from connectivity.discovery import Finding, without_address
from connectivity.services.lookups.question import Question, at_once, first, registrable
from protocols import autoconfig, web
from protocols.errors import AddressRefused, ProtocolBroken, Stage

MOST_REDIRECTS = 3
FILE = "/mail/config-v1.1.xml"
WELL_KNOWN = f"/.well-known/autoconfig{FILE}"
_MOVED = frozenset({301, 302, 303, 307, 308})


def by_autoconfig(question: Question) -> Finding | None:
    """Step 1: what the domain publishes for mail programs, asked with the address."""
    query = f"?emailaddress={quote(question.address)}"
    return config(question, f"autoconfig.{question.domain}", FILE + query)


def by_well_known(question: Question) -> Finding | None:
    """Step 2: the same at the domain itself, asked without the address."""
    return config(question, question.domain, WELL_KNOWN)


def by_clear_text(question: Question) -> Finding | None:
    """Steps 1 and 2 without encryption, and so without the address."""
    places = [
        (f"autoconfig.{question.domain}", FILE),
        (question.domain, WELL_KNOWN),
    ]
    jobs = [partial(config, question, host, path, clear=True) for host, path in places]
    return first(at_once(jobs, question.deadline))


def config(question: Question, host: str, path: str, *, clear: bool = False) -> Finding | None:
    """The servers a configuration at this place names; None if there is no such file."""
    port, usual = (question.ports.http, 80) if clear else (question.ports.https, 443)
    place = host if port == usual else f"{host}:{port}"
    url = f"{'http' if clear else 'https'}://{place}{path}"
    answer = fetch(question, url)
    if answer is None:
        return None
    config = autoconfig.parse(answer.body)
    if not config.offers:
        return None
    forgeable = clear or not answer.url.startswith("https:")
    detail = urlsplit(answer.url).hostname or host
    return Finding(config.offers, detail, is_forgeable=forgeable)


def fetch(question: Question, url: str) -> web.Answer | None:
    """A page, with every redirect judged anew; None if there is none."""
    clear = url.startswith("http:")
    ports = frozenset({question.ports.https} | ({question.ports.http} if clear else set()))
    for _ in range(MOST_REDIRECTS + 1):
        answer = web.get(
            url,
            policy=question.policy,
            trust=question.trust,
            deadline=question.deadline.remaining(),
            allow_http=clear,
            ports=ports,
        )
        if answer.status not in _MOVED:
            return answer if answer.status == 200 else None
        url = _onwards(question, url, answer.headers.get("location", ""))
    return None


def _onwards(question: Question, url: str, location: str) -> str:
    """Where a redirect leads, without the address where that is somebody else.

    From https to http nobody is followed: `web.get` refuses it.
    """
    try:
        target = urljoin(url, location)
        host = urlsplit(target).hostname or ""
    except ValueError:
        raise ProtocolBroken(Stage.FETCH, server_line="moved to no address") from None
    encrypted = target.startswith("https:")
    if not (encrypted and registrable(host) == question.base):
        target = without_address(target, question.address)
    if not target:
        raise AddressRefused(Stage.CONNECT, host=host[:200], port=question.ports.https)
    return target
