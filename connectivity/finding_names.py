"""What the steps of finding settings, and how they ended, are called."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The places settings are looked for, by the ids of ``connectivity.discovery.StepId``.
STEP_NAMES: Mapping[str, str | Promise] = {
    "tile": _("Provider list"),
    "autoconfig": _("The settings the domain publishes for mail programs"),
    "well-known": _("The same, at the domain itself"),
    "catalogue": _("Catalogue of known providers"),
    "mx": _("The servers that receive the mail of the domain"),
    "srv": _("The mail servers named in the name service (DNS)"),
    "autodiscover": _("Microsoft autodiscover"),
    "guess": _("Usual server names"),
    "autoconfig-http": _("Settings published without encryption"),
}

#: How such a step ended, by the ids of ``connectivity.discovery.Outcome``.
OUTCOME_NAMES: Mapping[str, str | Promise] = {
    "found": _("found"),
    "nothing": _("nothing there"),
    "failed": _("no usable answer"),
    "skipped": _("not asked"),
}
