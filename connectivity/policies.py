"""What administrators read about every feature: what it allows, its state, and who decided it.

How much a feature is used is asked by dotted path, because rooms above this one know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.models import Domain
from connectivity.models import Feature, FeatureSwitch
from connectivity.services import features
from connectivity.services.features import Origin
from connectivity.used import Used, total
from lib import days


@dataclass(frozen=True, slots=True)
class Use:
    """Where to ask how much a feature is used, and how to say it while it is on, and off.

    ``ends`` says it to who is about to switch it off.
    """

    path: str
    on: str | Promise
    off: str | Promise
    ends: str | Promise


@dataclass(frozen=True, slots=True)
class Policy:
    """One feature as the pages of administrators describe it."""

    feature: Feature
    help: str | Promise
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One feature for one domain, or for the whole installation.

    ``locked``: nobody on this page can change it. ``decided``: a switch of this level is set, and
    can be taken back.
    """

    feature: str
    title: str
    help: str
    use: str
    enabled: bool
    origin: str
    icon: str
    locked: bool
    decided: bool


POLICIES = (
    Policy(
        Feature.RETRIEVAL,
        gettext_lazy("Users may fetch mail from accounts elsewhere, by IMAP and POP."),
        Use(
            "retrieval.services.counting.tasks",
            ngettext_lazy("%(count)d task is active.", "%(count)d tasks are active.", "count"),
            ngettext_lazy("%(count)d task is stopped.", "%(count)d tasks are stopped.", "count"),
            ngettext_lazy(
                "%(count)d task stops at once and fetches nothing any more.",
                "%(count)d tasks stop at once and fetch nothing any more.",
                "count",
            ),
        ),
    ),
    Policy(
        Feature.SMTP_ACCOUNTS,
        gettext_lazy("Users may send through servers elsewhere."),
        Use(
            "smtp_accounts.services.counting.accounts",
            ngettext_lazy(
                "%(count)d account is set up.", "%(count)d accounts are set up.", "count"
            ),
            ngettext_lazy(
                "%(count)d account sends nothing.", "%(count)d accounts send nothing.", "count"
            ),
            ngettext_lazy(
                "%(count)d account sends nothing any more.",
                "%(count)d accounts send nothing any more.",
                "count",
            ),
        ),
    ),
    Policy(
        Feature.OAUTH,
        gettext_lazy(
            "Users may sign in on the pages of Microsoft, Google and others instead of entering a "
            "password here. Without it Microsoft accounts cannot be added."
        ),
        Use(
            "connectivity.services.counting.grants",
            ngettext_lazy("%(count)d sign-in is used.", "%(count)d sign-ins are used.", "count"),
            ngettext_lazy("%(count)d sign-in waits.", "%(count)d sign-ins wait.", "count"),
            ngettext_lazy(
                "%(count)d sign-in is not used any more; its account waits.",
                "%(count)d sign-ins are not used any more; their accounts wait.",
                "count",
            ),
        ),
    ),
    Policy(
        Feature.LOOKUP,
        gettext_lazy(
            "Server settings are looked up for an address: in the DNS, and at the provider itself. "
            "Without it only the built-in list of providers is used."
        ),
    ),
    Policy(
        Feature.CLEAR_TEXT,
        gettext_lazy(
            "Users may switch Require SSL off, after a warning that others can read along. "
            "Without it every connection is encrypted or not made."
        ),
    ),
    Policy(
        Feature.CERTIFICATE_PINS,
        gettext_lazy(
            "Users may trust the certificate of one server that no known authority vouches for, "
            "such as that of Proton Bridge. They see its fingerprint first."
        ),
        Use(
            "connectivity.services.counting.pins",
            ngettext_lazy(
                "%(count)d certificate is trusted.", "%(count)d certificates are trusted.", "count"
            ),
            ngettext_lazy(
                "%(count)d certificate is not trusted for now.",
                "%(count)d certificates are not trusted for now.",
                "count",
            ),
            ngettext_lazy(
                "%(count)d certificate is not trusted any more; its server is not reached.",
                "%(count)d certificates are not trusted any more; their servers are not reached.",
                "count",
            ),
        ),
    ),
)


