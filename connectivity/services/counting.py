"""How much a feature is used, for the administrators who may switch it off."""

from __future__ import annotations

from accounts.models import Domain
from connectivity.models import CertificatePin, OAuthGrant
from connectivity.used import Used, used


def grants(domain: Domain | None) -> dict[int, Used]:
    """Sign-ins at providers that are in force, by domain; of one domain or of all."""
    return used(OAuthGrant.objects.filter(dead_since=None), "credential__user", domain)


def pins(domain: Domain | None) -> dict[int, Used]:
    """Certificates trusted one by one, by domain; of one domain or of all."""
    return used(CertificatePin.objects.all(), "user", domain)
