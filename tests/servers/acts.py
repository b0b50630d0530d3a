"""What a rule can do with a decent answer. Where it is not asked for, nothing happened."""

from __future__ import annotations

from collections.abc import Callable

from tests.servers.base import Act, Answer, Talk


def say(text: str | bytes) -> Act:
    """Say this instead; the command has no effect."""
    data = text.encode() if isinstance(text, str) else text

    def act(talk: Talk, _answer: Answer) -> None:
        talk.send(data)

    return act


def before(text: str | bytes) -> Act:
    """Say this unasked, then answer."""
    data = text.encode() if isinstance(text, str) else text

    def act(talk: Talk, answer: Answer) -> None:
        talk.send(data + answer())

    return act


def edit(change: Callable[[bytes], bytes]) -> Act:
    """Answer, but not quite."""

    def act(talk: Talk, answer: Answer) -> None:
        talk.send(change(answer()))

    return act


def swap(old: bytes, new: bytes) -> Act:
    """Answer with one thing in place of another."""
    return edit(lambda data: data.replace(old, new))


def first(do: Callable[[], object]) -> Act:
    """Let something happen to the mailbox, then answer."""

    def act(talk: Talk, answer: Answer) -> None:
        do()
        talk.send(answer())

    return act


def cut(at: int, *, hard: bool = False) -> Act:
    """Close after so many bytes of the answer; the command took effect."""

    def act(talk: Talk, answer: Answer) -> None:
        talk.send(answer()[:at])
        talk.drop(hard=hard)

    return act


def drop(*, hard: bool = False) -> Act:
    """Close without an answer; the command had no effect."""

    def act(talk: Talk, _answer: Answer) -> None:
        talk.drop(hard=hard)

    return act


def last_words(text: str) -> Act:
    """Say this and close; the command had no effect."""

    def act(talk: Talk, _answer: Answer) -> None:
        talk.send(text.encode())
        talk.drop()

    return act


def drip(seconds: float) -> Act:
    """Answer one byte after another, so many seconds apart, for as long as anybody listens."""

    def act(talk: Talk, answer: Answer) -> None:
        for byte in answer():
            if talk.server.over.wait(seconds):
                return
            talk.send(bytes([byte]))

    return act


def hang() -> Act:
    """Say nothing more, but keep the connection."""

    def act(talk: Talk, _answer: Answer) -> None:
        talk.wait()

    return act
