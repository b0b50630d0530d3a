"""Form fields for the account of a mail server: a bare host name, a port, a typed password."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from protocols.idn import is_misread, to_ascii

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NOT_IN_HOST = re.compile(rf"[\s/@\\?#]|{_CONTROLS.pattern}")
# App passwords are shown in groups of four letters, and pasted like that.
_APP_PASSWORD = re.compile(r"[a-z]{4}( [a-z]{4}){3}", re.ASCII)


def typable(text: str) -> None:
    """Raise `ValidationError` for line ends and other characters that no keyboard makes."""
    if _CONTROLS.search(text):
        raise ValidationError(_("This contains characters that cannot be typed."))


def bare_host(text: str) -> None:
    """Raise `ValidationError` for what is no name or address, such as a pasted link."""
    if _NOT_IN_HOST.search(text):
        raise ValidationError(_("Enter only the name of the server, for example mail.example.com."))


def registered(host: str) -> str:
    """A name as it is registered. Raises `ValidationError` where it cannot be or is not sure."""
    try:
        return to_ascii(host)
    except UnicodeError:
        raise ValidationError(_("This contains characters that cannot be typed.")) from None


class OneLineField(forms.CharField):
    """A name, as it stands in a header field: on one line, with one space between words."""

    def to_python(self, value: Any) -> str:
        """Line ends and tabs become spaces."""
        return " ".join(str(super().to_python(value)).split())


class PlainInput(forms.TextInput):
    """A text box that browsers neither fill in nor correct."""

    def __init__(self, **attrs: str) -> None:
        given = {"class": "input", "autocomplete": "off", "spellcheck": "false"}
        super().__init__(attrs=given | attrs)


class PlainField(forms.CharField):
    """One line of typed text, without the spaces around it."""

    widget = PlainInput
    default_validators = [typable]


class HostField(forms.CharField):
    """A server's name or address; the dot that ends a full name is dropped."""

    default_validators = [bare_host]

    def __init__(self, **options: Any) -> None:
        given: dict[str, Any] = {
            "max_length": 253,
            "widget": PlainInput(placeholder="mail.example.com", autocapitalize="none"),
            "error_messages": {"required": _("Enter the server address.")},
        }
        super().__init__(**(given | options))

    def to_python(self, value: Any) -> str | None:
        host = super().to_python(value)
        host = host.rstrip(".") if host else host
        return registered(host) if host and is_misread(host) else host


class PortField(forms.IntegerField):
    """A TCP port."""

    def __init__(self, **options: Any) -> None:
        given: dict[str, Any] = {
            "min_value": 1,
            "max_value": 65535,
            "widget": PlainInput(inputmode="numeric"),
            "error_messages": {"required": _("Enter the port.")},
        }
        super().__init__(**(given | options))


class PasswordField(forms.CharField):
    """A password for another server; it is never written into a page."""

    default_validators = [typable]

    def __init__(self, **options: Any) -> None:
        attrs = {"class": "input", "autocomplete": "new-password"}
        given: dict[str, Any] = {
            "label": _("Password"),
            "max_length": 1024,
            "strip": False,
            "widget": forms.PasswordInput(attrs=attrs, render_value=False),
            "error_messages": {"required": _("Enter the password.")},
        }
        super().__init__(**(given | options))

    def clean(self, value: Any) -> str:
        """The password; an app password without the spaces it is shown with."""
        password: str = super().clean(value)
        return password.replace(" ", "") if _APP_PASSWORD.fullmatch(password) else password
