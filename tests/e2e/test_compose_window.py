"""The compose window around its editor: recipients, people, senders, the Actions menu."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.models import Draft, Identity, SmtpAccount
from smtp_accounts.services import correspondents
from tests.e2e.writing import chips, opened, to_field, words
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
Check = Callable[[], None]


def test_recipients_become_chips(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    to_field(window).fill('"Okafor, Ruth" <ruth@okafor.test>; bob@exmaple; jonas@harbourline.test,')
    expect(chips(window)).to_have_text(["Okafor, Ruth", "bob@exmaple", "jonas@harbourline.test"])
    expect(window.get_by_text("its domain needs a dot")).to_be_visible()
    shot("window-chips")
    no_barriers()
    # The same person again is one person; one who is in To is not put into Cc as well.
    to_field(window).fill("RUTH@okafor.test,mara@example.test,")
    expect(chips(window)).to_have_count(4)
    expect(chips(window).last).to_have_text("mara@example.test (you)")
    page.keyboard.press("Control+Shift+C")
    copy = window.get_by_role("combobox", name="Cc", exact=True)
    expect(copy).to_be_focused()
    copy.fill("ruth@okafor.test,")
    expect(chips(window, "cc")).to_have_count(0)
    expect(window.locator("[data-announce]")).to_have_text("ruth@okafor.test is in To already.")
    # Pasted lines become chips of their own.
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "a@one.test\\nTwo <b@two.test>\\r\\nc@three.test");
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.activeElement.dispatchEvent(event);
        }"""
    )
    expect(chips(window, "cc")).to_have_text(["a@one.test", "Two", "c@three.test"])
    assert problems == []


