"""Everything about a person that is not a message, as plain objects to be exported.

Fields are named one by one: what is added to a model later stays out until somebody decides, and
no password, token or key is ever among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Model, Q, QuerySet

from accounts.models import AuditEntry, SignIn, User
from filtering.models import Filter, SenderRule
from mailstore.models import Folder, Label, LeftList, SavedSearch, TrustedSender
from retrieval.models import RetrievalTask
from smtp_accounts.models import (
    Correspondent,
    Draft,
    Identity,
    MessageTemplate,
    Signature,
    SmtpAccount,
)

Row = dict[str, Any]


def of(user: User) -> Iterator[tuple[str, Iterator[Row]]]:
    """Name and rows of each part."""
    yield "account", _rows(User.objects.filter(pk=user.pk), _ACCOUNT)
    for name, model, fields in _OWN:
        yield name, _rows(model._default_manager.filter(user=user), fields)
    about = AuditEntry.objects.filter(Q(subject=user.pk) | Q(actor=user.pk)).order_by("at")
    yield "activity", _rows(about, "at action actor_name subject_name address client detail")


def _rows(rows: QuerySet[Any], fields: str) -> Iterator[Row]:
    ordered = rows if rows.query.order_by else rows.order_by("pk")
    return ordered.values(*fields.split()).iterator(chunk_size=500)


_ACCOUNT = (
    "email display_name role language time_zone theme density layout remote_images dark_mail "
    "notice_mail undo_send writes_plain created_at last_login backup_address backup_confirmed_at "
    "password_changed_at quota"
)
_OWN: tuple[tuple[str, type[Model], str], ...] = (
    (
        "folders",
        Folder,
        "id parent name role color is_favourite is_hidden notifies total unread size",
    ),
    ("labels", Label, "name color"),
    ("saved-searches", SavedSearch, "name query"),
    ("trusted-senders", TrustedSender, "sender created_at"),
    ("left-lists", LeftList, "name left_at"),
    ("filters", Filter, "position name is_on match conditions actions changed_at"),
    ("sender-rules", SenderRule, "sender is_allowed made_at"),
    (
        "retrieval-tasks",
        RetrievalTask,
        (
            "source__name type host port security require_ssl username method transfer use_apop "
            "leave_on_server filter_enabled push_enabled state created_at last_ok_at"
        ),
    ),
    (
        "smtp-accounts",
        SmtpAccount,
        (
            "display_name host port encryption email use_authentication username daily_limit "
            "created_at last_ok_at"
        ),
    ),
    (
        "identities",
        Identity,
        (
            "address display_name description purpose reply_to accepts signature__name is_unsigned "
            "is_default created_at"
        ),
    ),
    ("signatures", Signature, "name html is_default in_replies created_at"),
    ("templates", MessageTemplate, "name subject html changed_at"),
    ("drafts", Draft, "to cc bcc subject body html importance send_at changed_at discarded_at"),
    (
        "correspondents",
        Correspondent,
        "address name sent_count last_sent_at received_count last_received_at is_hidden",
    ),
    ("sign-ins", SignIn, "at outcome protocol address client place"),
)
