"""Secret canaries: passwords that are looked for wherever something is written down or shown.

Each is looked for as it is, and in every shape programs give to things: base64, hex, quoted.
"""

from __future__ import annotations

import base64
import quopri
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from inspect import Parameter, signature
from io import StringIO
from unittest.mock import patch
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.core.signals import got_request_exception
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from accounts.models import User
from lib.operator import OperatorError
from retrieval.models import RetrievalTask
from smtp_accounts.models import OutboxMessage, OutboxRecipient, SmtpAccount
from smtp_accounts.services import queue, rounds
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.senders import key_of
from webmail.celery import app

# With letters that every notation writes in its own way.
CANARY = 'Kanarie+4711/"\\=&ü'
OTHER = "Another-Canary-0815"


def shapes(secret: str) -> Iterator[str]:
    """The ways a secret may be written; of base64 what does not depend on what is around it."""
    raw = secret.encode()
    yield secret
    yield secret.encode("unicode_escape").decode()
    yield repr(secret)[1:-1]
    yield secret.replace("\\", "\\\\").replace('"', '\\"')
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield quopri.encodestring(raw).decode().strip()
    yield raw.hex()
    yield raw.hex().upper()
    for before in range(3):
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            coded = alphabet(b"\0" * before + raw).decode().rstrip("=")
            start = -(-before * 8 // 6)
            yield coded[start : len(coded) - 2]


def leaks(text: object, *secrets: str) -> list[str]:
    said = text if isinstance(text, str) else str(text)
    return [shape for one in secrets or (CANARY, OTHER) for shape in shapes(one) if shape in said]


def test_the_search_finds_what_it_looks_for() -> None:
    plain = base64.b64encode(f"\0mara\0{CANARY}".encode()).decode()
    for written in (CANARY, plain, CANARY.encode().hex(), quote(CANARY), repr({"x": CANARY})):
        assert leaks(f"said {written} here"), written


def database() -> str:
    """Every value of every table, as a dump shows it, but for the ciphertext itself."""
    rows: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {name}")  # noqa: S608 # a table of ours
            rows += [str([_plain(value) for value in row]) for row in cursor.fetchall()]
    return "\n".join(rows)


def _plain(value: object) -> str:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).decode("latin-1")
    return str(value)


@pytest.fixture
def imap_account(dovecot: Dovecot, settings: Settings) -> Dovecot:
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    dovecot.add_user("canary", OTHER)
    return dovecot


def typed(server: Dovecot, **changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "type": "imap", "host": "localhost", "port": server.imaps_port, "username": "canary",
        "password": OTHER, "method": "automatic", "transfer": "root", "require_ssl": "on",
        "action": "save",
    }  # fmt: skip
    return values | changes


