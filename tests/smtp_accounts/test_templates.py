"""Templates: texts kept for messages that begin alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from smtp_accounts.models import MessageTemplate
from smtp_accounts.services import templates
from smtp_accounts.services.templates import NameTakenError, TemplateValues
from tests.smtp_accounts.conftest import NOW

ClientFor = Callable[[User], Client]
NEW = "/settings/templates/new/"


def test_a_template_is_kept_harmless_and_under_one_name(user: User, other_user: User) -> None:
    values = TemplateValues(
        "  Viewing \r\n", "An\r\nInvitation", "<div data-signature='7'>Hi<script></script></div>"
    )
    kept = templates.save(user=user, values=values, now=NOW)
    assert (kept.name, kept.subject, kept.html) == ("Viewing", "An Invitation", "<div>Hi</div>")
    with pytest.raises(NameTakenError):
        templates.save(user=user, values=values, now=NOW)
    templates.save(user=other_user, values=values, now=NOW)
    templates.save(user=user, values=TemplateValues("Viewing", "x"), now=NOW, template=kept)
    assert [one.subject for one in templates.templates_of(user)] == ["x"]
    templates.delete(kept)
    assert templates.templates_of(user) == []


def test_there_is_an_end_of_them(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MAX_TEMPLATES", 1)
    kept = templates.save(user=user, values=TemplateValues("One"), now=NOW)
    with pytest.raises(templates.TooManyTemplatesError):
        templates.save(user=user, values=TemplateValues("Two"), now=NOW)
    templates.save(user=user, values=TemplateValues("First"), now=NOW, template=kept)


def test_the_way_through_the_pages(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    assert "No template yet" in browser.get(reverse("templates")).content.decode()
    typed = {"name": "Viewing", "subject": "Your visit", "body": "Dear\r\n", "html": "", "mode": ""}
    browser.post(NEW, typed)
    kept = MessageTemplate.objects.get(user=user)
    page = browser.get(reverse("templates")).content.decode()
    assert "Your visit: Dear" in page
    answer = browser.post(NEW, typed)
    assert answer.status_code == 422
    assert "Another template has this name" in answer.content.decode()
    address = reverse("template-edit", args=[kept.pk])
    browser.post(address, {**typed, "mode": "html", "html": "<p>Dear <b>you</b></p>"})
    kept.refresh_from_db()
    assert kept.html == "<p>Dear <b>you</b></p>"
    address = reverse("template-delete", args=[kept.pk])
    asked = browser.get(address).content.decode()
    assert "Delete “Viewing”?" in asked
    assert MessageTemplate.objects.exists()
    answer = browser.post(address, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("templates")
    assert not MessageTemplate.objects.exists()


@pytest.mark.parametrize("field", ["name", "subject"])
def test_bad_input_is_shown_where_it_is_and_nothing_is_lost(
    user: User, client_for: ClientFor, field: str
) -> None:
    typed = {"name": "Viewing", "subject": "", "body": "Kept words", field: "x" * 999}
    answer = client_for(user).post(NEW, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "Kept words" in page
