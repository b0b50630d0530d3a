"""Challenges that tell people from programs: made, answered once within ten minutes, forgotten.

The package `captcha` keeps them and draws them. A picture is for eyes; the question says the same
to those who cannot see it or have it read to them. Neither keeps a determined program out: what
counts is limited as well (`accounts.services.recovery`).
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final

from captcha.models import CaptchaStore
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LENGTH: Final = 5
#: Without those that look alike when they are turned or stand close: I, J, L, O, Q, U and W.
LETTERS: Final = "ABCDEFGHKMNPRSTVXYZ"
NUMBERS: Final[tuple[str | Promise, ...]] = (
    gettext_lazy("one"),
    gettext_lazy("two"),
    gettext_lazy("three"),
    gettext_lazy("four"),
    gettext_lazy("five"),
    gettext_lazy("six"),
    gettext_lazy("seven"),
    gettext_lazy("eight"),
    gettext_lazy("nine"),
    gettext_lazy("ten"),
    gettext_lazy("eleven"),
    gettext_lazy("twelve"),
)


class Kind(StrEnum):
    """How a challenge is put."""

    PICTURE = "picture"
    QUESTION = "question"


def letters() -> tuple[str, str]:
    """Letters to draw, and the answer; from a generator that nobody can foretell."""
    drawn = "".join(secrets.choice(LETTERS) for _index in range(LENGTH))
    return drawn, drawn.lower()


def numbers() -> tuple[str, str]:
    """Three numbers to add, as they are stored, and their sum."""
    chosen = [1 + secrets.randbelow(len(NUMBERS)) for _index in range(3)]
    return "+".join(map(str, chosen)), str(sum(chosen))


def make(kind: Kind) -> str:
    """The key of a new challenge."""
    maker = "numbers" if kind == Kind.QUESTION else "letters"
    return str(CaptchaStore.generate_key(f"{__name__}.{maker}"))


def question(key: str) -> str:
    """A question in the language in force."""
    told = CaptchaStore.objects.values_list("challenge", flat=True).get(hashkey=key)
    first, second, third = (str(NUMBERS[int(one) - 1]) for one in told.split("+"))
    return _("What is %(first)s plus %(second)s plus %(third)s? Type the number in digits.") % {
        "first": first,
        "second": second,
        "third": third,
    }


def solve(key: str, answer: str, *, now: datetime) -> bool:
    """Whether this answers the challenge, which is gone then, whatever was answered.

    Of two who answer at once, one has removed it and is heard.
    """
    rows = CaptchaStore.objects.filter(hashkey=key, expiration__gt=now)
    right = rows.values_list("response", flat=True).first()
    return bool(rows.delete()[0]) and "".join(answer.split()).lower() == right


def tidy(*, now: datetime) -> int:
    """Remove what nobody answered in time; how many."""
    return int(CaptchaStore.objects.filter(expiration__lte=now).delete()[0])
