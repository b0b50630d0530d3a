"""What is said about who sent a message: one sentence, and how we know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from mailstore import dkim_check, verdict
from mailstore.verdict import Findings


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence with its icon and colour, and the details that unfold."""

    words: str
    icon: str = "info"
    tone: str = ""
    details: tuple[str, ...] = ()


_RESULTS: Final[dict[str, str | Promise]] = {
    dkim_check.PASS: gettext_lazy("holds"),
    dkim_check.FAIL: gettext_lazy("does not fit this message"),
    dkim_check.NO_KEY: gettext_lazy("cannot be checked: its key is not published any more"),
    dkim_check.WEAK: gettext_lazy("is too weak to prove anything"),
    dkim_check.EXPIRED: gettext_lazy("had expired when the message arrived"),
    dkim_check.PARTIAL: gettext_lazy("covers only a part of the message"),
    dkim_check.UNANSWERED: gettext_lazy("could not be checked: DNS did not answer"),
}


def own() -> Judged:
    """Of a message that was written here."""
    return Judged(_("You sent this from here."), "check-circle", "ok")


def here() -> Judged:
    """Of a message that somebody else here wrote, and that never left."""
    return Judged(_("Sent from here, by the person it names."), "check-circle", "ok")


def not_now() -> Judged:
    """Where too many ask at once, or the message cannot be read."""
    return Judged(_("Who sent this could not be checked just now."))


def judged(found: Findings) -> Judged:
    """The sentence about a message that came from elsewhere."""
    name = {"domain": found.domain}
    details = tuple(_details(found))
    if found.state == verdict.PASSES:
        said = _("Really from %(domain)s: %(proof)s") % {**name, "proof": _proof(found)}
        return Judged(said, "shield", "ok", details)
    if found.state == verdict.FAILS:
        said = _("This claims to be from %(domain)s, but %(domain)s says it is not: be careful.")
        return Judged(said % name, "warning", "warn", details)
    if found.state == verdict.BY_LIST:
        said = _("Came by a mailing list, so %(domain)s can no longer vouch for it.") % name
        return Judged(said, details=details)
    if found.state == verdict.WAITS:
        return Judged(_("Not known yet who sent this: DNS did not answer."), details=details)
    return Judged(_("Nobody vouches for this sender."), details=details)


def _proof(found: Findings) -> str:
    """What proves it, as a list in words."""
    passed = found.proofs
    if len(passed) > 1:
        values = {"some": ", ".join(passed[:-1]), "last": passed[-1]}
        return pgettext("proofs", "%(some)s and %(last)s pass") % values
    return pgettext("proofs", "%(one)s passes") % {"one": "".join(passed)}


def _details(found: Findings) -> Iterator[str]:
    for one in found.signatures:
        if one.domain:
            values = {"domain": one.domain, "selector": one.selector}
            said = _("The signature of %(domain)s (selector %(selector)s) %(result)s.")
            yield said % {**values, "result": _RESULTS.get(one.result, one.result)}
        else:
            yield _("A signature could not be read.")
    if not found.signatures:
        yield _("The message bears no signature.")
    if found.has_results:
        said = _("%(server)s, which received it, says: SPF %(spf)s, DMARC %(dmarc)s.")
        none = _("not checked")
        results = {"spf": found.spf or none, "dmarc": found.dmarc or none}
        yield said % {"server": found.said_by, **results}
    if found.policy:
        said = _("%(domain)s asks receivers to treat mail it cannot prove by “%(policy)s”.")
        yield said % {"domain": found.domain, "policy": found.policy}
    elif found.domain and found.policy_known:
        yield _("%(domain)s does not say how to treat mail it cannot prove.") % {
            "domain": found.domain
        }
    if found.arc:
        yield _("%(domain)s passed it on with a seal (ARC), which by itself proves nothing.") % {
            "domain": found.arc
        }
