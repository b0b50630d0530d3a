"""Usual names on the ports with encryption (step 7)."""

from __future__ import annotations

from functools import partial

from connectivity.discovery import Finding
from connectivity.services.lookups.question import Question, at_once
from protocols.knock import knock
from protocols.offers import Offer
from protocols.types import Endpoint, Security

KNOCK = 2.5  # seconds: a filtered port must not use up the time


def by_guess(question: Question) -> Finding | None:
    """Step 7: usual names on the ports with encryption; a greeting behind a valid certificate."""
    ports, domain = question.ports, question.domain
    tls = Security.TLS
    guesses = [
        Offer("imap", f"imap.{domain}", ports.imap, tls),
        Offer("imap", f"mail.{domain}", ports.imap, tls),
        Offer("pop", f"pop.{domain}", ports.pop, tls),
        Offer("pop", f"mail.{domain}", ports.pop, tls),
        Offer("smtp", f"smtp.{domain}", ports.smtps, tls),
        Offer("smtp", f"mail.{domain}", ports.smtps, tls),
        Offer("smtp", f"smtp.{domain}", ports.submission, Security.STARTTLS),
        Offer("smtp", f"mail.{domain}", ports.submission, Security.STARTTLS),
    ]
    results = at_once([partial(_knocked, question, one) for one in guesses], question.deadline)
    found = tuple(one for one in results if isinstance(one, Offer))
    return Finding(found, found[0].host, is_certain=True) if found else None


def _knocked(question: Question, offer: Offer) -> Offer:
    knock(
        offer.kind,
        Endpoint(offer.host, offer.port, offer.security),
        policy=question.policy,
        trust=question.trust,
        deadline=min(KNOCK, question.deadline.remaining()),
    )
    return offer
