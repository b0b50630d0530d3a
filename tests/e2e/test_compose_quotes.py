"""An answer to formatted mail: what its writer sees of the original, and what is sent of it."""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import FolderRole
from mailstore.services import blobs, folders
from smtp_accounts.models import OutboxMessage
from tests.e2e.writing import to_field, words
from tests.mail import mixed, put
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox, picture

pytestmark = pytest.mark.django_db(transaction=True)

HTML = (
    '<p style="color:#aa0000">The <b>new</b> plan:</p><img src="cid:logo@x" alt="Plan">'
    '<img src="https://tracker.test/seen.gif" alt="Seen"><script>attack()</script>'
    '<p onclick="attack()">Ada</p>'
)


def test_pictures_go_along_and_nobody_is_told(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    problems: list[str],
) -> None:
    plan = picture(240, 120)
    raw = mixed(HTML).replace(b"iVBORw0KGgo=", encodebytes(plan).replace(b"\n", b"\r\n"))
    (original,) = put(folders.special(user, FolderRole.INBOX), raw)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}/compose/?reply={original.pk}")
    window = page.locator("compose-window")
    field = words(window)
    expect(field).not_to_contain_text("The new plan:")
    window.get_by_role("button", name="Show quoted text").click()
    expect(field).to_contain_text("The new plan:")
    shown = field.locator("img[alt=Plan]")
    expect(shown).to_have_js_property("naturalWidth", 240)
    shot("window-quote")
    field.press("Control+Home")
    page.keyboard.type("Looks good.")
    expect(to_field(window)).to_be_visible()
    window.get_by_role("button", name="Send", exact=True).click()
    wait_until(OutboxMessage.objects.exists, "the message in the outbox")
    message = message_from_bytes(blobs.read(OutboxMessage.objects.get().blob), policy=default)
    html = message.get_body(("html",))
    assert html is not None
    said = html.get_content()
    assert said.index("Looks good.") < said.index("<blockquote")
    assert 'src="https://tracker.test/seen.gif"' in said
    assert "script" not in said
    (sent,) = (part for part in message.walk() if part.get_content_type() == "image/png")
    assert sent.get_content() == plan
    assert f'src="cid:{sent["Content-ID"].strip("<>")}"' in said
    text = message.get_body(("plain",))
    assert text is not None
    assert text.get_content().startswith("Looks good.")
    assert "> The new plan:" in text.get_content()
    assert not [one for one in asked if not one.startswith((live_server.url, "data:", "blob:"))]
    assert problems == []
