"""A message begun in a list starts with what that list belongs to."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import User
from mailstore.models import Folder, Source
from mailstore.services import folders
from smtp_accounts.models import SmtpAccount
from tests.senders import key_of, local_key
from tests.webmail.writing import ClientFor, opened


@pytest.fixture
def work(user: User, account: SmtpAccount) -> Folder:
    """A folder that belongs to what the account is paired with."""
    source = Source.objects.create(user=user, name="Work", address=account.email)
    SmtpAccount.objects.update(source=source)
    folder = folders.ensure_path(user, ["Work"])
    Folder.objects.filter(pk=folder.pk).update(source=source)
    folder.refresh_from_db()
    return folder


def test_the_button_of_a_list_leads_to_its_sender(
    user: User, account: SmtpAccount, work: Folder, client_for: ClientFor
) -> None:
    browser = client_for(user)
    for place, sender in (
        (reverse("mail-folder", args=[work.pk]), key_of(account)),
        (f"{reverse('mail')}?source={work.source_id}", key_of(account)),
        (reverse("mail"), local_key(user)),
        (f"{reverse('mail')}?unread=1", local_key(user)),
    ):
        page = browser.get(place).content.decode()
        links = set(re.findall(r'href="/compose/([^"]*)" data-compose data-blank', page))
        assert len(links) == 1, place
        assert opened(browser, links.pop().replace("&amp;", "&"))[1]["sender"] == sender, place


def test_anothers_list_chooses_nothing(
    user: User, other_user: User, account: SmtpAccount, work: Folder, client_for: ClientFor
) -> None:
    stranger = client_for(other_user)
    own = local_key(other_user)
    for asked in (f"?in={work.pk}", f"?source={work.source_id}", "?in=x&source=y", "?source=9" * 9):
        assert opened(stranger, asked)[1]["sender"] == own
