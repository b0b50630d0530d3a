"""Links mailed to an address to prove that somebody reads it: good once, for an hour.

A token has 256 random bits, so a plain hash of it is as good as a slow one, and a stored hash
opens nothing (OWASP ASVS 6.4.2, 11.4).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models, transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import MailedLink, Purpose, User

VALID_FOR = timedelta(hours=1)
KEPT_FOR = timedelta(days=3)
"""How long what is over is kept, so that its page can say what became of it."""
TOKEN_BYTES = 32


@sensitive_variables("token")
def make(user: User, purpose: Purpose, address: str, now: datetime) -> str:
    """A new token for a link that is sent to ``address``; earlier ones of its kind end."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        # The person's row is what two who ask at once wait for: one link is left, not two.
        User.objects.select_for_update().get(pk=user.pk)
        end_all(user, purpose, now)
        MailedLink.objects.create(
            user=user,
            purpose=purpose,
            address=address,
            token_hash=_hash(token),
            made_at=now,
            expires_at=now + VALID_FOR,
        )
    return token


@sensitive_variables("token")
def find(token: str, purpose: Purpose, now: datetime) -> MailedLink | None:
    """The link with this token while it is good; looking changes nothing.

    Programs that look into mail open links too, before anybody has read the mail.
    """
    return _good(purpose, now).filter(token_hash=_hash(token)).first()


def still_good(pk: int, purpose: Purpose, now: datetime) -> MailedLink | None:
    """The link that was found before under this id, while it is good."""
    return _good(purpose, now).filter(pk=pk).first()


def use(link: MailedLink, now: datetime) -> bool:
    """Use the link up; False where it was used, replaced or ran out meanwhile.

    Called in the transaction of what the link allows, before it is done: of two who come at
    once, one goes on.
    """
    unused = MailedLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    return bool(unused.update(used_at=now))


def end_all(user: User, purpose: Purpose, now: datetime) -> int:
    """End all links of this kind that are still good; how many."""
    return MailedLink.objects.filter(
        user=user, purpose=purpose, used_at=None, expires_at__gt=now
    ).update(expires_at=now)


def end_every(user: User, now: datetime) -> int:
    """End all links that are still good, of any kind: whoever asked for one may have known the old
    password. How many."""
    return sum(end_all(user, purpose, now) for purpose in Purpose)


def tidy(*, now: datetime) -> int:
    """Remove what has been over for some days; how many."""
    return MailedLink.objects.filter(expires_at__lt=now - KEPT_FOR).delete()[0]


def _good(purpose: Purpose, now: datetime) -> models.QuerySet[MailedLink]:
    return MailedLink.objects.filter(
        purpose=purpose, used_at=None, expires_at__gt=now, user__is_active=True
    ).select_related("user__domain")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
