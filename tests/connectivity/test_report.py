"""What a report tells beside the failure: facts, room, the sending half, and for whom it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from connectivity.buttons import Setting, offered
from connectivity.cause import Button
from connectivity.providers import Provider, by_key
from connectivity.report import Shown, shown
from protocols.check import STAGES, CheckReport, CheckStage, Kind, StageResult, State
from protocols.errors import EncryptionFailed, LoginRefused, MailServerError, Refused, Stage
from protocols.tls import SeenCertificate
from protocols.types import Security

GB = 1 << 30
USERNAME = "jdoe@corp.test"


def passed(kind: Kind = "imap", **facts: int | str) -> CheckReport:
    results = tuple(StageResult(stage, State.OK, seconds=0.1) for stage in STAGES[kind])
    return CheckReport(results, None, Security.TLS, facts, kind)


def failed(error: MailServerError, at: CheckStage, kind: Kind = "imap") -> CheckReport:
    report = passed(kind)
    stages = [each.stage for each in report.stages]
    results = []
    for each in report.stages:
        state = State.OK if stages.index(each.stage) < stages.index(at) else State.NOT_REACHED
        results.append(replace(each, state=State.FAILED if each.stage is at else state))
    return replace(report, stages=tuple(results), error=error)


def tell(report: CheckReport, **more: object) -> Shown:
    return shown(report, host="imap.corp.test", port=993, **more)  # type: ignore[arg-type] # named as there


def details(told: Shown) -> dict[str, str]:
    return {step.name: step.detail for step in told.steps}


def test_what_was_learnt_is_told() -> None:
    soon = (timezone.now() + timedelta(days=40)).isoformat()
    told = details(
        tell(
            passed(
                address="198.51.100.20",
                tls_version="TLS 1.3",
                valid_until=soon,
                folders=27,
                messages=18_402,
                bytes=int(6.15 * GB),
                idle=1,
            )
        )
    )
    assert told["Name found"] == "198.51.100.20"
    assert told["Encrypted"].startswith("SSL, TLS 1.3, certificate valid to ")
    assert str(timezone.now().year) not in told["Encrypted"]
    assert told["Folders"] == "27 folders, 18,402 messages, 6.1 GB"
    assert told["New mail"] == "Arrives at once (IDLE)"


def test_what_a_server_for_sending_takes_is_told() -> None:
    told = tell(passed("smtp", size=36_700_160, smtputf8=1, dsn=0, pipelining=1))
    assert details(told)["Greeting (EHLO)"] == "Messages up to 35 MB, SMTPUTF8, PIPELINING"
    assert "Greeting (EHLO): Messages up to 35" in told.for_it
    assert details(tell(passed("smtp", size=0)))["Greeting (EHLO)"] == "Answered"
    assert "Greeting (EHLO)" not in details(tell(passed()))


def test_nothing_is_made_up_where_a_server_told_little() -> None:
    told = details(tell(passed("pop", messages=1)))
    assert told["Name found"] == "imap.corp.test"
    assert told["Folders"] == "1 message"
    assert "New mail" not in told
    told = details(tell(passed(folders=2, messages=9, idle=0, quota_used=3 * GB, quota=15 * GB)))
    assert told["Folders"] == "2 folders, 9 messages, 3.0 GB used there"
    assert told["New mail"].startswith("Fetched at the regular times")


@pytest.mark.parametrize(
    ("free", "warning"),
    [
        (4 * GB, "6.1 GB does not fit in the 4.0 GB you have left."),
        (-5, "6.1 GB does not fit in the 0 bytes you have left."),
        (7 * GB, ""),
        (None, ""),
    ],
)
def test_a_mailbox_that_does_not_fit_is_warned_of(free: int | None, warning: str) -> None:
    told = tell(passed(bytes=int(6.15 * GB), messages=1), free_bytes=free)
    assert told.warning == warning
    page = render_to_string("connectivity/_report.html", {"report": told})
    assert ("Choose folders" in page) == bool(warning)


def test_the_sending_half_is_one_line() -> None:
    common = {"email": USERNAME, "sent_host": "smtp.corp.test", "sent_port": 465, "sends": True}
    told = tell(passed(messages=1), sent=passed("smtp", sender=1), **common)
    assert told.problem is None
    assert details(told)["Send test"] == f"smtp.corp.test accepted {USERNAME}"
    refused = LoginRefused(Stage.LOGIN, server_line="535 5.7.8 no")
    told = tell(passed(messages=1), sent=failed(refused, CheckStage.SIGN_IN, "smtp"), **common)
    assert told.problem is not None
    assert told.problem.sentence.startswith("smtp.corp.test was reached")
    assert [step.state for step in told.steps].count("failed") == 1
    told = tell(failed(refused, CheckStage.SIGN_IN), **common)
    assert details(told)["Send test"] == "Not reached"
    assert told.problem is not None
    assert told.problem.sentence.startswith("imap.corp.test was reached")


def test_for_it_names_cause_and_words_but_nobody() -> None:
    error = LoginRefused(Stage.LOGIN, server_line="Unknown user")
    told = tell(failed(error, CheckStage.SIGN_IN), username=USERNAME)
    assert told.problem is not None
    assert USERNAME in told.problem.sentence
    text = told.for_it
    assert "Cause: unknown-user" in text
    assert "Server said: Unknown user" in text
    assert "jdoe" not in text


def seen() -> SeenCertificate:
    begins, ends = (datetime(year, 3, 1, tzinfo=UTC) for year in (2026, 2027))
    return SeenCertificate("ab" * 32, "CN=<b>x</b>", "CN=self", ("a.test", "b.test"), begins, ends)


def test_a_certificate_is_offered_only_where_it_may_be_trusted() -> None:
    error = EncryptionFailed(Stage.ENCRYPTION, "tls-untrusted")
    error.certificate = seen()
    told = tell(failed(error, CheckStage.ENCRYPTION))
    assert told.problem is not None
    assert told.problem.buttons == ()
    step = next(step for step in told.steps if step.certificate)
    assert step.certificate is not None
    assert step.certificate.fingerprint == ":".join(["AB"] * 32)
    assert (step.certificate.names, step.certificate.valid) == (
        "a.test, b.test",
        "1 Mar 2026 to 1 Mar 2027",
    )
    told = tell(failed(error, CheckStage.ENCRYPTION), may_pin=True)
    assert told.problem is not None
    assert [button.action for button in told.problem.buttons] == [f"pin:{'ab' * 32}"]
    page = render_to_string("connectivity/_report.html", {"report": told})
    assert f'value="pin:{"ab" * 32}"' in page
    assert "<b>x</b>" not in page


def test_without_a_form_there_are_links_but_no_buttons() -> None:
    error = LoginRefused(Stage.LOGIN, server_line="[AUTHENTICATIONFAILED] no")
    told = tell(failed(error, CheckStage.SIGN_IN), provider=by_key("gmail"))
    page = render_to_string("connectivity/_report.html", {"report": told, "no_buttons": True})
    assert 'name="action"' not in page
    assert 'href="https://myaccount.google.com/apppasswords"' in page


def test_what_a_server_says_is_only_text() -> None:
    error = Refused(Stage.FOLDERS, server_line="<script>alert(1)</script>")
    page = render_to_string(
        "connectivity/_report.html", {"report": tell(failed(error, CheckStage.FOLDERS))}
    )
    assert "<script" not in page


def actions(names: str, **setting: object) -> list[str]:
    given = {"kind": "imap", "host": "imap.corp.test", "port": 143, **setting}
    made: tuple[Button, ...] = offered(names.split(), Setting(**given))  # type: ignore[arg-type] # named as there
    return [button.action or button.url for button in made]


def provider(key: str) -> Provider:
    found = by_key(key)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("names", "setting", "expected"),
    [
        ("port", {}, ["port:993"]),
        ("port", {"port": 993}, []),
        ("port", {"kind": "pop"}, ["port:995"]),
        ("port", {"kind": "smtp", "port": 25}, ["port:465"]),
        ("port", {"kind": "smtp", "port": 465, "provider": "icloud"}, ["port:587"]),
        ("pop imap", {}, ["type:pop"]),
        ("pop imap", {"kind": "smtp"}, []),
        ("pop", {"provider": "icloud"}, []),
        ("ssl", {"security": Security.NONE}, ["ssl:on"]),
        ("ssl", {"security": Security.TLS}, []),
        ("starttls", {"kind": "smtp"}, ["ssl:starttls"]),
        ("starttls", {}, []),
        ("help", {}, []),
        ("help", {"provider": "gmail"}, ["https://myaccount.google.com/apppasswords"]),
        ("help", {"host": "imap.gmail.com"}, ["https://myaccount.google.com/apppasswords"]),
        ("username", {"username": USERNAME}, ["username:jdoe"]),
        ("username", {"username": "jdoe"}, []),
        ("username", {"username": "me@gmail.com", "provider": "gmail"}, []),
        ("username", {"username": "me@icloud.com", "provider": "icloud"}, ["username:me"]),
        ("oauth", {"provider": "outlook"}, ["oauth"]),
        ("oauth", {"provider": "gmail"}, []),
        ("pin", {}, []),
        ("again apop authentication", {}, ["again", "apop:off", "authentication:on"]),
    ],
)
def test_only_what_fits_is_offered(
    names: str, setting: dict[str, object], expected: list[str]
) -> None:
    if "provider" in setting:
        setting = {**setting, "provider": provider(str(setting["provider"]))}
    assert actions(names, **setting) == expected
