"""The domains people register, by the public suffix list. It is read once, and only where somebody
asks: that takes 50 ms and some megabytes."""

from __future__ import annotations

from functools import lru_cache

from publicsuffixlist import PublicSuffixList


@lru_cache(maxsize=1)
def _list() -> PublicSuffixList:
    return PublicSuffixList()


def registered(name: str, *, known: bool = False) -> str:
    """The part of a name that somebody registered; empty where the name is a suffix itself.

    With ``known`` it is empty as well for a name below no suffix of the list.
    """
    return _list().privatesuffix(name, accept_unknown=not known) or ""


def organisation(domain: str) -> str:
    """The domain somebody registered (RFC 7489 section 3.2); a suffix stands for itself."""
    return registered(domain) or domain
