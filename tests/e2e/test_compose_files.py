"""Files of a message on their way up: in pieces, over a lost line, and within what fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.services import blobs
from smtp_accounts.models import DraftAttachment, DraftUpload, OutboxMessage, SmtpAccount
from smtp_accounts.services import identities, sizes
from tests.e2e.writing import words
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
Check = Callable[[], None]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
MIB = 1024 * 1024
INLINE = re.compile(r"^/compose/[0-9a-f-]+/inline/\d+/$")


def opened(page: Page, live_server: LiveServer) -> Locator:
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    expect(window.get_by_role("combobox", name="To", exact=True)).to_be_focused()
    return window


def pick(window: Locator, *files: FilePayload) -> None:
    window.locator("input[name=files]").set_input_files(list(files))


def test_a_file_goes_on_after_the_line_was_lost(
    page: Page,
    context: BrowserContext,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Check,
) -> None:
    window = opened(page, live_server)
    pieces: list[str] = []

    def passing(route: Route) -> None:
        """The third piece meets a line that is gone."""
        offset = route.request.headers.get("upload-offset")
        if route.request.method == "POST" and offset is not None:
            pieces.append(offset)
            if len(pieces) == 3:
                context.set_offline(True)
        route.continue_()

    page.route("**/upload/*/", passing)
    body = bytes(range(256)) * (5 * MIB // 256) + b"the end"
    pick(window, FilePayload(name="Würfel 1.bin", mimeType="", buffer=body))
    line = window.locator(".file--going")
    expect(line).to_contain_text("Waits for the connection", timeout=20_000)
    expect(line).to_contain_text("2.0 of 5.0 MB")
    expect(line.get_by_role("progressbar", name="Würfel 1.bin")).to_be_visible()
    shot("files-paused")
    no_barriers()
    window.get_by_role("button", name="Send", exact=True).click()
    expect(window.get_by_text("A file is still on its way.")).to_be_visible()
    context.set_offline(False)
    expect(window.locator(".file .help")).to_contain_text("5.0 MB, attached", timeout=30_000)
    kept = DraftAttachment.objects.select_related("blob__segment").get()
    assert (kept.filename, kept.size) == ("Würfel 1.bin", len(body))
    assert b"".join(blobs.stream(kept.blob)) == body
    # Each piece travelled once, but for the one that was lost.
    assert [int(one) for one in pieces] == [0, MIB, 2 * MIB, 2 * MIB, 3 * MIB, 4 * MIB, 5 * MIB]
    assert not DraftUpload.objects.exists()


def test_what_does_not_fit_is_said_before_it_travels(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Shot,
) -> None:
    account = SmtpAccount.objects.create(
        user=user, host="smtp.small.test", port=465, encryption="ssl", email="mara@small.test",
        use_authentication=False, facts={"size": 2_000_000},
    )  # fmt: skip
    identities.set_default(user, identities.primary_of(account))
    window = opened(page, live_server)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if "/upload/" in one.url else None)
    big = FilePayload(name="Film.mov", mimeType="video/quicktime", buffer=b"x" * 1_600_000)
    small = FilePayload(name="Plan.pdf", mimeType="application/pdf", buffer=b"x" * 100_000)
    pick(window, big, small)
    expect(window.get_by_text("With “Film.mov” the message would have 2.1 MB")).to_be_visible()
    expect(window.get_by_text("smtp.small.test takes 1.9 MB at most.")).to_be_visible()
    expect(window.locator(".file .help")).to_have_text("97 KB, attached")
    shot("files-too-large")
    assert len(asked) == 2
    assert DraftAttachment.objects.get().filename == "Plan.pdf"


def test_an_upload_is_cancelled(page: Page, live_server: LiveServer, mailbox: Mailbox) -> None:
    window = opened(page, live_server)
    # No piece ever gets an answer; giving the file up does.
    page.route(
        "**/upload/*/", lambda one: one.continue_() if one.request.method == "DELETE" else None
    )
    pick(window, FilePayload(name="a.bin", mimeType="", buffer=b"x" * 3 * MIB))
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        window.get_by_role("button", name="Cancel the upload of a.bin").click()
    expect(window.locator(".file")).to_have_count(0)
    assert not DraftUpload.objects.exists()
    assert not DraftAttachment.objects.exists()


def test_a_picture_moves_from_the_files_into_the_text(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot, problems: list[str]
) -> None:
    window = opened(page, live_server)
    pick(window, FilePayload(name="Workbench.png", mimeType="image/png", buffer=PNG))
    expect(window.locator(".file .help")).to_contain_text("attached")
    shot("files-picture")
    window.get_by_role("button", name="Put into the text").click()
    picture = words(window).locator("img")
    expect(picture).to_have_attribute("src", INLINE)
    expect(window.locator(".file")).to_have_count(0)
    kept = DraftAttachment.objects.get()
    assert kept.content_id
    assert picture.get_attribute("data-cid") == kept.content_id
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1
    assert problems == []


def test_twenty_five_megabytes_are_sent(
    page: Page, live_server: LiveServer, mailbox: Mailbox, tmp_path: Path
) -> None:
    """The most that is taken as this is installed, with its way up shown, and then sent."""
    file = tmp_path / "Archive.zip"
    file.write_bytes(b"0123456789abcdef" * (25 * MIB // 16))
    window = opened(page, live_server)
    seen: list[float] = []

    def passing(route: Route) -> None:
        seen.append(float(window.get_by_role("progressbar").evaluate("one => one.value")))
        route.continue_()

    page.route("**/upload/*/", passing, times=20)
    window.locator("input[name=files]").set_input_files(file)
    expect(window.locator(".file .help")).to_contain_text("25 MB, attached", timeout=60_000)
    assert DraftAttachment.objects.get().size == 25 * MIB
    assert seen == sorted(seen)
    assert seen[-1] > 0.5
    window.get_by_role("combobox", name="To", exact=True).fill("mara@example.test,")
    window.get_by_label("Subject").fill("All of it")
    window.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("The message is on its way as")).to_be_visible(timeout=60_000)
    assert OutboxMessage.objects.get().blob.size > 25 * MIB * 4 // 3


def test_one_byte_more_than_fits_is_refused_with_words(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    """The browser and the server reckon alike what a file takes on its way out."""
    fits = 57 * 1000
    account = SmtpAccount.objects.create(
        user=user, host="smtp.small.test", port=465, encryption="ssl", email="mara@small.test",
        use_authentication=False, facts={"size": sizes.of_draft(None, [fits])},
    )  # fmt: skip
    identities.set_default(user, identities.primary_of(account))
    window = opened(page, live_server)
    pick(window, FilePayload(name="more.bin", mimeType="", buffer=b"x" * (fits + 1)))
    expect(window.get_by_text("With “more.bin” the message would have")).to_be_visible()
    pick(window, FilePayload(name="whole.bin", mimeType="", buffer=b"x" * fits))
    expect(window.locator(".file .help")).to_have_text("55 KB, attached")
    window.get_by_role("button", name="Remove whole.bin").click()
    expect(window.locator(".file")).to_have_count(0)
    said = window.evaluate(
        """async (one, size) => {
          const { csrfHeaders } = await import("/static/js/toast.js");
          const body = new URLSearchParams({ filename: "more.bin", size });
          const way = { method: "POST", headers: csrfHeaders(), body };
          const answer = await fetch(one.dataset.uploadUrl, way);
          return [answer.status, (await answer.json()).error ?? ""];
        }""",
        fits + 1,
    )
    assert said == [
        422,
        "smtp.small.test takes at most 55.9\xa0KB of files. This one was not added.",
    ]


def hand_over(page: Page, kind: str) -> None:
    """Drag a folder over the window, or drop it: as entries, two files, one of them deeper."""
    page.evaluate(
        """(kind) => {
          const file = (name) => ({ isFile: true, file: (done) => done(new File([name], name)) });
          const folder = (...inside) => ({ isDirectory: true, createReader: () => {
            const left = [inside, []];
            return { readEntries: (done) => done(left.shift()) };
          } });
          const entry = folder(file("one.txt"), folder(file("two.txt")));
          const item = { webkitGetAsEntry: () => entry };
          const dataTransfer = { types: ["Files"], files: [new File([], "Folder")], items: [item] };
          const event = new Event(kind, { bubbles: true, cancelable: true });
          const host = document.querySelector("compose-window");
          host.dispatchEvent(Object.assign(event, { dataTransfer }));
        }""",
        kind,
    )


def test_a_folder_is_dropped(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot
) -> None:
    window = opened(page, live_server)
    hand_over(page, "dragover")
    expect(window.get_by_text("Drop files to attach them")).to_be_visible()
    shot("files-drop")
    hand_over(page, "drop")
    expect(window.locator(".file b")).to_have_text(["one.txt", "two.txt"])
    expect(window.locator(".file .help")).to_have_count(2)
    assert set(DraftAttachment.objects.values_list("filename", flat=True)) == {"one.txt", "two.txt"}