def test_chips_are_walked_changed_moved_and_removed_by_keys(
    page: Page, live_server: LiveServer, mailbox: Mailbox, no_barriers: Check, shot: Shot
) -> None:
    window = opened(page, live_server)
    page.keyboard.type("a@one.test,b@two.test,c@three.test,")
    page.keyboard.press("ArrowLeft")
    chip = window.locator(".chip")
    expect(chip.nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(chips(window)).to_have_text(["a@one.test", "c@three.test"])
    expect(chip.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(to_field(window)).to_have_value("c@three.test")
    page.keyboard.type("charlotte@three.test,")
    expect(chips(window)).to_have_text(["a@one.test", "charlotte@three.test"])
    page.keyboard.press("Backspace")
    expect(chip.nth(1)).to_be_focused()
    page.keyboard.press(" ")
    menu = window.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Edit")).to_be_focused()
    shot("window-chip-menu")
    no_barriers()
    menu.get_by_role("menuitem", name="Move to Bcc").press("Enter")
    expect(chips(window, "bcc")).to_have_text(["charlotte@three.test"])
    expect(window.locator("[name=to]")).to_have_value("a@one.test")
    window.locator('[data-row="to"] .chip').drag_to(window.locator('[data-row="bcc"]'))
    expect(chips(window, "bcc")).to_have_count(2)
    expect(chips(window)).to_have_count(0)


def test_people_are_suggested(
    page: Page,
    live_server: LiveServer,
    known_people: None,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    field = to_field(window)
    page.keyboard.type("xe")
    listbox = window.get_by_role("listbox", name="People")
    expect(listbox.get_by_role("option")).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    first = listbox.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", first.get_attribute("id") or "")
    expect(listbox.locator("mark").first).to_have_text("xe")
    shot("window-people")
    no_barriers()
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(window).to_have_count(1)
    page.keyboard.type("n")
    expect(listbox.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    chosen = listbox.locator("[aria-selected=true]").get_attribute("data-address") or ""
    page.keyboard.press("Tab")
    expect(chips(window)).to_have_text([chosen])
    expect(field).to_be_focused()
    # Who is there already is not offered again; who is not wanted is never offered again.
    page.keyboard.type("xe")
    expect(listbox.get_by_role("option")).to_have_count(2)
    gone = listbox.locator("[aria-selected=true]").get_attribute("data-address") or ""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Shift+Delete")
    expect(listbox.get_by_role("option")).to_have_count(1)
    assert gone not in [one.address for one in correspondents.suggest(user, "xe")]
    listbox.get_by_role("option").click()
    expect(chips(window)).to_have_count(2)
    assert problems == []


def test_many_recipients_fold(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot
) -> None:
    page.goto(live_server.url)
    window = opened(page, live_server)
    to_field(window).fill(",".join(f"person{n}@group.test" for n in range(45)) + ",")
    expect(chips(window)).to_have_count(45)
    window.get_by_label("Subject").focus()
    expect(chips(window)).to_have_count(10)
    more = window.get_by_role("button", name="and 35 more")
    expect(more).to_be_visible()
    shot("window-many")
    more.click()
    expect(chips(window)).to_have_count(45)


def test_another_sender_brings_what_is_its_own(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    signing: Identity,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    body = words(window)
    body.fill("Dear Ruth,")
    button = window.locator("[data-from]")
    button.click()
    listbox = window.get_by_role("listbox", name="Send From")
    expect(listbox.get_by_role("option")).to_have_count(2)
    expect(listbox).to_contain_text("Only customers, sends through localhost")
    shot("window-from")
    no_barriers()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    expect(body.locator("[data-signature]")).to_contain_text("Harbourline")
    expect(window.get_by_text("Replies go to office@provider.test")).to_be_visible()
    toast = page.locator("#toasts")
    expect(toast).to_contain_text(
        "Now from mara@provider.test, with its signature, its address for replies"
    )
    shot("window-from-changed")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept = Draft.objects.get()
    assert (kept.identity_id, kept.is_by_hand) == (signing.pk, True)
    toast.get_by_role("button", name="Undo").click()
    expect(body.locator("[data-signature]")).to_have_count(0)
    expect(body).to_contain_text("Dear Ruth,")
    expect(window.get_by_text("Replies go to")).to_be_hidden()
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept.refresh_from_db()
    assert (kept.identity_id == signing.pk, kept.is_by_hand) == (False, False)
    # Nothing is said to come with it that does not.
    Identity.objects.filter(pk=signing.pk).update(reply_to="", is_unsigned=True, signature=None)
    button.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(toast).to_contain_text("Now from mara@provider.test, with its Sent folder.")
    assert problems == []


def test_the_usual_sender_is_suggested_and_never_chosen(
    page: Page,
    live_server: LiveServer,
    known_people: None,
    signing: Identity,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    correspondents.wrote(signing.user, signing, ["ruth@okafor.test"], timezone.now())
    window = opened(page, live_server)
    note, button = window.locator('[data-note="usual"]'), window.locator("[data-from]")
    to_field(window).fill("ruth@okafor.test,")
    expect(note).to_contain_text("You last wrote to ruth@okafor.test from mara@provider.test.")
    expect(to_field(window)).to_be_focused()
    expect(button).to_contain_text("mara@example.test")
    shot("window-usual")
    no_barriers()
    # Somebody is written to from elsewhere: then nothing is usual.
    to_field(window).fill("xenia@okafor.test,")
    expect(note).to_have_count(0)
    window.locator("[data-row=to] .chip").last.get_by_role("button").click()
    expect(chips(window)).to_have_text(["ruth@okafor.test"])
    window.get_by_role("button", name="Save and close").click()
    expect(window).to_have_count(0)
    window = opened(page, live_server)
    to_field(window).fill("ruth@okafor.test,")
    note.get_by_role("button", name="Use mara@provider.test").click()
    expect(button).to_contain_text("mara@provider.test")
    expect(note).to_have_count(0)
    assert problems == []


def test_what_a_browser_fills_in_by_itself_is_no_other_sender(
    page: Page, live_server: LiveServer, mailbox: Mailbox, signing: Identity
) -> None:
    """Some put back on a reload what a list had before; what is shown is what is sent from."""
    page.add_init_script(f"""new MutationObserver(() => {{
      const list = document.querySelector("select[name=sender]");
      if (list && !window.refilled) {{ window.refilled = true; list.value = "{signing.pk}"; }}
    }}).observe(document, {{ childList: true, subtree: true }})""")
    page.goto(f"{live_server.url}/compose/?to=ruth@okafor.test")
    window = page.locator("compose-window")
    expect(window.locator("[data-chosen]")).to_contain_text("mara@example.test")
    assert page.evaluate("() => window.refilled")
    window.get_by_label("Subject").fill("Hello")
    expect(window.locator("[data-status]")).to_contain_text("Saved")
    assert Draft.objects.get().identity.address == "mara@example.test"


def test_actions_are_kept_with_the_draft(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    writer_account: SmtpAccount,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    window.get_by_label("Subject").fill("Contract")
    words(window).fill("Please sign here.")
    window.locator("summary[aria-label='Actions']").click()
    menu = window.locator(".unfold__menu--end")
    expect(menu.get_by_text("Link File")).to_be_visible()
    expect(menu.get_by_text("No cloud storage is connected")).to_be_visible()
    shot("window-actions")
    no_barriers()
    menu.get_by_label("Ask for a read receipt").check()
    menu.get_by_label("Tell me when it is delivered").check()
    menu.get_by_label("Importance").select_option("High")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept = Draft.objects.get()
    assert (kept.wants_receipt, kept.wants_dsn, kept.importance) == (True, True, "high")
    menu.get_by_role("button", name="Save as template").click()
    dialog = page.get_by_role("dialog", name="Save as template")
    expect(dialog.get_by_label("Name")).to_have_value("Contract")
    shot("window-template-save")
    no_barriers()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as template “Contract”.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    page.keyboard.press("c")
    window.locator("summary[aria-label='Actions']").click()
    menu.get_by_role("button", name="Insert template").click()
    page.get_by_role("dialog", name="Insert template").get_by_role(
        "button", name="Contract"
    ).click()
    expect(window.get_by_label("Subject")).to_have_value("Contract")
    expect(words(window)).to_contain_text("Please sign here.")
    assert problems == []


def test_fingers_find_everything_on_a_phone(
    page: Page, live_server: LiveServer, mailbox: Mailbox, writer_account: SmtpAccount
) -> None:
    """Every control has 44 px, or a place of its own that large (WCAG 2.5.8 asks for 24)."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/compose/?to=bob@elsewhere.test")
    window = page.locator("compose-window")
    expect(chips(window)).to_have_text(["bob@elsewhere.test"])
    expect(words(window)).to_be_visible()
    controls = "button, summary, .compose__attach, .menu__item, [role=option]"
    for unfold in (None, "Actions", "More ways to send"):
        if unfold:
            window.locator(f"summary[aria-label='{unfold}']").click()
        small = window.evaluate(
            """(host, controls) => [...host.querySelectorAll(controls)]
              .filter((one) => one.checkVisibility() && !one.closest(".editor, .chip, .sr"))
              .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
              .filter(([box]) => box.width && (box.height < 43.5 || box.width < 43.5))
              .map(([box, html]) => `${box.width} x ${box.height}: ${html}`)""",
            controls,
        )
        assert small == [], "\n".join(small)
        if unfold:
            page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
