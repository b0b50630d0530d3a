"""What servers say is read right, and every entry of the catalogue is of use."""

from __future__ import annotations

import re

import pytest

from connectivity import buttons, catalogue
from connectivity.catalogue import ENTRIES
from connectivity.causes import CAUSES, explain_cause
from connectivity.roots import ROOTS
from protocols.errors import SENTENCES, LoginRefused, MailServerError, Stage
from tests.connectivity.said import SAID, Said


def read(said: Said) -> str:
    return catalogue.find(
        said.protocol, kind=said.kind, stage=said.stage, line=said.words, host=said.host
    )


@pytest.mark.parametrize("said", SAID, ids=[f"{each.protocol} {each.words}" for each in SAID])
def test_words_are_read(said: Said) -> None:
    assert read(said) == said.cause


def test_every_entry_is_met_and_leads_to_a_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that something above it takes everything from would be dead."""
    assert len(ENTRIES) >= 60
    assert {"imap", "pop", "smtp", "oauth"} <= {each.protocol for each in SAID}
    dead = []
    for index, entry in enumerate(ENTRIES):
        monkeypatch.setattr(catalogue, "ENTRIES", ENTRIES[: index + 1])
        with_it = [read(said) for said in SAID]
        monkeypatch.setattr(catalogue, "ENTRIES", ENTRIES[:index])
        if [read(said) for said in SAID] == with_it:
            dead.append(entry)
    assert dead == []
    assert {entry.cause for entry in ENTRIES} <= set(CAUSES)


def test_finer_causes_belong_to_one_the_protocols_raise() -> None:
    assert set(ROOTS.values()) <= set(SENTENCES)
    raised_finely = {"name-timeout", "name-unsure", "oauth-elsewhere"}
    assert set(ROOTS) & set(SENTENCES) == raised_finely
    assert {entry.cause for entry in ENTRIES} <= set(SENTENCES) | set(ROOTS)
    assert catalogue.root("imap-off") == "login-refused"
    assert catalogue.root("never-heard-of") == "never-heard-of"
    assert {"imap-off", "login-refused"} <= catalogue.like("login-refused")


def test_patterns_cost_no_time_whatever_a_server_says() -> None:
    """Each is tried on the longest line there can be, made of what it looks for."""
    for entry in ENTRIES:
        words = re.sub(r"[^a-z ]+", " ", entry.pattern.lower())
        for line in (words * 300, "a" * 5_000, "too many " * 600, " .{0,40} " * 700):
            catalogue.find("", kind="", line=line)


def test_unknown_words_keep_the_cause_of_the_error() -> None:
    error = LoginRefused(Stage.LOGIN, server_line="quux 17 flarp")
    assert catalogue.read("imap", error) == "login-refused"
    assert not catalogue.is_known("imap", error)
    assert catalogue.is_known("imap", LoginRefused(Stage.LOGIN))


def test_an_address_of_the_internet_is_no_code() -> None:
    """Parts of 192.5.1.1 look as 5.1.1 does, which is for a recipient that does not exist."""
    for line in ("550 Client host [192.5.1.1] rejected", "550 5.1.1.7 rejected"):
        assert catalogue.find("smtp", kind="refused", stage="send", line=line) == "message-refused"
    line = "535 sign-in from 91.5.7.139 refused"
    assert catalogue.find("smtp", kind="login-refused", line=line) == "login-refused"
    known = catalogue.find("smtp", kind="refused", stage="send", line="550 5.1.1. No such person")
    assert known == "no-such-recipient"


def test_an_error_is_read_with_its_host_and_its_reason() -> None:
    said = LoginRefused(Stage.LOGIN, server_line="LOGIN failed.")
    assert catalogue.read("imap", said, host="outlook.office365.com") == "old-sign-in-off"
    assert catalogue.read("imap", said, host="imap.provider.test") == "login-refused"
    failed = MailServerError(Stage.ENCRYPTION, "tls-failed", reason="UNSUPPORTED_PROTOCOL")
    assert catalogue.read("imap", failed) == "tls-old"


def test_every_cause_is_told_whole() -> None:
    for cause, entry in CAUSES.items():
        told = explain_cause(cause, {"host": "mail.example.com", "port": 143})
        assert "%" not in told.sentence + told.title + told.action, cause
        assert told.sentence.endswith("."), cause
        assert not told.title.endswith("."), cause
        assert set(entry.buttons) <= buttons.NAMES, cause
        assert "!" not in told.sentence + told.action, cause
