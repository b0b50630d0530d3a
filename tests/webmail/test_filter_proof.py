"""Filters that send mail on ask anew who is there, and nothing typed is lost by the question."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.reauthentication import PROVED
from filtering.models import Filter
from tests.conftest import PASSWORD
from tests.webmail.test_filters import typed

pytestmark = pytest.mark.django_db


def test_sending_mail_on_asks_anew_who_is_there(browser_client: Client, user: User) -> None:
    def forget() -> None:
        session = browser_client.session
        del session[PROVED]
        session.save()

    def prove(answer: Any) -> Any:
        assert answer["Location"].startswith(reverse("prove"))
        back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
        sent = {"next": back, "password": PASSWORD}
        return browser_client.post(reverse("prove"), sent, follow=True)

    forget()
    address = reverse("filters-new")
    wanted = typed(("from", "contains", "shop"), do="forward", a_text="ada@x.test")
    # What is wrong with it is said first, and nobody is asked for what needs no proof.
    wrong = browser_client.post(address, {**wanted, "a_text": ["ada"]})
    assert wrong.status_code == 422
    assert browser_client.post(address, typed(("from", "is", "a"), name="B"))["Location"] == (
        reverse("filters")
    )
    shown = prove(browser_client.post(address, wanted))
    assert not Filter.objects.filter(name="Bills").exists()
    form = shown.context["form"]
    assert (form.name, form.conditions[0].value, form.actions[0].text) == (
        "Bills",
        "shop",
        "ada@x.test",
    )
    assert "save the filter now" in shown.content.decode()
    assert browser_client.post(address, wanted)["Location"] == reverse("filters")
    row = Filter.objects.get(name="Bills")
    # The same address as before is no news; another one is, and so is switching it on.
    forget()
    edit = reverse("filters-edit", args=[row.pk])
    assert browser_client.post(edit, {**wanted, "name": "New"})["Location"] == reverse("filters")
    other = browser_client.post(edit, {**wanted, "a_text": ["eve@x.test"]})
    assert prove(other).context["form"].actions[0].text == "eve@x.test"
    row.refresh_from_db()
    assert row.actions == [{"do": "forward", "to": "ada@x.test"}]
    forget()
    browser_client.post(reverse("filters-do", args=[row.pk, "off"]))
    answer = browser_client.post(
        reverse("filters-do", args=[row.pk, "on"]), headers={"HX-Request": "true"}
    )
    assert reverse("prove") in answer["HX-Redirect"]
    row.refresh_from_db()
    assert not row.is_on
