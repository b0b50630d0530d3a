"""Why a message is here that no filter, sender or score decided about: where it came from, where
mail from there goes, and why nothing here judged it. Only what is known is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from filtering.services import policies
from mailstore.models import Folder, FolderRole, Message
from retrieval.services import origin
from retrieval.services.origin import Origin
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import reports, sent
from webmail.services import judging
from webmail.why_detail import Detail

#: Here nothing comes in that filters could sort.
_OWN: Final = (FolderRole.SENT, FolderRole.DRAFTS)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a message besides its row.

    ``origin`` is None where no account here fetches such mail (any more). ``may_change`` is
    whether this person may change accounts, ``is_judged`` whether their mail is judged as junk or
    not junk; ``is_local``: sent from this server to this person.
    """

    origin: Origin | None = None
    is_local: bool = False
    is_judged: bool = True
    may_change: bool = True


def details(user: User, message: Message) -> tuple[Detail, ...]:
    """All there is to say, in a handful of queries: asked for by who wants to know alone."""
    delivery = reports.status_of(message)
    if delivery is not None:
        return tuple(_sent(message, delivery.outbox))
    came = origin.of(message)
    known = Known(
        origin=came,
        is_local=judging.is_from_here(message),
        is_judged=policies.of([user])[user.pk].is_on,
        may_change=features.enabled_for(user, Feature.RETRIEVAL),
    )
    return tuple(told(message, known))


def told(message: Message, known: Known) -> Iterator[Detail]:
    """Where it came from, where such mail goes, what filters do about it, and what to do."""
    if message.folder.role == FolderRole.SNOOZED:
        yield Detail(_("You put it off. It comes back by itself at the time you chose."))
    if known.origin is not None:
        yield from _fetched(message, known.origin, known)
    elif message.source is not None:
        yield from _left(message, message.source.name)
    elif message.is_backfill:
        yield Detail(_("It was imported. Filters and the search for junk leave such mail alone."))
    elif known.is_local and message.folder.role not in _OWN:
        yield from _local(message, known)
    else:
        yield Detail(_("Nothing decided about it: it lies where it came in, or where it was put."))
    if message.folder.role not in _OWN:
        yield _remedy(message)


def _sent(message: Message, outbox: OutboxMessage) -> Iterator[Detail]:
    yield Detail(_("You sent it from here. This is the copy that was kept."))
    place = sent.folder_of(outbox)
    link = (reverse("identities"), _("Change this"))
    if outbox.identity is not None:
        link = (reverse("identity-edit", args=[outbox.identity.pk]), _("Change this"))
    values = {"address": outbox.from_address, "folder": place.label}
    words = _("Copies of what you send as %(address)s go to “%(folder)s”.") % values
    yield Detail(_moved(words, message, place), url=link[0], link=link[1])


def _fetched(message: Message, came: Origin, known: Known) -> Iterator[Detail]:
    account = message.source.name if message.source else ""
    edit = reverse("retrieval-edit", args=[came.task_id]) if known.may_change else ""
    if came.folder:
        words = _("It came from the folder “%(folder)s” of the account “%(account)s”.")
    else:
        words = _("It came through the account “%(account)s”.")
    yield Detail(words % {"folder": came.folder, "account": account})
    if came.local is not None:
        words = _("What comes from there goes to “%(folder)s”.") % {"folder": came.local.label}
        yield Detail(_moved(words, message, came.local), url=edit, link=_("Change this"))
    if message.is_backfill:
        yield _first_fetch()
    elif came.is_inbox is False:
        yield Detail(_("Of an account, filters and the search for junk look at its Inbox alone."))
    elif not came.is_screened:
        words = _("Spam and content filtering is off for the account “%(account)s”.")
        yield Detail(
            words % {"account": account},
            url=edit and f"{edit}#id_filter_enabled",
            link=_("Switch it on"),
        )
    else:
        words = _("Spam and content filtering is on for the account “%(account)s” now.")
        yield Detail(words % {"account": account})
        yield from _untouched(known)


def _left(message: Message, account: str) -> Iterator[Detail]:
    """Of an account that is not there any more."""
    words = _("It came through the account “%(account)s”, which is not fetched here any more.")
    yield Detail(words % {"account": account})
    if message.is_backfill:
        yield _first_fetch()


def _local(message: Message, known: Known) -> Iterator[Detail]:
    yield Detail(_("It was sent from this server and delivered here directly."))
    if message.folder.role in (FolderRole.INBOX, FolderRole.SNOOZED):
        yield Detail(_("Such mail goes to the Inbox."))
    else:
        yield Detail(_("Such mail goes to the Inbox. This message was moved since."))
    yield from _untouched(known)


def _untouched(known: Known) -> Iterator[Detail]:
    """Of mail that filters look at, or would by now."""
    words = _("When this message came in, no filter handled it and nothing judged it as junk.")
    yield Detail(words)
    if not known.is_judged:
        url = reverse("settings-junk") + "#id_is_on"
        words = _("Junk mail is not looked for at the moment.")
        yield Detail(words, url=url, link=_("Change this"))


def _moved(words: str, message: Message, place: Folder) -> str:
    """A sentence about where such mail goes, and what follows where this one lies elsewhere."""
    if message.folder_id == place.pk or message.folder.role == FolderRole.SNOOZED:
        return words
    # Nobody writes down where mail lay: what such mail goes to may be another place by now.
    also = _("This message was moved since, or came before that was set.")
    return f"{words} {also}"


def _first_fetch() -> Detail:
    """Of an account's first pass, and of the older mail of a folder found later."""
    return Detail(
        _(
            "It came when mail was fetched from there for the first time. Filters and the search "
            "for junk leave such mail alone."
        )
    )


def _remedy(message: Message) -> Detail:
    if message.is_backfill:
        words = _("A filter can be tried on and applied to mail that is here.")
    else:
        words = _("A filter can sort such mail from now on, and what is here already.")
    url = f"{reverse('filters-new')}?id={message.pk}"
    return Detail(words, url=url, link=_("Filter messages like this"))
