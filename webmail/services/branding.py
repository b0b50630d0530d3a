"""How a domain looks to its people: its name, its logo, and who mail of the system comes from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Brand, Domain, Logo
from accounts.services import audit
from lib import limited
from lib.limited import Limits, NotDone
from lib.picture_size import picture_size
from lib.pictures import picture_type

MAX_BYTES: Final = 256 * 1024
MAX_PIXELS: Final = 1024
#: No screen of ours shows one larger; in pixels.
DRAWN: Final = 512
_TYPES: Final = ("image/png", "image/jpeg", "image/webp")
_LIMITS: Final = Limits(cpu=5, seconds=10.0, memory=768 * 1024 * 1024, answer=2 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Look:
    """What an administrator says; ``logo`` is a file, None leaves the one of now."""

    title: str
    sender_name: str
    sender_address: str
    logo: bytes | None = None
    without_logo: bool = False


def change(*, domain: Domain, look: Look, now: datetime, anywhere: bool = False) -> list[str]:
    """Store what differs; the names of the fields that do. ``anywhere``: the sender may be in any
    domain that is hosted here, for who looks after all of them.

    Raises ValidationError, by field, for a picture or an address that cannot be used.
    """
    png = redrawn(look.logo) if look.logo else None
    wanted = {
        "title": look.title,
        "sender_name": look.sender_name,
        "sender_address": checked_sender(look.sender_address, domain, anywhere=anywhere),
    }
    changed = [name for name, value in wanted.items() if getattr(domain, name) != value]
    for name in changed:
        setattr(domain, name, wanted[name])
    with transaction.atomic():
        if _set_logo(domain, png, without=look.without_logo):
            changed.append("logo")
        if changed:
            domain.save(update_fields=["title", "sender_name", "sender_address", "logo_hash"])
            audit.note("branding-changed", now=now, domain=domain, detail={"fields": changed})
    return changed


def redrawn(data: bytes) -> bytes:
    """A picture as we serve it. Raises ValidationError with the next step."""
    if len(data) > MAX_BYTES:
        raise ValidationError({"logo": _("The file is larger than 256 KB. Make it smaller first.")})
    size = picture_size(data)
    if picture_type(data) not in _TYPES or size is None or min(size) < 1:
        raise ValidationError({"logo": _("That is no PNG, JPEG or WebP picture.")})
    if max(size) > MAX_PIXELS:
        said = _("The picture is %(w)d by %(h)d pixels. 1,024 in each direction is the most.")
        raise ValidationError({"logo": said % {"w": size[0], "h": size[1]}})
    try:
        return limited.run("lib.redrawing.as_png", data, limits=_LIMITS, most=DRAWN)
    except NotDone:
        said = _("The picture cannot be read. Save it once more with another program.")
        raise ValidationError({"logo": said}) from None


def checked_sender(address: str, domain: Domain, *, anywhere: bool) -> str:
    """The address mail of the system comes from, as it is stored; "" for the usual one.

    It has to be one of the domain itself or of the relay's: of another domain, receivers would
    take the mail for a forgery. Raises ValidationError.
    """
    found = address.strip().lower()
    if not found:
        return ""
    try:
        validate_email(found)
    except ValidationError:
        raise ValidationError({"sender_address": _("That is no email address.")}) from None
    host = found.rpartition("@")[2]
    hosted = anywhere and Domain.objects.filter(name=host).exists()
    if hosted or host in (domain.name, relay_domain()):
        return found
    said = _("It has to be in this domain, or receivers take it for forged.")
    raise ValidationError({"sender_address": said})


def relay_domain() -> str:
    """The domain of the installation's own sender, beside the domains it hosts; "" for none."""
    return str(getattr(settings, "SYSTEM_SENDER", "")).rpartition("@")[2].strip("> ").lower()


def for_host(host: str) -> Brand | None:
    """Whose name and logo stand on the sign-in page: decided by how the site was reached alone,

    never by what is typed into it. The domain the host is or lies in, the nearest one first; else
    the only domain there is. None: nobody's.
    """
    labels = host.partition(":")[0].lower().rstrip(".").split(".")
    names = [".".join(labels[at:]) for at in range(min(len(labels), 10))]
    rows = list(Domain.objects.order_by("pk")[:2])
    near = {one.name: one for one in Domain.objects.filter(name__in=names)}
    for name in names:
        if name in near:
            return near[name].brand
    return rows[0].brand if len(rows) == 1 else None


def logo(domain: int, hash_: str) -> bytes | None:
    """The picture with this hash; None where there is another one, or none."""
    found = Logo.objects.filter(domain=domain, domain__logo_hash=hash_).first()
    return bytes(found.data) if found and hash_ else None


def _set_logo(domain: Domain, png: bytes | None, *, without: bool) -> bool:
    if png is None:
        if not (without and domain.logo_hash):
            return False
        Logo.objects.filter(domain=domain).delete()
        domain.logo_hash = ""
        return True
    name = hashlib.sha256(png).hexdigest()[:16]
    if name == domain.logo_hash:
        return False
    Logo.objects.update_or_create(domain=domain, defaults={"data": png})
    domain.logo_hash = name
    return True
