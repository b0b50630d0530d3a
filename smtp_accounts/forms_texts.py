"""Signatures and templates as they are typed: rich text, or plain where there is no script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.forms import PlainField, PlainInput
from smtp_accounts.models import Identity, MessageTemplate, Signature
from smtp_accounts.outgoing_html import from_text, to_text
from smtp_accounts.services import signatures, templates
from smtp_accounts.services.signatures import SignatureValues
from smtp_accounts.services.templates import TemplateValues


class TextForm(forms.Form):
    """A text as the editor posts it: ``html`` counts where ``mode`` says so, else ``body``."""

    body = forms.CharField(
        label=_("Text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"class": "input", "rows": 10, "dir": "auto"}),
    )
    html = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    mode = forms.CharField(required=False, max_length=8, widget=forms.HiddenInput)

    max_html = templates.MAX_HTML

    def __init__(self, *args: Any, stored: str = "", shown: str = "", **kwargs: Any) -> None:
        """``stored`` is the HTML that is changed; ``shown`` the same for the editor."""
        initial = {"html": shown or stored, "body": to_text(stored) if stored else ""}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.stored = stored

    @property
    def editor(self) -> dict[str, str]:
        """What ``_editor.html`` starts with: the words, the HTML, and which of them counts."""
        html = str(self["html"].value() or "")
        mode = str(self["mode"].value() or "") if self.is_bound else "html" if html else ""
        return {"text": str(self["body"].value() or ""), "html": html, "mode": mode}

    def clean(self) -> dict[str, Any]:
        """Whichever of the two texts counts must not be too long."""
        cleaned = super().clean() or self.cleaned_data
        text = cleaned.get("html" if cleaned.get("mode") == "html" else "body", "")
        if len(text) > self.max_html:
            limit = self.max_html // 1000
            words = _("This text is too long: at most about %(limit)d,000 characters.")
            self.add_error("body", words % {"limit": limit})
        return cleaned

    def words(self) -> str:
        """The HTML of what was typed."""
        typed = str(self.cleaned_data["body"])
        if self.cleaned_data["mode"] == "html":
            return str(self.cleaned_data["html"])
        if self.stored and _same(typed, to_text(self.stored)):
            # Without a script the look cannot be edited; left as it was, it is not lost.
            return self.stored
        return from_text(typed)


class SignatureForm(TextForm):
    """A signature, and who signs with it."""

    name = PlainField(
        label=_("Name"),
        max_length=100,
        help_text=_("Only you see it."),
        error_messages={"required": _("Enter a name, for example Work.")},
    )
    is_default = forms.BooleanField(
        label=_("Default signature"),
        required=False,
        help_text=_("Used by every address that has no signature of its own."),
    )
    in_replies = forms.BooleanField(
        label=_("In replies and forwards, too"), required=False, initial=True
    )
    identities = forms.MultipleChoiceField(
        label=_("Addresses that sign with it"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    max_html = signatures.MAX_HTML

    def __init__(
        self,
        *args: Any,
        signature: Signature | None = None,
        identities: Sequence[Identity],
        **kwargs: Any,
    ) -> None:
        initial: dict[str, Any] = {}
        if signature is not None:
            initial = {
                "name": signature.name,
                "is_default": signature.is_default,
                "in_replies": signature.in_replies,
                "identities": [
                    str(one.pk) for one in identities if one.signature_id == signature.pk
                ],
            }
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(
            *args,
            stored=signature.html if signature else "",
            shown=signatures.shown(signature) if signature else "",
            **kwargs,
        )
        field = self.fields["identities"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
        field.choices = [(str(one.pk), one.address) for one in identities]

    def clean_name(self) -> str:
        """One line: it stands in lists."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def values(self) -> SignatureValues:
        """What was typed, ready for the services."""
        data = self.cleaned_data
        return SignatureValues(
            name=data["name"],
            html=self.words(),
            is_default=data["is_default"],
            in_replies=data["in_replies"],
            identities=frozenset(int(one) for one in data["identities"]),
        )


class TemplateForm(TextForm):
    """A template: its name, the subject and the text it brings."""

    name = PlainField(
        label=_("Name"),
        max_length=100,
        help_text=_("What you find it by while you write."),
        error_messages={"required": _("Enter a name, for example Meeting invitation.")},
    )
    subject = PlainField(
        label=_("Subject"),
        max_length=998,
        required=False,
        widget=PlainInput(dir="auto"),
        help_text=_("Left empty, the message keeps its own subject."),
    )

    def __init__(self, *args: Any, template: MessageTemplate | None = None, **kwargs: Any) -> None:
        initial = {"name": template.name, "subject": template.subject} if template else {}
        kwargs["initial"] = initial | (kwargs.get("initial") or {})
        super().__init__(*args, stored=template.html if template else "", **kwargs)

    def values(self) -> TemplateValues:
        """What was typed, ready for the services."""
        data = self.cleaned_data
        return TemplateValues(name=data["name"], subject=data["subject"], html=self.words())


def _same(one: str, other: str) -> bool:
    """Whether two texts say the same; browsers change line ends and the ends of lines."""
    return [line.rstrip() for line in one.strip().splitlines()] == [
        line.rstrip() for line in other.strip().splitlines()
    ]
