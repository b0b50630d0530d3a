"""How much a feature is used, for the administrators who may switch it off."""

from __future__ import annotations

from accounts.models import Domain
from connectivity.models import CertificatePin, OAuthGrant


def grants(domain: Domain | None) -> int:
    """Sign-ins at providers that are in force, of one domain or of all."""
    rows = OAuthGrant.objects.filter(dead_since=None)
    return (rows.filter(credential__user__domain=domain) if domain else rows).count()


def pins(domain: Domain | None) -> int:
    """Certificates trusted one by one, of one domain or of all."""
    rows = CertificatePin.objects.all()
    return (rows.filter(user__domain=domain) if domain else rows).count()
