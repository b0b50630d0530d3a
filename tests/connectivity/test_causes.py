"""Every failure a server can make is told in words of its own."""

import pytest
from django.utils import translation

from connectivity.causes import CAUSES, UNKNOWN, Turn, explain, explain_cause
from connectivity.waits import WAITS
from protocols.errors import SENTENCES, LoginRefused, MailServerError, Stage


@pytest.mark.parametrize("cause", sorted(SENTENCES))
def test_every_cause_of_the_protocols_is_explained(cause: str) -> None:
    told = explain(MailServerError(Stage.CONNECT, cause), host="mail.example.com", port=993)
    assert told.title != UNKNOWN.title
    assert "%" not in told.sentence
    assert told.action


# Who has no space waits for nobody elsewhere.
@pytest.mark.parametrize("cause", sorted(set(WAITS) - {"space-full"}))
def test_what_has_to_be_waited_for_names_who_is_waited_for(cause: str) -> None:
    told = explain_cause(cause, {"host": "imap.gmail.com"})
    assert "Gmail" in told.sentence
    assert "Microsoft" in explain_cause(cause, {"host": "outlook.office365.com"}).sentence
    assert "mail.example.com" in explain_cause(cause, {"host": "mail.example.com"}).sentence
    assert told.action
    # Only a permission that was withdrawn is the reader's turn.
    assert (told.turn == Turn.YOU) == (cause == "oauth-revoked")


def test_no_two_causes_sound_alike() -> None:
    sentences = [str(entry.sentence) for entry in CAUSES.values()]
    assert len(set(sentences)) == len(sentences)


def test_missing_values_are_words_not_gaps() -> None:
    assert explain_cause("no-answer").sentence.startswith("The server did not answer")
    assert "None" not in explain_cause("port-closed", {"host": None, "port": None}).sentence


def test_an_unknown_cause_is_told_calmly() -> None:
    told = explain_cause("never-heard-of", {"host": "mail.example.com"})
    assert "mail.example.com" in told.sentence


def test_wrong_password_is_said_only_after_the_server_said_no() -> None:
    for cause, entry in CAUSES.items():
        words = f"{entry.title} {entry.sentence}".lower()
        assert "wrong password" not in words
        assert cause == "login-refused" or "did not accept" not in words


def test_what_the_server_said_is_kept_apart() -> None:
    error = LoginRefused(Stage.LOGIN, server_line="NO [AUTHENTICATIONFAILED] no")
    told = explain(error, host="mail.example.com")
    assert told.server_line == "NO [AUTHENTICATIONFAILED] no"
    assert "AUTHENTICATIONFAILED" not in told.sentence + told.action


def test_text_is_translated_when_read_not_when_loaded() -> None:
    with translation.override("en"):
        assert explain_cause("feature-off").title == "Switched off"


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_a_server_for_sending_is_spoken_of_without_what_its_form_has_not(cause: str) -> None:
    told = explain_cause(cause, {"host": "smtp.example.com", "port": 993}, protocol="smtp")
    for word in ("the type", "Require SSL", "other type"):
        assert word not in told.action


def test_another_kind_of_server_leads_to_the_port_for_sending() -> None:
    error = MailServerError(Stage.GREETING, "wrong-protocol", server_line="* OK IMAP4rev1 ready")
    told = explain(error, host="imap.example.com", port=993, protocol="smtp")
    assert told.cause == "greets-as-imap"
    assert "465 with SSL" in told.action
    assert "type" in explain_cause("greets-as-imap").action
