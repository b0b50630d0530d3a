"""A whole installation as people run it: its own web process, streams and bundled files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import PASSWORD
from tests.infra.running import ROOT, environment, fetch
from tests.postgres import free_port
from tests.waiting import wait_until
from webmail import processes

PEOPLE = ("mara@example.test", "otto@example.test")
HTML = (
    "From: Ruth Okafor <ruth@example.org>\nTo: {to}\nSubject: {subject}\n"
    "Date: Fri, 20 Nov 2026 10:00:{number:02} +0000\nMessage-ID: <{number}.{to}>\n"
    "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    "<p>The words of {subject} for {to}</p>\n"
)


# In one process, as each takes as long as everything it does here.
SEED = """
import json, sys
import django
django.setup()
from django.utils import timezone
from accounts.models import Domain, User
from filtering.services import deliver
from filtering.services.deliver import Incoming
from mailstore.services import folders
from protocols.body import Body
domain = Domain.objects.create(name="example.test")
said = json.load(sys.stdin)
for email, letters in said["people"].items():
    person = User(email=email, domain=domain)
    person.set_password(said["password"])
    person.save()
    folders.provision(person)
    inbox = folders.special(person, "inbox")
    many = [Incoming(Body.of(one.encode()), inbox) for one in letters]
    deliver.deliver(many, now=timezone.now())
"""


@dataclass
class Installed:
    """The web process and the broker of an installation; its workers have nothing to do here."""

    data_dir: Path
    port: int
    environment: dict[str, str]

    def run(self, command: Sequence[str], **more: Any) -> None:
        subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, timeout=300, text=True,
            capture_output=True, **more,
        )  # fmt: skip


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, lay_tables: Callable[[Path], None]
) -> Iterator[Installed]:
    data_dir, port = tmp_path_factory.mktemp("installed") / "data", free_port()
    lay_tables(data_dir)
    django = {"DJANGO_SETTINGS_MODULE": "webmail.settings"}
    site = Installed(data_dir, port, environment(data_dir, **django))
    site.run([sys.executable, "manage.py", "process", "prepare"])
    people = {
        person: [HTML.format(to=person, subject=f"Letter {n}", number=n) for n in range(1, 13)]
        for person in PEOPLE
    }
    said = json.dumps({"people": people, "password": PASSWORD})
    site.run([sys.executable, "-c", SEED], input=said)
    wanted = [
        processes.broker(data_dir / "run" / "valkey.sock"),
        processes.web("127.0.0.1", port),
    ]
    with ExitStack() as stack:
        for one in wanted:
            running = subprocess.Popen(
                list(one.command), cwd=ROOT, env=site.environment, stderr=subprocess.DEVNULL
            )
            stack.callback(running.wait, 60)
            stack.callback(running.terminate)
        wait_until(lambda: fetch(port, "/healthz")[0] == 200, "the site answers")
        yield site


def bring(installation: Installed, person: str, *subjects: str) -> None:
    """File messages into somebody's Inbox, from a process of its own."""
    folder = installation.data_dir.parent / "brought"
    folder.mkdir(exist_ok=True)
    paths: list[Path] = []
    for number, subject in enumerate(subjects):
        path = folder / f"{number}.eml"
        path.write_text(HTML.format(to=person, subject=subject, number=number))
        paths.append(path)
    command = [sys.executable, "manage.py", "mailbox", "import", person, "--folder", "Inbox"]
    installation.run([*command, *map(str, paths)])


def address(installation: Installed, path: str = "/") -> str:
    return f"http://localhost:{installation.port}{path}"


def sign_in(page: Page, installation: Installed, person: str, *, remember: bool = True) -> None:
    """By the form, as people do."""
    page.goto(address(installation, "/sign-in/"))
    page.get_by_label("Email Address").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    if remember:
        page.get_by_label("Stay signed in on this device").check()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    if "/welcome/" in page.url:  # the first time
        page.goto(address(installation, "/"))
    expect(page.locator("#list .msg").first).to_be_visible()
