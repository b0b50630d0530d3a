"""Daemons of the operator: real ones judge mail, dead ones delay none."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from filtering import breaker as breakers
from filtering.breaker import PAUSE, Breaker
from filtering.models import Decision, DecisionKind, Filter, ForwardDue
from filtering.screen import Screen
from filtering.services import scorers, viruses
from filtering.whys import Why
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import blobs
from protocols import clamd as clamd_talk
from protocols import spamc
from protocols.errors import Hung, Stage
from standin import ports
from standin.hostile import Expect, Hang, Hostile, Send
from standin.scanners import EICAR, GTUBE, VIRUS, Clamd, Rspamd, Spamd
from tests.mail import letter, mixed, put

SPAM, HAM = letter("Prize", text=GTUBE), letter("Lunch", text="Shall we meet at noon?")
INFECTED = mixed(name="bill.pdf", data=EICAR.encode())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Nobody is left alone for what other tests did, and time passes when a test says so."""
    made = Clock()
    monkeypatch.setattr(scorers, "breaker", Breaker(made))
    monkeypatch.setattr(viruses, "breaker", Breaker(made))
    return made


@pytest.fixture
def dead() -> str:
    """A place where nobody listens."""
    (port,) = ports.pick((0,))
    return f"127.0.0.1:{port}"


@pytest.fixture
def silent() -> Iterator[Hostile]:
    with Hostile([Hang()]) as server:
        yield server


@pytest.mark.accept("A197")
def test_both_are_asked_about_several_messages_at_once(
    settings: Settings, rspamd: Rspamd, spamd: Spamd, dead: str
) -> None:
    settings.SPAM_SCORERS = [
        f"rspamd:{rspamd.url}",
        f"spamd:{dead}",
        f"spamd:127.0.0.1:{spamd.port}",
    ]
    found = scorers.ask_all([SPAM, HAM, SPAM], 60)
    assert [[(one.name, one.is_spam) for one in scores] for scores in found] == [
        [("rspamd", True), ("spamd", True)],
        [("rspamd", False), ("spamd", False)],
        [("rspamd", True), ("spamd", True)],
    ]
    assert [one.name for one in scorers.ask(HAM, 30)] == ["rspamd", "spamd"]


def test_none_are_named() -> None:
    assert scorers.ask_all([SPAM, HAM], 5) == [[], []]
    assert scorers.ask(SPAM, 5) == []
    assert viruses.look([(9, lambda: [INFECTED])]) == [""]


