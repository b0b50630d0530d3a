"""German words are longer: every screen still holds them, wide and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User
from connectivity.models import Feature
from connectivity.services import features
from tests.e2e import test_repair_look
from tests.e2e.conftest import PHONE, WIDE
from tests.e2e.tasks import gallery
from tests.e2e.test_notifications import trouble
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
tasks = test_repair_look.tasks

#: Buttons, badges and tabs whose words do not fit, parts of a row that lie on each other, and
#: anything that makes the page too wide.
CLIPPED = """() => {
  const shown = (one) => one.checkVisibility() && one.clientWidth > 1;
  const cut = (one) => one.scrollWidth > one.clientWidth + 1
    || one.scrollHeight > one.clientHeight + 4;
  const words = document.querySelectorAll(".btn, .badge, .jump a, .tree__item > span, h1, h2");
  const small = [...words].filter((one) => shown(one) && cut(one));
  const page = document.scrollingElement;
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const rows = [...document.querySelectorAll(".item")].filter((row) => {
    const parts = [...row.children].filter(shown).map((one) => one.getBoundingClientRect());
    return parts.some((a, at) => parts.slice(at + 1).some((b) => meet(a, b)));
  });
  return [
    ...rows.map((one) => `parts of a row: ${one.textContent.trim().slice(0, 60)}`),
    ...small.map((one) => `${one.className}: ${one.textContent.trim()}`),
    ...(page.scrollWidth > innerWidth ? [`the page is ${page.scrollWidth} wide`] : []),
  ];
}"""


@pytest.fixture
def fits(page: Page, shot: Callable[..., None]) -> Iterator[Callable[[str], None]]:
    """Photograph the page, and note where words are cut off at either width; none may be."""
    cut: list[str] = []

    def look(name: str) -> None:
        for width, height in (WIDE, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            cut.extend(f"{name} at {width}: {one}" for one in page.evaluate(CLIPPED))
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        shot(f"de-{name}")

    yield look
    assert cut == []


def test_german_fits(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """Reading, writing, and the accounts in every state."""
    User.objects.filter(pk=user.pk).update(language="de", time_zone="Europe/Berlin")
    task = gallery(user)["Yahoo"]

    def go(name: str, *args: int) -> None:
        page.goto(live_server.url + reverse(name, args=args))

    go("mail")
    expect(page.get_by_role("heading", name="Alle Posteingänge")).to_be_visible()
    fits("mail")
    page.get_by_role("link", name="Jonas Ekdahl").first.click()
    expect(page.get_by_role("button", name="Archivieren").first).to_be_visible()
    fits("message")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Tastenkürzel")).to_be_visible()
    fits("keyboard")
    go("compose")
    expect(page.get_by_role("button", name="Senden", exact=True)).to_be_visible()
    fits("compose")
    go("connectivity")
    expect(page.get_by_role("heading", name="E-Mail-Abruf")).to_be_visible()
    fits("connectivity")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.get_by_role("link", name="E-Mail-Abruf").click()
    fits("connectivity-retrieval")
    go("retrieval-detail", task.pk)
    expect(page.get_by_role("button", name="Jetzt abrufen")).to_be_visible()
    fits("retrieval-detail")
    go("retrieval-new")
    fits("retrieval-start")
    page.get_by_role("link", name="Anderer POP-Server").click()
    expect(page.get_by_label("SSL verlangen")).to_be_visible()
    fits("retrieval-form")
    page.get_by_label("Serveradresse").fill("127.0.0.1")
    page.get_by_label("Benutzername").fill("mara")
    page.get_by_label("Passwort", exact=True).fill("x")
    page.get_by_role("button", name="Verbindung testen").click()
    expect(page.locator("#outcome")).to_contain_text("Dort antwortet kein Dienst.")
    fits("retrieval-refused")
    go("retrieval-delete", task.pk)
    fits("retrieval-delete")
    go("smtp-account-new")
    expect(page.get_by_label("Authentifizierung verwenden")).to_be_visible()
    fits("smtp-form")
    go("settings-account")
    expect(page.get_by_label("Sprache")).to_have_value("de")
    fits("settings-account")
    go("settings-appearance")
    fits("settings-appearance")
    assert [text for text in problems if "422" not in text] == []


def test_german_fits_where_accounts_are_mended_and_allowed(
    page: Page,
    live_server: LiveServer,
    user: User,
    tasks: dict[str, int],
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """Repairs, notices, trust and the pages of administrators."""
    User.objects.filter(pk=user.pk).update(language="de", role=Role.SYSTEM_ADMIN)
    features.set_switch(user.domain, Feature.LOOKUP, enabled=False)
    trouble(user, "retrieval:1", "mara@northbank.test", kind="retrieval-needs-you")
    trouble(user, "smtp:3", "studio@example.org", kind="smtp-failing", cause="port-closed")

    def go(name: str, *args: int | str, query: str = "") -> None:
        page.goto(live_server.url + reverse(name, args=args) + query)

    go("connectivity")
    expect(page.get_by_text("Nicht gespeichert").first).to_be_visible()
    fits("repairs")
    go("retrieval-detail", tasks["Gmail"])
    fits("pinned")
    go("retrieval-why", tasks["Gmail"], query="?q=Rechnung")
    expect(page.get_by_role("button", name="Auf mail.gmail.test nachsehen")).to_be_visible()
    fits("why")
    for provider in ("gmail", "outlook", "proton"):
        go("retrieval-new", query=f"?provider={provider}")
        fits(f"new-{provider}")
    go("smtp-account-new", query="?provider=gmail")
    fits("smtp-gmail")
    go("certificates")
    fits("certificates")
    go("notifications")
    expect(page.get_by_role("heading", name="Benachrichtigungen")).to_be_visible()
    fits("notifications")
    go("domain-settings")
    expect(page.get_by_role("switch", name="E-Mail-Abruf")).to_be_checked()
    fits("domain-settings")
    go("system-features")
    fits("system-features")
    go("oauth-clients")
    expect(page.get_by_role("heading", name="Anmeldeanbieter")).to_be_visible()
    fits("oauth-clients")
    go("oauth-client", "microsoft")
    fits("oauth-client")
    go("oauth-client-remove", "microsoft")
    fits("oauth-client-remove")
    assert problems == []
