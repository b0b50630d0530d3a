"""German words are longer: every screen still holds them, wide and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User
from connectivity.models import Feature
from connectivity.services import features
from mailstore.models import Message
from smtp_accounts.models import Alignment, Identity, MessageTemplate, SmtpAccount
from smtp_accounts.services import identities, signatures
from smtp_accounts.services.signatures import SignatureValues
from tests.e2e import test_outbox, test_repair_look, test_returned
from tests.e2e.conftest import PHONE, WIDE
from tests.e2e.tasks import gallery
from tests.e2e.test_notifications import trouble
from tests.smtp_accounts.reports import dsn
from tests.smtp_accounts.test_receipts import letter
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
tasks = test_repair_look.tasks
account, make = test_outbox.account, test_outbox.make
copy, read = test_returned.copy, test_returned.read

#: Buttons, badges and tabs whose words do not fit, parts of a row that lie on each other, and
#: anything that makes the page too wide or is cut off by what it stands in.
CLIPPED = """() => {
  const shown = (one) => one.checkVisibility() && one.clientWidth > 1;
  const cut = (one) => one.scrollWidth > one.clientWidth + 1
    || one.scrollHeight > one.clientHeight + 4;
  const words = document.querySelectorAll(".btn, .badge, .jump a, .tree__item > span, h1, h2");
  const small = [...words].filter((one) => shown(one) && cut(one));
  const sticks = (one) => {
    const box = one.closest(".delivery, .card, .banner, .dialog, .outgoing, .compose__foot");
    return box && one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1;
  };
  const out = [...words].filter((one) => one.matches(".btn, .badge") && shown(one) && sticks(one));
  const page = document.scrollingElement;
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const rows = [...document.querySelectorAll(".item")].filter((row) => {
    return [row.children, row.querySelectorAll(".btn, .badge, .icon-btn")].some((list) => {
      const parts = [...list].filter(shown).map((one) => one.getBoundingClientRect());
      return parts.some((a, at) => parts.slice(at + 1).some((b) => meet(a, b)));
    });
  });
  return [
    ...rows.map((one) => `parts of a row: ${one.textContent.trim().slice(0, 60)}`),
    ...small.map((one) => `${one.className}: ${one.textContent.trim()}`),
    ...out.map((one) => `sticks out: ${one.textContent.trim()}`),
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


@pytest.fixture
def signed(user: User, mailbox: Mailbox, account: SmtpAccount) -> Identity:
    """The address of an account with a signature, and two more that are believed less."""
    now = timezone.now()
    own = identities.primary_of(account)
    Identity.objects.filter(pk=own.pk).update(
        reply_to="office@provider.test", description="Nur Kundschaft", purpose="work"
    )
    shop = Identity.objects.create(user=user, account=account, address="shop@provider.test")
    studio = Identity.objects.create(user=user, account=account, address="studio@provider.test")
    facts = {"domain": "provider.test", "server": "localhost", "term": "a:localhost"}
    named = {"spf_records": ["v=spf1 a:localhost -all"], "spf_names": True}
    for identity, more in ((own, {"relation": "own"}), (shop, named), (studio, {})):
        Alignment.objects.create(identity=identity, facts={**facts, **more}, checked_at=now)
    text = "<div>Mara Lindqvist<br><b>Studio</b></div>"
    chosen = SignatureValues("Arbeit", text, is_default=True, identities=frozenset({own.pk}))
    signatures.save(user=user, values=chosen)
    MessageTemplate.objects.create(
        user=user, name="Besichtigung", subject="Ihr Besuch", html="<div>Guten Tag</div>"
    )
    User.objects.filter(pk=user.pk).update(language="de", time_zone="Europe/Berlin")
    return own


def test_german_fits_a_window(
    page: Page,
    live_server: LiveServer,
    signed: Identity,
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """The window a message is written in, and what unfolds from it."""
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    window.get_by_role("combobox", name="An", exact=True).fill("bob@elsewhere, ann@elsewhere.test,")
    window.get_by_label("Betreff").fill("Gezeiten")
    page_of_words = window.locator("[data-editor-page]").get_by_role("textbox")
    expect(page_of_words).to_be_visible()
    window.locator("[data-from]").click()
    fits("window-from")
    page.get_by_role("option", name="mara@provider.test").click()
    expect(page.locator("#toasts")).to_contain_text("Jetzt als mara@provider.test")
    fits("window-changed")
    window.get_by_role("button", name="Formatierung").click()
    fits("window-toolbar")
    for name, label in (("size", "Größe"), ("ink", "Textfarbe"), ("align", "Ausrichtung")):
        window.get_by_role("button", name=label).click()
        fits(f"window-{name}")
        page.keyboard.press("Escape")
    page_of_words.focus()
    page.keyboard.press("Control+k")
    expect(window.get_by_label("Adresse des Links")).to_be_visible()
    fits("window-link")
    page.keyboard.press("Escape")
    window.locator("summary[aria-label='Weitere Arten zu senden']").click()
    expect(window.get_by_text("Morgen früh")).to_be_visible()
    fits("window-later")
    window.locator("summary[aria-label='Weitere Arten zu senden']").click()
    window.locator("summary[aria-label='Aktionen']").click()
    fits("window-actions")
    window.get_by_role("button", name="Als Vorlage speichern").click()
    expect(page.get_by_role("dialog", name="Als Vorlage speichern")).to_be_visible()
    fits("window-template")
    page.keyboard.press("Escape")
    window.get_by_role("button", name="Senden", exact=True).click()
    expect(window.get_by_text("Noch nicht gesendet.")).to_be_visible()
    fits("window-errors")
    assert [text for text in problems if "422" not in text] == []


def test_german_fits_what_belongs_to_an_address(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    signed: Identity,
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """Identities, signatures, templates, and how messages leave."""

    def go(name: str, *args: int, at: str = "") -> None:
        page.goto(live_server.url + reverse(name, args=args) + at)

    go("identities")
    expect(page.get_by_role("heading", name="Identitäten")).to_be_visible()
    expect(page.get_by_text("Fraglich")).to_be_visible()
    fits("identities")
    for identity in Identity.objects.exclude(account=None):
        go("identity-edit", identity.pk)
        page.get_by_text("Antworten und Ordner").first.click()
        fits(f"identity-{identity.address.partition('@')[0]}")
    go("identity-new")
    expect(page.get_by_role("button", name="Adresse testen")).to_be_visible()
    fits("identity-new")
    go("identity-delete", Identity.objects.get(address="shop@provider.test").pk)
    fits("identity-delete")
    for name in ("signatures", "signature-new", "templates", "template-new"):
        go(name)
        expect(page.locator("h1")).to_be_visible()
        fits(name)
    go("signature-delete", signed.signature_id or user.signatures.get().pk)
    fits("signature-delete")
    go("settings-account", at="#writing")
    expect(page.get_by_label("Senden rückgängig machen")).to_be_visible()
    fits("settings-writing")
    go("smtp-account-edit", account.pk)
    expect(page.get_by_text("Höchstens in 24 Stunden")).to_be_visible()
    fits("smtp-edit")
    SmtpAccount.objects.update(cause="login-refused")
    go("identities")
    expect(page.get_by_role("link", name="Zum Konto").first).to_be_visible()
    fits("identities-broken")
    assert problems == []


def test_german_fits_the_outbox(
    page: Page,
    live_server: LiveServer,
    signed: Identity,
    make: test_outbox.Make,
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """Every state of a message that waits."""
    later = timezone.now() + timedelta(days=2)
    make("Einladung", is_scheduled=True, not_before=later)
    page.goto(live_server.url + reverse("outbox"))
    page.get_by_text("Zeit ändern").click()
    expect(page.get_by_label("Sie geht hinaus")).to_be_visible()
    fits("outbox-time")
    test_outbox.every_state(make)
    page.goto(live_server.url + reverse("outbox"))
    expect(page.get_by_role("heading", name="Geplant")).to_be_visible()
    expect(page.get_by_text("Von localhost an 3 von 4 Empfängern gesendet.")).to_be_visible()
    fits("outbox")
    make("Miete", state="retry", cause="login-refused")
    SmtpAccount.objects.update(cause="login-refused")
    page.goto(live_server.url + reverse("outbox"))
    expect(page.get_by_role("link", name="Konto berichtigen").first).to_be_visible()
    fits("outbox-held")
    assert problems == []


def test_german_fits_what_came_back(
    page: Page,
    user: User,
    copy: Message,
    read: Callable[[Message], None],
    signed: Identity,
    fits: Callable[[str], None],
    problems: list[str],
) -> None:
    """What became of a sent message, the report about it, and a request for a receipt."""
    read(copy)
    expect(page.get_by_text("Von localhost für 3 Empfänger angenommen")).to_be_visible()
    fits("returned-taken")
    bob, kim = test_returned.BOB, test_returned.KIM
    (report,) = test_returned.arrive(user, dsn())
    read(report)
    expect(page.get_by_text("Das ist ein Bericht über „Tide tables")).to_be_visible()
    fits("returned-report")
    read(copy)
    expect(page.get_by_role("button", name=f"erneut an {bob} senden")).to_be_visible()
    fits("returned-one")
    test_returned.arrive(user, dsn(kim))
    read(copy)
    expect(page.get_by_role("button", name="erneut an 2 Empfänger senden")).to_be_visible()
    fits("returned-two")
    (asks,) = test_returned.arrive(user, letter())
    read(asks)
    expect(page.get_by_role("button", name="Bestätigung senden")).to_be_visible()
    fits("receipt")
    assert problems == []
