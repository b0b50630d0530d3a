"""Words no entry fits are counted, without naming anybody, and listed for operators."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from connectivity.masking import mask
from connectivity.models import UnknownFailure
from connectivity.services import failures
from protocols.errors import LoginRefused, MailServerError, Stage

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)


def refused(line: str) -> MailServerError:
    return LoginRefused(Stage.LOGIN, server_line=line)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("flarp for jdoe@corp.test denied", "flarp for <address> denied"),
        ("flarp for jdoe at imap.corp.test (10.1.2.3)", "flarp for <name> at <name> (<ip>)"),
        ("flarp at mx.elsewhere.test", "flarp at <host>"),
        ("535 flarp [198.5.100.7] 192.2.0.9. 5.7.1", "535 flarp [<ip>] <ip>. 5.7.1"),
        ("flarp [2001:db8::7] 17 times", "flarp [<ip>] # times"),
        ('no "Secret project" here', "no <name> here"),
        ("535 5.7.99 flarp id 8gd7f6dh3k2-abc", "535 5.7.99 flarp id <id>"),
        ("see https://x.test/a?user=jdoe", "see <link>"),
        ("550 5.1.99 <jdoe@corp.test>: flarp", "550 5.1.99 <<address>>: flarp"),
        ("400 interesting_error AADSTS99999: x", "400 interesting_error AADSTS99999: x"),
        ("x" * 900, "x" * 300),
    ],
)
def test_nobody_is_named(line: str, masked: str) -> None:
    assert mask(line, "jdoe@corp.test", "imap.corp.test") == masked


@pytest.mark.django_db
def test_unknown_words_are_counted_once_for_everybody() -> None:
    for number, name in enumerate(("mara", "jonas", "ines")):
        failures.note(
            "imap",
            refused(f"quux {number} flarp for {name}@corp.test"),
            host="imap.corp.test",
            username=f"{name}@corp.test",
            now=NOW + timedelta(hours=number),
        )
    row = UnknownFailure.objects.get()
    assert (row.protocol, row.stage, row.count) == ("imap", "login", 3)
    assert row.line == "quux # flarp for <address>"
    assert (row.first_at, row.last_at) == (NOW, NOW + timedelta(hours=2))


@pytest.mark.django_db
def test_known_words_and_silence_are_not_counted() -> None:
    failures.note("imap", refused("[AUTHENTICATIONFAILED] no"), now=NOW)
    failures.note("imap", refused(""), now=NOW)
    failures.note("imap", MailServerError(Stage.CONNECT, "hung", server_line="?"), now=NOW)
    assert not UnknownFailure.objects.exists()


@pytest.mark.django_db
def test_a_server_that_babbles_does_not_fill_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "MOST_ROWS", 5)
    often = refused("often said")
    for _ in range(3):
        failures.note("pop", often, now=NOW)
    for letter in "abcdefghijkl":
        failures.note("pop", refused(f"flarp {letter * 3}"), now=NOW + timedelta(minutes=1))
    assert UnknownFailure.objects.count() == 5
    assert UnknownFailure.objects.get(line="often said").count == 3
    assert UnknownFailure.objects.filter(line="flarp lll").exists()
    # Where everything is met often, nothing makes room.
    UnknownFailure.objects.update(count=2)
    failures.note("pop", refused("one too many"), now=NOW)
    assert not UnknownFailure.objects.filter(line="one too many").exists()


@pytest.mark.django_db
def test_operators_see_the_most_frequent_first() -> None:
    failures.note("imap", refused("rare words"), now=NOW)
    for _ in range(2):
        failures.note("pop", refused("common words"), now=NOW)
    out = StringIO()
    call_command("failures", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert [(row["line"], row["count"]) for row in rows] == [("common words", 2), ("rare words", 1)]
    out = StringIO()
    call_command("failures", stdout=out)
    assert "common words" in out.getvalue()
