"""A whole installation as people run it: its own web process, streams and bundled files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.infra.running import Installation, manage

PEOPLE = ("mara@example.test", "otto@example.test")
HTML = (
    "From: Ruth Okafor <ruth@example.org>\nTo: {to}\nSubject: {subject}\n"
    "Date: Fri, 20 Nov 2026 10:00:{number:02} +0000\nMessage-ID: <{number}.{to}>\n"
    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    "<p>The words of {subject} for {to}</p>\n"
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("installed") / "data") as running:
        running.answer("domain", "add", "example.test")
        for person in PEOPLE:
            running.answer("user", "add", person, "--password-stdin", stdin=f"{PASSWORD}\n")
            bring(running, person, *(f"Letter {n}" for n in range(1, 13)))
        yield running


def bring(installation: Installation, person: str, *subjects: str) -> None:
    """File messages into somebody's Inbox, from a process of its own."""
    folder = installation.data_dir.parent / "brought"
    folder.mkdir(exist_ok=True)
    paths: list[Path] = []
    for number, subject in enumerate(subjects):
        path = folder / f"{number}.eml"
        path.write_text(HTML.format(to=person, subject=subject, number=number))
        paths.append(path)
    done = manage(
        "mailbox", "import", person, "--folder", "Inbox", *map(str, paths),
        env=installation.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def address(installation: Installation, path: str = "/") -> str:
    return f"http://localhost:{installation.port}{path}"


def sign_in(page: Page, installation: Installation, person: str, *, remember: bool = True) -> None:
    """By the form, as people do."""
    page.goto(address(installation, "/sign-in/"))
    page.get_by_label("Email Address").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    if remember:
        page.get_by_label("Stay signed in on this device").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#list .msg").first).to_be_visible()
