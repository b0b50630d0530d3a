"""Passwords that whoever knows this place would try first (OWASP ASVS 6.1.2, 6.2.11)."""

from __future__ import annotations

import re
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: What the product is called and what it is for.
WORDS: Final = ("tributary", "webmail", "postmaster", "password", "passwort", "administrator")
#: So many characters have to be the person's own.
OWN: Final = 8


class OwnWordsValidator:
    """Refuses the name of the product, of the domain, and what mail is about, with little added."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raises `ValidationError` where fewer than `OWN` characters are left without them."""
        left = password.lower()
        for word in sorted({*WORDS, *_names(user)}, key=len, reverse=True):
            left = left.replace(word, "")
        if left != password.lower() and len(re.sub(r"[\W\d_]", "", left)) < OWN:
            raise ValidationError(self.get_help_text(), code="password_of_own_words")

    def get_help_text(self) -> str:
        """The rule in words."""
        return _("Your password should not be made of the name of this site or of your domain.")


def _names(user: object | None) -> set[str]:
    domain = getattr(user, "domain", None)
    if domain is None:
        return set()
    name, title = domain.name.lower(), domain.title.lower()
    found = {name, name.split(".")[0], *title.split()}
    return {one for one in found if len(one) >= 4}
