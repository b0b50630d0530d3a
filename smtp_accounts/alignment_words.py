"""How far the world believes mail from an address, in words, with the one thing to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from lib.moments import moment
from mailstore import dmarc
from smtp_accounts.alignment import BAD, GOOD, PASSED, UNKNOWN, WEAK, Facts, Fix
from smtp_accounts.models import Alignment, Identity
from smtp_accounts.services import aligning

_TITLES: Mapping[str, str | Promise] = {
    GOOD: gettext_lazy("Receivers can tell that this address is yours"),
    WEAK: gettext_lazy("Some receivers may doubt this address"),
    BAD: gettext_lazy("Many receivers may refuse mail from this address"),
    UNKNOWN: gettext_lazy("Whether receivers believe this address is not known"),
}
_LOOKS = {GOOD: "ok", WEAK: "warn", BAD: "danger", UNKNOWN: ""}
_FIXES: Mapping[str, str | Promise] = {
    "no-server": gettext_lazy("Mail from this address does not leave this server."),
    "other-provider": gettext_lazy(
        "%(domain)s belongs to %(provider)s, and only its own servers may send for it. "
        "Send through the server of %(provider)s."
    ),
    "unanswered": gettext_lazy(
        "The name service did not say what %(domain)s allows. It is asked again later."
    ),
    "spf-missing": gettext_lazy(
        "%(domain)s does not say which servers may send for it. Add this record:"
    ),
    "spf-many": gettext_lazy(
        "%(domain)s has several SPF records, so receivers follow none. Replace them by this one:"
    ),
    "spf-include": gettext_lazy(
        "The SPF record of %(domain)s includes a name that has no record. Remove that part."
    ),
    "spf-lookups": gettext_lazy(
        "The SPF record of %(domain)s needs more than 10 lookups, so receivers do not follow it. "
        "Remove the parts that are no longer used."
    ),
    "spf-server": gettext_lazy(
        "The SPF record of %(domain)s does not name %(server)s. Change it to:"
    ),
    "spf-anybody": gettext_lazy(
        "The SPF record of %(domain)s lets everybody send for it. Change it to:"
    ),
    "dkim": gettext_lazy(
        "No signature of %(domain)s was found. Turn on DKIM for it at %(provider)s, which shows "
        "the record to add."
    ),
    "dmarc-missing": gettext_lazy(
        "%(domain)s does not say what is to be done with forged mail. Add this record:"
    ),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One of the three proofs: ``look`` is ok, warn or empty for what is not known."""

    name: str
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the partial shows. ``is_due``: it is asked anew as soon as somebody looks."""

    identity: Identity
    look: str
    title: str
    sentence: str
    fix: Fix | None
    checks: tuple[Check, ...]
    checked: str
    seen: str
    is_due: bool

    @property
    def short(self) -> str:
        """One or two words for a row."""
        return {
            "ok": _("Aligned"),
            "warn": _("Could be better"),
            "danger": _("May be refused"),
        }.get(self.look, "")


def shown(identity: Identity, *, now: datetime, row: Alignment | None = None) -> Shown:
    """What is known of an address; one query unless the row is given."""
    row = row or Alignment.objects.filter(identity=identity).first()
    is_due = aligning.is_due(row, identity, now)
    if row is None or row.checked_at is None:
        return Shown(
            identity, "", pgettext("an address", "Not checked yet"), "", None, (), "", "", is_due
        )
    facts = Facts.of_row(row.facts)
    verdict = aligning.verdict(row, now=now)
    return Shown(
        identity=identity,
        look=_LOOKS[verdict.grade],
        title=str(_TITLES[verdict.grade]),
        sentence=_sentence(facts, verdict.fix),
        fix=verdict.fix if verdict.fix and verdict.fix.value else None,
        checks=_checks(facts, row) if not facts.relation else (),
        checked=_("Checked %(when)s") % {"when": moment(row.checked_at, now=now)},
        seen=_seen(row, now),
        is_due=is_due,
    )


def _sentence(facts: Facts, fix: Fix | None) -> str:
    names = {
        "domain": facts.domain,
        "server": facts.server,
        "provider": facts.provider or facts.server,
    }
    if fix is not None:
        return str(_FIXES[fix.id]) % names
    if facts.relation == "own":
        return _("%(server)s is the server of %(domain)s itself.") % names
    return _("%(domain)s names %(server)s as its server.") % names


def _checks(facts: Facts, row: Alignment) -> tuple[Check, ...]:
    return (_spf(facts), _dkim(facts, row), _dmarc(facts))


def _spf(facts: Facts) -> Check:
    if facts.domain in facts.unanswered:
        return Check("SPF", "", _("not answered"))
    if not facts.spf_records:
        return Check("SPF", "warn", _("no record"))
    if facts.spf_broken:
        return Check("SPF", "warn", _("cannot be followed"))
    if facts.spf_names:
        return Check("SPF", "ok", _("names %(server)s") % {"server": facts.server})
    words = _("not certain") if facts.spf_unsure else _("names other servers")
    return Check("SPF", "" if facts.spf_unsure else "warn", words)


def _dkim(facts: Facts, row: Alignment) -> Check:
    if row.results.get("dkim") == PASSED:
        words = _("signed as %(domain)s") % {"domain": row.results.get("dkim_domain", "")}
        return Check("DKIM", "ok", words)
    if facts.selectors:
        return Check("DKIM", "ok", _("has the key %(name)s") % {"name": facts.selectors[0]})
    # Keys can have any name, so none found says nothing where the usual ones are not known.
    if facts.asked_selectors:
        return Check("DKIM", "warn", _("no key"))
    return Check("DKIM", "", _("not known"))


def _dmarc(facts: Facts) -> Check:
    if not facts.dmarc:
        unsure = f"_dmarc.{facts.domain}" in facts.unanswered
        words = _("not answered") if unsure else _("no record")
        return Check("DMARC", "" if unsure else "warn", words)
    rule = dmarc.policy(facts.dmarc, is_inherited=facts.dmarc_at != facts.domain)
    rules = {
        "none": _("only watched"),
        "quarantine": _("forged mail goes to Junk"),
        "reject": _("forged mail is refused"),
    }
    return Check("DMARC", "ok", rules.get(rule.policy, rule.policy))


def _seen(row: Alignment, now: datetime) -> str:
    """What the last receiver of own mail wrote about it."""
    if row.results_at is None:
        return ""
    told = [
        f"{label} {row.results[key]}"
        for key, label in (("spf", "SPF"), ("dkim", "DKIM"), ("dmarc", "DMARC"))
        if row.results.get(key)
    ]
    return _("%(server)s found %(when)s: %(results)s.") % {
        "server": row.results.get("server") or _("The receiving server"),
        "when": moment(row.results_at, now=now),
        "results": ", ".join(told),
    }