def test_adding_testing_pulling_and_failing_tell_nothing(
    user: User,
    client_for: Callable[[User], Client],
    imap_account: Dovecot,
    logged: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    browser, new = client_for(user), reverse("retrieval-new")
    pages = [
        browser.post(new, typed(imap_account, password=CANARY)),
        browser.post(new, typed(imap_account, password=CANARY, host="", action="test")),
        browser.post(new, typed(imap_account, password=CANARY, action="port:993")),
        browser.post(new, typed(imap_account, action="test")),
        browser.post(new, typed(imap_account)),
    ]
    task = RetrievalTask.objects.get()
    edit = reverse("retrieval-edit", args=[task.pk])
    pages += [
        browser.get(edit),
        browser.post(edit, typed(imap_account, password=CANARY)),
        browser.post(edit, typed(imap_account, username=CANARY, password=OTHER, port="1")),
        browser.post(reverse("retrieval-test", args=[task.pk])),
        browser.post(reverse("retrieval-password", args=[task.pk]), {"password": CANARY}),
        browser.get(reverse("retrieval-detail", args=[task.pk])),
        browser.get(reverse("connectivity")),
    ]
    call_command("retrieval", "run", str(task.pk), "--json")
    call_command("retrieval", "show", str(task.pk), "--json")
    call_command("retrieval", "list", "--json")
    for page in pages:
        # What is typed as a name may be shown again; here only the passwords are looked for.
        found = leaks(page.content.decode(), OTHER)
        assert not found, page.request
    for page in [*pages[:7], *pages[8:]]:
        assert not leaks(page.content.decode(), CANARY)
    assert not leaks(logged.getvalue())
    assert not leaks("".join(capsys.readouterr()))
    assert not leaks(database())
    assert not leaks(repr(task.__dict__) + repr(task.credential) + repr(task.credential.__dict__))


def test_sending_accounts_tell_nothing(
    user: User,
    client_for: Callable[[User], Client],
    smtp_server: SmtpServer,
    imap_account: Dovecot,
    logged: StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    smtp_server.users["canary"] = OTHER
    browser, new = client_for(user), reverse("smtp-account-new")
    form = {
        "display_name": "Mara", "host": "localhost", "port": smtp_server.starttls_port,
        "encryption": "tls", "email": "mara@provider.test", "use_authentication": "on",
        "username": "canary", "password": OTHER, "action": "save",
    }  # fmt: skip
    pages = [
        browser.post(new, form | {"password": CANARY}),
        browser.post(new, form | {"password": CANARY, "email": "no address"}),
        browser.post(new, form | {"action": "port:465"}),
        browser.post(new, form),
    ]
    account = SmtpAccount.objects.get()
    pages += [
        browser.get(reverse("smtp-account-edit", args=[account.pk])),
        browser.post(reverse("smtp-account-edit", args=[account.pk]), form | {"action": "test"}),
        browser.post(reverse("smtp-account-edit", args=[account.pk]), form | {"password": CANARY}),
        browser.get(reverse("connectivity")),
    ]
    key = uuid4()
    letter = {"sender": key_of(account), "to": "bob@elsewhere.test", "subject": "Hi", "body": "Hi"}
    pages.append(browser.post(reverse("compose-send", args=[key]), letter))
    for later in (timedelta(seconds=20), timedelta(hours=5)):
        now = timezone.now() + later
        for pk, fence in queue.claim_due(now=now):
            rounds.deliver(outbox_id=pk, fence=fence, clock=timezone.now)
        smtp_server.users["canary"] = CANARY  # from now on the stored password is wrong
        OutboxMessage.objects.update(state="queued", not_before=now, dot_sent_at=None)
        OutboxRecipient.objects.update(state="pending")
    assert len(smtp_server.accepted) == 1
    assert "login-refused" in database()
    pages.append(browser.get(reverse("outbox")))
    call_command("smtp-account", "list", user.email, "--json")
    with pytest.raises(OperatorError) as refused:
        call_command("smtp-account", "test", str(account.pk), "--json")
    assert not leaks(f"{refused.value} {refused.value.facts}")
    for page in pages:
        assert not leaks(page.content.decode())
    assert not leaks(logged.getvalue())
    assert not leaks("".join(capsys.readouterr()))
    assert not leaks(database())


def test_hints_carry_numbers_only() -> None:
    """What lies in the broker: ids, never a secret or a body."""
    app.loader.import_default_modules()
    rooms = {configured_app.split(".")[0] for configured_app in configured.INSTALLED_APPS}
    ours = [task for name, task in app.tasks.items() if name.split(".")[0] in rooms - {"celery"}]
    assert len(ours) >= 4
    for task in ours:
        for taken in signature(task.run).parameters.values():
            assert taken.kind is Parameter.KEYWORD_ONLY, task.name
            assert taken.annotation in ("int", "int | None", int), task.name


# Where a programming error might strike while a password is at hand.
STRIKES = [
    "protocols.wire.Wire.send",
    "protocols.wire.Wire.readline",
    "protocols.imap.connection._sign_in",
    "protocols.pop3.entry._sign_in",
    "protocols.check._stages",
    "protocols.smtp.entry._sign_in",
    "protocols.smtp.probe._offer",
    "protocols.smtp.replies.send",
    "lib.sealing.Keyring.seal",
    "lib.sealing.Keyring.open",
    "connectivity.services.credentials.keyring",
    "connectivity.services.trials.take",
    "retrieval.services.accounts.store",
    "retrieval.services.storing._label",
    "retrieval.forms.TaskForm.values",
    "smtp_accounts.services.accounts.store",
    "smtp_accounts.forms.AccountForm.values",
    "smtp_accounts.views.form_page.show",
    "retrieval.views.form_page.show",
    "django.contrib.auth.base_user.check_password",
    "axes.backends.AxesStandaloneBackend.authenticate",
    "accounts.services.passwords.change",
]


class Struck(Exception):
    """Not foreseen anywhere."""


@pytest.mark.parametrize("place", STRIKES)
def test_an_error_report_holds_no_secret(
    user: User,
    client_for: Callable[[User], Client],
    imap_account: Dovecot,
    smtp_server: SmtpServer,
    logged: StringIO,
    place: str,
) -> None:
    smtp_server.users["canary"] = OTHER
    user.set_password(CANARY)
    user.save()
    browser = client_for(user)
    browser.raise_request_exception = False
    pop = {
        "type": "pop", "port": imap_account.pop3s_port, "action": "test", "destination": "new",
        "new_folder": "Canary",
    }  # fmt: skip
    smtp = {
        "host": "localhost", "port": smtp_server.starttls_port, "encryption": "tls",
        "email": "mara@provider.test", "use_authentication": "on", "username": "canary",
        "password": OTHER, "display_name": "",
    }  # fmt: skip
    new = {"old_password": CANARY, "new_password1": OTHER, "new_password2": OTHER}
    browser.post(reverse("retrieval-new"), typed(imap_account))
    browser.post(reverse("smtp-account-new"), smtp)
    tasks, accounts = RetrievalTask.objects.all(), SmtpAccount.objects.all()
    assert (len(tasks), len(accounts)) == (1, 1)
    reports: list[str] = []

    def report(sender: object, request: HttpRequest, **kwargs: object) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    got_request_exception.connect(report)
    try:
        with patch(place, side_effect=Struck("struck")):
            answers = [
                browser.post(reverse("retrieval-new"), typed(imap_account, anyway="1")),
                browser.post(reverse("retrieval-new"), typed(imap_account, **pop)),
                browser.post(reverse("smtp-account-new"), smtp),
                Client(raise_request_exception=False).post(
                    reverse("sign-in"), {"username": user.email, "password": CANARY}
                ),
                browser.post(reverse("security-password"), new),
            ]
            answers += [browser.post(reverse("retrieval-test", args=[one.pk])) for one in tasks]
            edits = [reverse("smtp-account-edit", args=[one.pk]) for one in accounts]
            answers += [browser.post(address, smtp | {"action": "test"}) for address in edits]
    finally:
        got_request_exception.disconnect(report)
    assert reports, "the error struck nowhere"
    for told in reports:
        assert "struck" in told
        assert not leaks(told)
    for answer in answers:
        assert not leaks(answer.content.decode())
    assert not leaks(logged.getvalue())


def test_settings_in_a_report_hold_no_secret(settings: Settings) -> None:
    settings.RELAY_URL = f"smtp://relay:{OTHER}@mail.example.test"
    settings.BROKER_URL = f"redis://:{OTHER}@broker.example.test/0"
    settings.DATABASE_URL = f"postgresql://t:{OTHER}@db.example.test/t"
    settings.CREDENTIAL_KEYS = [f"k1:{OTHER}"]
    reporter = ExceptionReporter(RequestFactory().get("/"), None, None, None)
    for told in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert not leaks(told)
        assert "ROOT_URLCONF" in told
