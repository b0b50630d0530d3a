"""Certificates a person chose to believe: one for one server, where their domain allows it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from accounts.services import audit
from connectivity.models import CertificatePin, Feature
from connectivity.services import features
from protocols.errors import EncryptionFailed
from protocols.tls import SeenCertificate, server_name

if TYPE_CHECKING:
    # A pull needs the pins and no test, whose imports are many.
    from protocols.check import CheckReport


class PinsOffError(Exception):
    """The administrator of the person's domain has not allowed to trust a single certificate."""


def allowed(user: User) -> bool:
    """Whether this person may pin certificates now, and pins count."""
    return features.enabled_for(user, Feature.CERTIFICATE_PINS)


def pin_for(user: User, host: str, port: int) -> CertificatePin | None:
    """What this person pinned for a server, whether it counts at the moment or not."""
    return CertificatePin.objects.filter(user=user, host=_plain(host), port=port).first()


def sha256_for(user: User, host: str, port: int) -> str:
    """The hash of the one certificate to believe there, in hex; empty: the authorities decide."""
    pin = pin_for(user, host, port)
    return pin.sha256 if pin is not None and allowed(user) else ""


def counting() -> dict[tuple[int, str, int], str]:
    """The hashes that count now, by person, host and port: for those who look at many at once."""
    rows = CertificatePin.objects.select_related("user__domain")
    people = {row.user_id: row.user for row in rows}
    may = {pk for pk, user in people.items() if allowed(user)}
    return {(row.user_id, row.host, row.port): row.sha256 for row in rows if row.user_id in may}


def of(user: User) -> QuerySet[CertificatePin]:
    """All the pins of a person."""
    return CertificatePin.objects.filter(user=user).order_by("host", "port")


def add(
    *, user: User, host: str, port: int, seen: SeenCertificate, now: datetime
) -> CertificatePin:
    """Believe this certificate of this server from now on, and no other one there.

    Raises `PinsOffError` where the domain does not allow it.
    """
    if not allowed(user):
        raise PinsOffError
    with transaction.atomic():
        pin, _ = CertificatePin.objects.update_or_create(
            user=user,
            host=_plain(host),
            port=port,
            defaults={
                "sha256": seen.sha256,
                "subject": seen.subject,
                "issuer": seen.issuer,
                "not_after": seen.not_after,
                "created_at": now,
            },
        )
        audit.note("certificate-trusted", now=now, subject=user, detail={"name": str(pin)})
    return pin


def accept(
    *, user: User, host: str, port: int, sha256: str, report: CheckReport, now: datetime
) -> bool:
    """Add a pin where the test just made was shown the very certificate the person agreed to.

    False where the server shows another one by now: the person has to look again. Raises
    `PinsOffError`.
    """
    error = report.error
    seen = error.certificate if isinstance(error, EncryptionFailed) else None
    if seen is None or seen.sha256 != sha256.lower():
        return False
    add(user=user, host=host, port=port, seen=seen, now=now)
    return True


def remove(*, user: User, host: str, port: int) -> None:
    """Let the authorities decide again about this server."""
    with transaction.atomic():
        pins = CertificatePin.objects.filter(user=user, host=_plain(host), port=port)
        if pins.delete()[0]:
            name = f"{_plain(host)}:{port}"
            audit.note("certificate-distrusted", subject=user, detail={"name": name})


def _plain(host: str) -> str:
    return server_name(host).lower()
