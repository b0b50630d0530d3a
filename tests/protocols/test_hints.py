"""What servers ask for in passing, word for word as they were seen to say it."""

import pytest

from protocols import hints
from protocols.errors import Later, Stage, TokenExpired
from protocols.hints import Hint


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
            Hint("throttled", 299.961),
        ),
        (
            "BAD User is authenticated but not connected. Suggested Backoff Time: 5 s",
            Hint("throttled", 5.0),
        ),
        ("OK [THROTTLED] Fetch completed", Hint("throttled")),
        ("NO [LIMIT] UID FETCH Rate limit hit.", Hint("limited")),
        ("NO [ALERT] Too many simultaneous connections. (Failure)", Hint("limited")),
        ("Maximum number of connections from user+IP exceeded", Hint("limited")),
        (
            "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)",
            Hint("over-quota"),
        ),
        ("-ERR Download exceeded the limit for today", Hint("over-quota")),
        ("BAD User is authenticated but not connected.", Hint("not-connected")),
        ("Session invalidated - AccessTokenExpired", Hint("token-expired")),
        ("-ERR [IN-USE] Unable to lock maildrop", Hint("in-use")),
        ("-ERR [LOGIN-DELAY] minimum time between logins", Hint("in-use")),
        ("-ERR maildrop already locked", Hint("in-use")),
        ("-ERR lock busy! Is another session active?", Hint("in-use")),
        ("-ERR please wait a few minutes before the next login", Hint("in-use")),
        ("NO [INUSE] try again in 10 minutes", Hint("in-use", 600.0)),
        ("NO [LIMIT] retry after 30 seconds", Hint("limited", 30.0)),
        ("NO [LIMIT] wait 2 hours", Hint("limited", 7200.0)),
        ("NO [LIMIT] wait 999999999999 hours", Hint("limited", 86_400.0)),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", None),
        ("NO Mailbox doesn't exist: Throttled letters", None),
        ("NO [SERVERBUG] internal error", None),
        ("", None),
    ],
)
def test_what_was_said_is_what_is_meant(line: str, expected: Hint | None) -> None:
    assert hints.read(line) == expected


def test_a_hint_becomes_the_error_to_raise() -> None:
    error = hints.error("[LIMIT] wait 30 seconds", Stage.FETCH)
    assert isinstance(error, Later)
    assert (error.cause, error.retry_after, error.stage) == ("limited", 30.0, Stage.FETCH)
    assert error.temporary
    assert isinstance(hints.error("AccessTokenExpired", Stage.LOGIN), TokenExpired)
    assert hints.error("NO such luck", Stage.LOGIN) is None
