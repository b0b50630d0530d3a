"""A day of the administrator of a domain, from the first person to the logo."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Limits, PeopleImport, Role, User
from retrieval.services import pausing
from tests.webmail import happened
from tests.webmail.test_branding import picture
from webmail.services import importing

NEW_PASSWORD = "a river nobody else has seen"
LIST = "Email;Name;Backup\nnoor;Noor;noor@mail.test\nlars;Lars;\nfar@there.test;Far;\nana;Ana;\n"


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.test", Role.DOMAIN_ADMIN, display_name="Ada Admin")


def runs_a_domain(
    page: Page, eve: User, folder: Path, shot: Callable[..., None], no_barriers: Callable[[], None]
) -> None:
    """Limits for everybody; a provider that fails is seen, paused, and found in the log."""
    main = page.locator("#main")
    page.get_by_role("link", name="Limits").click()
    main.get_by_label("Retrieval tasks").fill("3")
    page.keyboard.press("Enter")
    expect(main.get_by_text("Holds: 3", exact=True)).to_be_visible()
    assert Limits.objects.get(domain=eve.domain).tasks == 3
    happened.fill(eve, timezone.now())
    page.get_by_role("link", name="Health").click()
    retrieval = main.get_by_role("region", name="Retrieval")
    expect(retrieval.locator("b")).to_contain_text("1 task failing at imap.remote.test since")
    main.get_by_role("link", name="Pause").click()
    main.get_by_label("Reason").fill("They are moving house.")
    main.get_by_role("button", name="Pause imap.remote.test").click()
    paused = main.get_by_role("region", name="Paused")
    expect(paused.get_by_text("imap.remote.test is paused until")).to_be_visible()
    expect(paused.get_by_text("They are moving house.")).to_be_visible()
    assert pausing.paused_for(eve.retrieval_tasks.get(), now=timezone.now())
    no_barriers()
    shot("health-paused")
    main.get_by_role("button", name="End the pause").click()
    expect(paused).to_have_count(0)
    main.get_by_role("link", name="Logs").click()
    expect(main.get_by_label("Outcome")).to_have_value("failed")
    with page.expect_download() as taken:
        main.get_by_role("button", name="Export as CSV").click()
    taken.value.save_as(folder / "runs.csv")
    with (folder / "runs.csv").open(encoding="utf-8-sig") as file:
        (line,) = csv.reader(list(file)[1:])
    assert "eve@example.test" in line
    assert "imap.remote.test" in " ".join(line)


@pytest.mark.accept("A169", "A170", "A171", "A172", "A173", "A174")
def test_a_domain_admins_day(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    admin: User,
    enter: Callable[[User], None],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
    problems: list[str],
    tmp_path: Path,
) -> None:
    enter(admin)
    main = page.locator("#main")
    page.goto(f"{live_server.url}/settings/")
    page.get_by_role("link", name="Users", exact=True).click()
    # A new person, with the keyboard alone.
    page.get_by_role("link", name="New user").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Email Address", exact=True).focus()
    page.keyboard.type("eve")
    page.keyboard.press("Tab")
    page.keyboard.type("Eve Lund")
    no_barriers()
    shot("user-new")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This is the first password")).to_be_visible()
    no_barriers()
    page.get_by_role("link", name="Done").click()
    # Three more from a list, of which one line is somebody else's.
    page.get_by_role("link", name="Import").click()
    page.get_by_label("Paste the lines").fill(LIST)
    shot("import")
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("1 line cannot be used")).to_be_visible()
    no_barriers()
    shot("import-look")
    page.get_by_role("button", name="Add 3 people").click()
    expect(page.get_by_text("0 of 4 lines")).to_be_visible()
    row = PeopleImport.objects.get()
    while importing.go_on(pk=row.pk, now=timezone.now()):
        pass
    expect(page.get_by_text("3 people were added.")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download the answer").click()
    taken.value.save_as(tmp_path / "answer.csv")
    with (tmp_path / "answer.csv").open() as file:
        results = [line["result"] for line in csv.DictReader(file)]
    assert [one == "added" for one in results] == [True, True, False, True]
    # Found, given a backup address and a new password.
    main.get_by_role("link", name="Users", exact=True).click()
    shot("users")
    no_barriers()
    main.get_by_role("searchbox", name="Find a user").fill("eve lund")
    page.keyboard.press("Enter")
    main.get_by_role("link", name="Eve Lund").click()
    shot("user")
    no_barriers()
    page.get_by_label("Backup Email Address").fill("other@example.test")
    main.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("another provider")
    page.get_by_label("Backup Email Address").fill("eve@mail.test")
    main.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Eve Lund is told.")).to_be_visible()
    main.get_by_role("button", name="Set new password").click()
    given = page.get_by_label("Password", exact=True).input_value()
    shot("user-password")
    # Eve comes in with it, and has to choose one that only she knows.
    hers = browser.new_context().new_page()
    hers.goto(f"{live_server.url}/sign-in/")
    hers.get_by_label("Email Address").fill("eve@example.test")
    hers.get_by_label("Password", exact=True).fill(given)
    hers.get_by_role("button", name="Sign in", exact=True).click()
    expect(hers.get_by_role("heading", name="Choose your password")).to_be_visible()
    hers.goto(f"{live_server.url}/")
    expect(hers.get_by_role("heading", name="Choose your password")).to_be_visible()
    for field in hers.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    hers.locator("form[method=post] button[type=submit]").first.click()
    expect(hers.get_by_role("heading", name="Choose your password")).to_have_count(0)
    # Out at once, in again; to be deleted, and taken back.
    main.get_by_role("link", name="To the account").click()
    main.get_by_role("link", name="Disable").click()
    main.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Nobody can sign in to this account")).to_be_visible()
    hers.goto(f"{live_server.url}/")
    expect(hers.get_by_role("heading", name="Sign in")).to_be_visible()
    hers.context.close()
    main.get_by_role("link", name="Enable").first.click()
    main.get_by_role("button", name="Enable").click()
    main.get_by_role("link", name="Delete").click()
    shot("user-delete")
    main.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("To be deleted on")).to_be_visible()
    main.get_by_role("link", name="Keep the account").first.click()
    main.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Eve Lund is kept.")).to_be_visible()
    eve = User.objects.get(email="eve@example.test")
    assert (eve.is_active, eve.delete_after, eve.backup_address) == (True, None, "eve@mail.test")
    # The domain's own face.
    page.get_by_role("link", name="Branding").click()
    page.get_by_label("Name people see").fill("Harbour Mail")
    logo = FilePayload(name="logo.png", mimeType="image/png", buffer=picture())
    page.get_by_label("Logo", exact=True).set_input_files(logo)
    main.get_by_role("button", name="Save").click()
    expect(page.locator(".rail").get_by_role("link", name="Harbour Mail")).to_be_visible()
    expect(page.locator(".rail .brand-logo")).to_be_visible()
    no_barriers()
    shot("branding")
    runs_a_domain(page, eve, tmp_path, shot, no_barriers)
    # The one form that was refused is told by the browser as well.
    assert [one for one in problems if "422" not in one] == []
