"""Texts kept for messages that begin alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models.functions import Left

from accounts.models import User
from mailstore import html_text
from mailstore.text import tidy
from smtp_accounts.models import MessageTemplate
from smtp_accounts.outgoing_html import unmarked

MAX_HTML = 500_000
MAX_TEMPLATES = 500
MAX_HINT = 80
#: Letters of HTML that a hint is looked for in.
_START = 1000


class NameTakenError(Exception):
    """The person has another template of this name."""


class TooManyTemplatesError(Exception):
    """The person has `MAX_TEMPLATES` templates already."""


@dataclass(frozen=True, slots=True)
class TemplateValues:
    """What a template holds."""

    name: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A template in a list: ``hint`` is its subject, or how its text begins."""

    pk: int
    name: str
    hint: str


def lines_of(user: User) -> list[Line]:
    """The person's templates by name, their texts unread but for a beginning."""
    mine = MessageTemplate.objects.filter(user=user).annotate(start=Left("html", _START))
    rows = mine.values_list("pk", "name", "subject", "start")
    return [Line(pk, name, subject or _hint(start)) for pk, name, subject, start in rows]


def _hint(start: str) -> str:
    return " ".join(html_text.words(start).split())[:MAX_HINT]


def templates_of(user: User) -> list[MessageTemplate]:
    """The person's templates by name."""
    return list(MessageTemplate.objects.filter(user=user))


def save(
    *,
    user: User,
    values: TemplateValues,
    now: datetime,
    template: MessageTemplate | None = None,
) -> MessageTemplate:
    """Store a template, its text made harmless. Raises `NameTakenError`, `TooManyTemplatesError`.

    Without ``template`` it is a new one.
    """
    mine = MessageTemplate.objects.filter(user=user)
    if template is None and mine.count() >= MAX_TEMPLATES:
        raise TooManyTemplatesError
    row = template or MessageTemplate(user=user)
    row.name = " ".join(tidy(values.name).split())[:100]
    row.subject = " ".join(tidy(values.subject).split())[:998]
    row.html, row.changed_at = unmarked(values.html[:MAX_HTML]), now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise NameTakenError(row.name) from None
    return row


def delete(template: MessageTemplate) -> None:
    """Remove a template; messages begun with it keep what they took."""
    template.delete()