def test_a_dead_one_is_asked_once_a_minute_and_logged_once(
    settings: Settings, dead: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SPAM_SCORERS, settings.CLAMAV = [f"spamd:{dead}"], dead
    with caplog.at_level(logging.INFO, breakers.__name__):
        for _minute in range(3):
            assert scorers.ask_all([SPAM, HAM, SPAM], 5) == [[], [], []]
            assert viruses.look([(len(INFECTED), lambda: [INFECTED])] * 3) == ["", "", ""]
            clock.now += PAUSE
    assert [one.getMessage().split(" (")[0] for one in caplog.records] == [
        f"spamd {dead} does not answer",
        f"clamd {dead} does not answer",
    ]
    assert GTUBE not in caplog.text


def test_a_silent_one_is_waited_for_once(
    settings: Settings, silent: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPAM_SCORERS = [f"spamd:127.0.0.1:{silent.port}"]
    monkeypatch.setattr(scorers, "PING", 0.2)
    assert scorers.ask(SPAM, 0.6) == []
    assert [scorers.ask(SPAM, 60) for _ in range(20)] == [[]] * 20
    # About the message, and whether it is there at all.
    assert len(silent.heard) == 2


def test_no_time_left_is_nobodys_fault(settings: Settings, spamd: Spamd) -> None:
    settings.SPAM_SCORERS = [f"spamd:127.0.0.1:{spamd.port}"]
    assert scorers.ask(SPAM, 0.1) == []
    assert len(scorers.ask(SPAM, 30)) == 1


def test_one_message_that_is_refused_shuts_nobody_out(settings: Settings) -> None:
    refusal = Send(b"SPAMD/1.1 65 EX_DATAERR\r\n\r\n")
    with Hostile([Expect(rb"Shall"), refusal, Hang()]) as server:
        settings.SPAM_SCORERS = [f"spamd:127.0.0.1:{server.port}"]
        assert scorers.ask(HAM, 30) == []
        assert scorers.ask(HAM, 30) == []
        assert len(server.heard) == 2


def test_large_messages_are_not_given_away(settings: Settings, silent: Hostile) -> None:
    settings.SPAM_SCORERS = [f"spamd:127.0.0.1:{silent.port}"]
    settings.CLAMAV = f"127.0.0.1:{silent.port}"
    assert scorers.ask(b"x" * 600_000, 30) == []
    assert viruses.look([(26 * 1024 * 1024, lambda: [b"x"])]) == [""]
    assert silent.heard == []


def test_after_the_pause_one_tries_for_all(clock: Clock) -> None:
    guard = Breaker(clock)
    assert guard.allows("a")
    guard.failed("a", Hung(Stage.FETCH))
    assert not guard.allows("a")
    assert guard.allows("b")
    clock.now += PAUSE
    assert [guard.allows("a") for _ in range(3)] == [True, False, False]
    guard.worked("a")
    assert [guard.allows("a") for _ in range(3)] == [True] * 3


def why(row: Message) -> Why:
    return Why.of_row(Decision.objects.get(message=row).why)


@pytest.mark.django_db
def test_a_virus_goes_to_junk_whatever_filters_say(
    settings: Settings, clamd: Clamd, inbox: Folder
) -> None:
    settings.CLAMAV = str(clamd.socket)
    Filter.objects.create(
        user=inbox.user,
        name="Everything",
        conditions=[{"field": "size", "op": "over", "value": 0}],
        actions=[{"do": "forward", "to": "x@example.test"}, {"do": "keep"}],
    )
    ill, well = put(inbox, INFECTED, mixed(), screen=Screen.ALL)
    (content,) = put(inbox, INFECTED, screen=Screen.CONTENT)
    (untouched,) = put(inbox, INFECTED, screen=Screen.NOTHING)
    assert [one.folder.role for one in (ill, well, content, untouched)] == [
        FolderRole.JUNK, FolderRole.INBOX, FolderRole.JUNK, FolderRole.INBOX,
    ]  # fmt: skip
    assert Decision.objects.get(message=ill).kind == DecisionKind.VIRUS
    assert why(ill).virus == VIRUS
    assert blobs.read(ill.blob) == INFECTED
    assert [one.message for one in ForwardDue.objects.all()] == [well]
    assert not Decision.objects.filter(message=untouched).exists()


@pytest.mark.django_db
def test_mail_is_delivered_without_any_of_them(
    settings: Settings, dead: str, inbox: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPAM_SCORERS, settings.CLAMAV = [f"spamd:{dead}"], dead
    (row,) = put(inbox, INFECTED, screen=Screen.ALL)
    assert row.folder == inbox

    def broken(*_: object) -> list[str]:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(viruses, "look", broken)
    (row,) = put(inbox, INFECTED, screen=Screen.ALL)
    assert row.folder == inbox


def test_a_message_made_to_be_too_much_shuts_nobody_out(
    settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemons are there, and have no answer to one message."""
    asked: list[str] = []

    def chokes(_raw: object, *_where: object, **_more: object) -> str:
        asked.append("asked")
        raise Hung(Stage.FETCH)

    settings.SPAM_SCORERS, settings.CLAMAV = ["spamd:127.0.0.1:783"], "127.0.0.1:3310"
    for module, service, ask in (
        (spamc, scorers, lambda: scorers.ask(SPAM, 60)),
        (clamd_talk, viruses, lambda: viruses.look([(9, lambda: [INFECTED])])),
    ):
        asked.clear()
        monkeypatch.setattr(module, "ask", chokes)
        monkeypatch.setattr(module, "ping", lambda *_, **__: None)
        name = service.named().name if service is viruses else scorers.named()[0].name
        ask()
        ask()
        service.breaker.worked(name)
        for _ in range(5):
            ask()
        # Three in a row are more than chance.
        assert len(asked) == 2 + breakers.STRIKES


def test_nonsense_of_one_costs_nobody_elses_answer(
    settings: Settings, rspamd: Rspamd, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SPAM_SCORERS = ["spamd:127.0.0.1:783", f"rspamd:{rspamd.url}"]

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(spamc, "ask", breaks)
    assert [one.name for one in scorers.ask(HAM, 30)] == ["rspamd"]
