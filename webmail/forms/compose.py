"""The compose window as it is posted. Nothing typed is ever refused here: it is a draft.

Whether it can be sent is decided by the outbox, which says at which field something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mailstore.models import Message
from smtp_accounts.models import DraftKind
from smtp_accounts.services.drafts import DraftValues
from smtp_accounts.services.identities import SendFrom

MAX_RECIPIENTS = 65_536
MAX_BODY = 5_000_000
_ATTACH_WORDS = re.compile(
    r"\b(attach(ed|ing|ment|ments)?|enclosed|anbei|angehängt|anhang|im anhang|beigefügt)\b", re.I
)


class ComposeForm(forms.Form):
    """Every field of the window. `sender` holds the key of an identity."""

    sender = forms.CharField(required=False, max_length=32)
    to = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    cc = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    bcc = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    subject = forms.CharField(required=False, max_length=998, strip=False)
    body = forms.CharField(required=False, max_length=MAX_BODY, strip=False)
    kind = forms.ChoiceField(required=False, choices=DraftKind.choices)
    original = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31)

    def __init__(
        self, *args: Any, user: User, identities: Sequence[SendFrom], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.identities = {one.key: one for one in identities}

    def clean_sender(self) -> SendFrom:
        """The identity named; a key that is not the user's is an error, never another identity."""
        key = self.cleaned_data["sender"]
        if key not in self.identities:
            raise forms.ValidationError(_("Choose the address to send from."))
        return self.identities[key]

    def clean_original(self) -> Message | None:
        """The message answered, if it is the user's."""
        pk = self.cleaned_data["original"]
        return Message.objects.filter(user=self.user, pk=pk).first() if pk else None

    def values(self) -> DraftValues:
        """What was typed, ready to be saved. Line ends are those of the store, not of forms."""
        data = self.cleaned_data
        sender: SendFrom = data["sender"]
        return DraftValues(
            identity=sender.identity,
            to=data["to"],
            cc=data["cc"],
            bcc=data["bcc"],
            # A pasted line end would be an error in a header; here it is only a space.
            subject=re.sub(r"[\r\n]+", " ", data["subject"]),
            body=data["body"].replace("\r\n", "\n"),
            kind=data["kind"] or DraftKind.NEW,
            original=data["original"],
        )

    @property
    def version_seen(self) -> int:
        """The version of the draft this window last knew, 0 for none."""
        return self.cleaned_data.get("version") or 0


def seems_to_miss_a_file(body: str) -> bool:
    """Whether the words written (not those quoted) speak of an attachment."""
    written: list[str] = []
    for line in body.splitlines():
        if line.startswith("---------- "):
            break
        if not line.startswith(">"):
            written.append(line)
    return bool(_ATTACH_WORDS.search("\n".join(written)))
