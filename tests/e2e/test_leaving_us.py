"""From what takes space to a copy of everything, out of the door, and back in."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import folders, usage
from tests.conftest import PASSWORD
from tests.mail import letter, put
from webmail.services import exports
from webmail.tasks import write_export


def test_from_what_is_large_to_the_export_and_out_and_back_in(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    settings: Settings,
    tmp_path: Path,
    problems: list[str],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    settings.DATA_DIR = str(tmp_path)
    raw = letter("Harbour survey", text="All of the soundings.\n" * 60_000)
    (survey,) = put(folders.special(user, FolderRole.INBOX), raw)
    enter(user)
    main = page.locator("#main")
    page.goto(f"{live_server.url}/settings/")
    # What is large goes, with the keyboard alone; it still takes space.
    page.get_by_role("link", name="Storage").click()
    before = usage.used(user)
    large = main.get_by_role("button", name="Delete “Harbour survey”")
    expect(large).to_be_visible()
    shot("storage")
    large.focus()
    page.keyboard.press("Enter")
    expect(large).to_have_count(0)
    assert Message.objects.get(pk=survey.pk).folder.role == FolderRole.TRASH
    assert usage.used(user) == before
    # A copy of everything, written by a worker while the page looks on.
    page.get_by_role("link", name="Export my data").click()
    main.get_by_role("link", name="Make an export").click()
    main.get_by_role("button", name="Make it").click()
    expect(main.get_by_text("Waiting for a worker.")).to_be_visible()
    row = exports.of(user)
    assert row is not None
    write_export(export_id=row.pk)
    expect(main.get_by_text("Ready:")).to_be_visible()
    no_barriers()
    shot("export-ready")
    with page.expect_download() as taken:
        main.get_by_role("link", name="Download").click()
    taken.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as found:
        assert b"Subject: Harbour survey" in found.read("mail/Deleted Items.mbox")
    # It is not removed by one wrong key.
    main.get_by_role("link", name="Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Remove the export?")).to_be_visible()
    no_barriers()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(main.get_by_text("Ready:")).to_be_visible()
    main.get_by_role("link", name="Remove").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(main.get_by_text("None yet.")).to_be_visible()
    assert not list(exports.folder().iterdir())
    # Out: every other browser at once, and this one is asked whether it is meant.
    page.get_by_role("link", name="Delete my account").click()
    main.get_by_label("to say that you mean it").fill("mara")
    page.keyboard.press("Enter")
    expect(main.get_by_role("alert")).to_be_visible()
    main.get_by_label("to say that you mean it").fill(user.email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keep this account?")).to_be_visible()
    no_barriers()
    shot("keep-account")
    user.refresh_from_db()
    assert user.delete_after is not None
    # Back in, from another browser.
    other = browser.new_context().new_page()
    other.goto(f"{live_server.url}/sign-in/")
    other.get_by_label("Email Address").fill(user.email)
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.keyboard.press("Enter")
    other.get_by_role("button", name="Keep my account").click()
    expect(other.get_by_text("Your account stays.")).to_be_visible()
    other.context.close()
    user.refresh_from_db()
    assert user.delete_after is None
    page.reload()
    expect(page.get_by_role("heading", name="Keep this account?")).to_have_count(0)
    # The one form that was refused is told by the browser as well.
    assert [one for one in problems if "422" not in one] == []
