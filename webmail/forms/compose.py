"""The compose window as it is posted. Nothing typed is ever refused here: it is a draft.

Whether it can be sent is decided by the outbox, which says at which field something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mailstore.models import Message
from smtp_accounts import former, outgoing_html
from smtp_accounts.models import DraftKind, Importance
from smtp_accounts.services import following_up, resigning
from smtp_accounts.services.drafts import DraftValues
from smtp_accounts.services.identities import SendFrom
from webmail import later

MAX_RECIPIENTS = 65_536
MAX_BODY = 5_000_000
PLAIN = "plain"


class ComposeForm(forms.Form):
    """Every field of the window. `sender` holds the key of an identity.

    `mode` is "html" or "plain" as the editor has it, empty without a script: then the plain
    text counts, and HTML that an editor left in the form counts only while they agree.
    """

    sender = forms.CharField(required=False, max_length=32)
    from_address = forms.CharField(required=False, max_length=320)
    reason = forms.CharField(required=False, max_length=former.LONGEST)
    by_hand = forms.BooleanField(required=False)
    to = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    cc = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    bcc = forms.CharField(required=False, max_length=MAX_RECIPIENTS, strip=False)
    subject = forms.CharField(required=False, max_length=998, strip=False)
    body = forms.CharField(required=False, max_length=MAX_BODY, strip=False)
    html = forms.CharField(required=False, max_length=MAX_BODY, strip=False)
    mode = forms.CharField(required=False, max_length=8)
    importance = forms.ChoiceField(required=False, choices=Importance.choices)
    wants_receipt = forms.BooleanField(required=False)
    wants_dsn = forms.BooleanField(required=False)
    send_at = forms.CharField(required=False, max_length=32)
    remind_after = forms.ChoiceField(
        required=False, choices=[(days, days) for days in (0, *following_up.DAYS)]
    )
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

    def clean_send_at(self) -> datetime | None:
        """When it shall go out: the button pressed, else the own time, else what was set before."""
        typed = self.cleaned_data["send_at"]
        for name in ("send_at_own", "later"):
            if name in self.data:
                typed = self.data[name]
        if typed in ("", "none"):
            return None
        at = later.parse(typed)
        if at is None:
            raise forms.ValidationError(_("This is no date and time."))
        return at

    def values(self) -> DraftValues:
        """What was typed, ready to be saved. Line ends are those of the store, not of forms."""
        data = self.cleaned_data
        sender: SendFrom = data["sender"]
        kind = data["kind"] or DraftKind.NEW
        html, body = self._html(), data["body"].replace("\r\n", "\n")
        before = self._before(sender)
        if before is not None:
            html = outgoing_html.clean(html)
            html, body = resigning.words(html, body, kind, before.identity, sender.identity)
        return DraftValues(
            identity=sender.identity,
            from_address=data["from_address"] if before is None else "",
            identity_reason=data["reason"] if before is None else "",
            is_by_hand=data["by_hand"] or before is not None,
            to=data["to"],
            cc=data["cc"],
            bcc=data["bcc"],
            # A pasted line end would be an error in a header; here it is only a space.
            subject=re.sub(r"[\r\n]+", " ", data["subject"]),
            body=body,
            html=html,
            kind=kind,
            importance=data["importance"] or Importance.NORMAL,
            wants_receipt=data["wants_receipt"],
            wants_dsn=data["wants_dsn"],
            send_at=data["send_at"],
            remind_after=int(data["remind_after"] or 0),
            original=data["original"],
        )

    def _before(self, sender: SendFrom) -> SendFrom | None:
        """Whom the window was from, where a browser without a script chose another: it posts the
        field that keeps the sender as well as the list. What came with the first goes with it.
        """
        posted = self.data.getlist("sender") if isinstance(self.data, QueryDict) else []
        before = self.identities.get(posted[0]) if posted else None
        return before if before != sender else None

    def _html(self) -> str:
        mode: str = self.cleaned_data["mode"]
        html: str = self.cleaned_data["html"].replace("\r\n", "\n")
        if not html or mode == PLAIN:
            return ""
        if mode:
            return html
        # No script: the text field was the one written in, unless it was left alone.
        same = outgoing_html.to_text(html).split() == self.cleaned_data["body"].split()
        return html if same else ""

    @property
    def version_seen(self) -> int:
        """The version of the draft this window last knew, 0 for none."""
        return self.cleaned_data.get("version") or 0