def lines(domain: Domain | None) -> list[Line]:
    """Every feature with its state for a domain, or for the whole installation (A211)."""
    system, own = features.switches(None), features.switches(domain) if domain else {}
    make = _for_domain if domain else _for_system
    return [make(policy, system, own, domain) for policy in POLICIES]


@dataclass(frozen=True, slots=True)
class Ending:
    """What a switch is about to stop: in words, and how many people it concerns."""

    words: str
    people: int


def ending(domain: Domain | None, feature: str, to: bool | None) -> Ending | None:
    """What stops if this level's switch is set ``to`` that, or taken back; None: nothing does.

    Domains for which the feature is off already do not count.
    """
    use = next(policy.use for policy in POLICIES if policy.feature == feature)
    if use is None:
        return None
    found: Mapping[int, Used] = import_string(use.path)(domain)
    losing = features.losing(domain, feature, to, among=found)
    stopped = total(found[pk] for pk in losing)
    words = str(use.ends % {"count": stopped.things})
    return Ending(words, stopped.people) if stopped.things else None


def _for_domain(
    policy: Policy,
    system: Mapping[str, FeatureSwitch],
    own: Mapping[str, FeatureSwitch],
    domain: Domain | None,
) -> Line:
    above, here = system.get(policy.feature), own.get(policy.feature)
    state = features.decided_by(policy.feature, above, here)
    locked = state.origin == Origin.SYSTEM and not state.enabled
    if locked:
        icon = "lock"
        origin = _("Off for the whole system. Only a system administrator can change this.")
    elif state.origin == Origin.DOMAIN and here is not None:
        icon, origin = "user", _set_by(here)
    elif state.origin == Origin.SYSTEM:
        icon, origin = "server", _("On for the whole system")
    else:
        icon, origin = "server", _("From the system default")
    return Line(
        feature=policy.feature,
        title=str(policy.feature.label),
        help=str(policy.help),
        use=_use(policy.use, domain, enabled=state.enabled),
        enabled=state.enabled,
        origin=origin,
        icon=icon,
        locked=locked,
        decided=here is not None and not locked,
    )


def _for_system(
    policy: Policy,
    system: Mapping[str, FeatureSwitch],
    own: Mapping[str, FeatureSwitch],
    domain: Domain | None,
) -> Line:
    here = system.get(policy.feature)
    state = features.decided_by(policy.feature, here, None)
    if here is None:
        origin = (
            _("On unless a domain switches it off")
            if state.enabled
            else _("Off until a domain switches it on")
        )
    else:
        reach = _("On for every domain that wants it.") if here.enabled else _("Off everywhere.")
        origin = f"{reach} {_set_by(here)}"
    return Line(
        feature=policy.feature,
        title=str(policy.feature.label),
        help=str(policy.help),
        use=_use(policy.use, domain, enabled=state.enabled),
        enabled=state.enabled,
        origin=origin,
        icon="server" if here is None else "user",
        locked=False,
        decided=here is not None,
    )


def _set_by(switch: FeatureSwitch) -> str:
    """Who set a switch, and when, as far as that is known."""
    by = switch.changed_by
    if switch.changed_at is None:
        return _("Set here by %(name)s") % {"name": by.name} if by else _("Set here by a command")
    values = {"day": _day(switch), "name": by.name if by else ""}
    if by:
        return _("Set here by %(name)s, %(day)s") % values
    return _("Set here by a command, %(day)s") % values


def _day(switch: FeatureSwitch) -> str:
    today: date = timezone.localdate()
    at = switch.changed_at
    return days.short_time(timezone.localtime(at), today) if at else ""


def _use(use: Use | None, domain: Domain | None, *, enabled: bool) -> str:
    if use is None:
        return ""
    count = total(import_string(use.path)(domain).values()).things
    return str((use.on if enabled else use.off) % {"count": count}) if count else ""
