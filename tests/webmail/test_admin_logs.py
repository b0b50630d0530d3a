"""Logs: whose, of when, how ended; nothing of anybody's mail; told when looked at and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, Domain, Role, SignIn, User
from accounts.models.trail import Outcome, Protocol
from accounts.reauthentication import PROVED
from accounts.services import audit
from lib import sheets
from tests.webmail.happened import CANARY, NOW, fill
from webmail.logs.asking import PAGE
from webmail.logs.audit import details
from webmail.views.administration import logs, person

KINDS = tuple(logs.LOGS)
MINE = ("domain-logs", "domain-health", "domain-pause", "domain-logs-export", "domain-resume")
OF_SYSTEM = (
    *("system-logs", "system-health", "system-pause", "system-logs-export", "system-resume"),
    *("system-status", "system-network", "system-domain-new"),
)


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("admin@example.test", Role.DOMAIN_ADMIN)


@pytest.fixture
def elsewhere(make_user: Callable[..., User]) -> User:
    """The administrator of another domain."""
    other = make_user("boss@there.test", Role.DOMAIN_ADMIN)
    other.domain = Domain.objects.create(name="there.test")
    other.save()
    return other


@pytest.fixture
def system(make_user: Callable[..., User]) -> User:
    return make_user("root@example.test", Role.SYSTEM_ADMIN)


def page(browser: Client, name: str = "domain-logs", **query: Any) -> str:
    answer = browser.get(reverse(name), query)
    assert answer.status_code == 200, (name, query, answer.status_code)
    return answer.content.decode()


def exported(browser: Client, name: str = "domain-logs-export", **values: Any) -> str:
    answer: Any = browser.post(reverse(name), values)
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content).decode()


def test_only_administrators_of_the_right_level_get_there(
    user: User, admin: User, system: User, client_for: Callable[[User], Client]
) -> None:
    for reader, domain_pages, system_pages in (
        (user, {404}, {404}),
        (admin, {200, 404, 405}, {404}),
        (system, {200, 404, 405, 422}, {200, 404, 405, 422}),
    ):
        browser = client_for(reader)
        for names, expected in ((MINE, domain_pages), (OF_SYSTEM, system_pages)):
            for name in names:
                for method in (browser.get, browser.post):
                    status = method(reverse(name)).status_code
                    assert status in expected | {405}, (reader.role, name, status)
    # The table above lets 404 pass where a page needs an object: these need none.
    for name in ("system-logs", "system-health", "system-status", "system-network"):
        assert page(client_for(system), name)


@pytest.mark.accept("A174")
def test_a_domain_admin_reads_what_happened_in_the_own_domain(
    user: User, admin: User, elsewhere: User, client_for: Callable[[User], Client]
) -> None:
    fill(user)
    browser = client_for(admin)
    told = {kind: page(browser, log=kind) for kind in KINDS}
    for text in told.values():
        assert (user.email in text and user.display_name in text) or "Changed settings" in text
    assert "203.0.113.9" in told["sign-ins"]
    assert "Firefox 140 on Linux" in told["sign-ins"]
    assert "Refused" in told["sign-ins"]
    assert "imap.remote.test" in told["retrieval"]
    assert "3 new messages" in told["retrieval"]
    assert "Failed" in told["retrieval"]
    assert "smtp.remote.test" in told["sending"]
    assert "1 recipient" in told["sending"]
    assert "Time zone, Language" in told["audit"]
    # Another domain's administrator learns nothing of it, and neither log names the person.
    foreign = client_for(elsewhere)
    assert all(user.email not in page(foreign, log=kind) for kind in KINDS)
    assert foreign.get(reverse("domain-logs"), {"domain": user.domain_id}).status_code == 200
    assert user.email not in page(foreign, domain=user.domain_id)


def test_nothing_of_anybodys_mail_is_on_any_page_or_export(
    user: User, admin: User, system: User, client_for: Callable[[User], Client]
) -> None:
    task = fill(user)
    for reader, level in ((admin, "domain"), (system, "system")):
        browser = client_for(reader)
        texts = [page(browser, f"{level}-logs", log=kind) for kind in KINDS]
        texts += [exported(browser, f"{level}-logs-export", log=kind) for kind in KINDS]
        texts += [page(browser, f"{level}-health"), page(browser, f"{level}-logs", q="mara")]
        texts += [page(browser, f"{level}-pause", provider=task.provider_key)]
        assert all(user.email in text for text in texts[:3])
        for text in texts:
            assert CANARY not in text.lower()
        # What the server said is there, without what names anybody.
        assert "mailbox of &lt;address&gt; is locked" in page(browser, f"{level}-health")


def test_a_log_is_narrowed_by_person_day_and_outcome(
    user: User, other_user: User, admin: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(admin)
    fill(user)
    fill(other_user, NOW - timedelta(days=40))
    assert user.email not in page(browser, q="otto")
    assert other_user.email in page(browser, q="Otto Berg", log="retrieval")
    today = (NOW - timedelta(days=1)).date().isoformat()
    assert other_user.email not in page(browser, log="sending", since=today)
    assert user.email not in page(browser, log="sending", until="2020-01-01")
    refused = page(browser, outcome="refused")
    assert "badge--warn" in refused
    assert "badge--ok" not in refused
    assert "No line fits what you asked for" in page(browser, q="nobody at all")
    # What is no value is not asked, and breaks nothing.
    for odd in ({"since": "x"}, {"after": "9-9-9"}, {"outcome": "x"}, {"after": "9" * 17 + "-1"}):
        page(browser, **odd)
    assert browser.get(reverse("domain-logs"), {"log": "x"}).status_code == 404


def test_pages_follow_each_other_without_gap_or_repetition(
    user: User, admin: User, client_for: Callable[[User], Client]
) -> None:
    # Many in the same moment, as a list that only looks at the time would lose some.
    SignIn.objects.bulk_create(
        SignIn(
            user=user, at=NOW - timedelta(seconds=number // 40), outcome=Outcome.IN,
            protocol=Protocol.IMAP, is_public=True, client=f"Program {number:03}",
        )
        for number in range(2 * PAGE + 7)
    )  # fmt: skip
    browser, seen, query = client_for(admin), list[str](), {"log": "sign-ins"}
    for _page in range(3):
        answer = browser.get(reverse("domain-logs"), query)
        seen += [line.cells[2].text for line in answer.context["lines"]]
        query = {"log": "sign-ins", "after": answer.context["lines"][-1].cursor}
    assert len(seen) == len(set(seen)) == 2 * PAGE + 7
    assert not answer.context["older"]


def test_the_number_of_statements_does_not_grow(
    user: User, admin: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(admin)
    numbers: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for _round in range(3):
        fill(user)
        for kind in KINDS:
            page(browser, log=kind, q="mara")
            with CaptureQueriesContext(
                connection,
            ) as asked:
                page(browser, log=kind, q="mara")
            numbers[kind].append(len(asked))
    for kind, counted in numbers.items():
        assert counted[1] == counted[2] <= 14, (kind, counted)


def test_looking_is_told_once_an_hour_and_every_export(
    user: User, admin: User, system: User, client_for: Callable[[User], Client]
) -> None:
    browser = client_for(admin)
    for kind in (*KINDS, *KINDS):
        page(browser, log=kind)
    seen = AuditEntry.objects.filter(action="logs-seen")
    assert [(one.actor, one.domain) for one in seen] == [(admin.pk, admin.domain_id)]
    page(client_for(system), "system-logs")
    page(client_for(system), "system-logs", domain=admin.domain_id)
    assert seen.all().count() == 3
    for _time in range(2):
        exported(browser, log="audit", since="2026-01-01", q="somebody@private.test")
    told = AuditEntry.objects.filter(action="logs-exported")
    assert [one.detail for one in told] == [{"log": "audit", "since": "2026-01-01"}] * 2


def test_who_looked_at_ones_account_stands_in_ones_own_log(
    admin: User,
    system: User,
    user: User,
    client_for: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once an hour for each administrator, and never what one does in one's own account."""
    address = reverse("domain-user", args=[user.pk])
    for one in (admin, admin, system):
        assert client_for(one).get(address, REMOTE_ADDR="9.9.9.9").status_code == 200
    client_for(admin).get(reverse("domain-user", args=[admin.pk]))
    client_for(admin).get(reverse("domain-user", args=[system.pk]))
    rows = AuditEntry.objects.filter(action="person-seen").order_by("pk")
    assert list(rows.values_list("actor", "subject", "address")) == [
        (admin.pk, user.pk, "9.9.9.9"),
        (system.pk, user.pk, "9.9.9.9"),
    ]
    mine = page(client_for(user), "settings-activity")
    assert mine.count("Admin access: looked at the account of a person") == 2
    assert admin.email in mine
    # Once that is over it is told anew.
    monkeypatch.setattr(person, "SEEN_EVERY", timedelta(0))
    client_for(admin).get(address)
    assert AuditEntry.objects.filter(action="person-seen", actor=admin.pk).count() == 2


def test_an_export_asks_who_is_there(admin: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(admin)
    session = browser.session
    session[PROVED] = int(NOW.timestamp()) - 24 * 3600
    session.save()
    answer = browser.post(reverse("domain-logs-export"), {"log": "audit"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("prove"))
    assert not AuditEntry.objects.filter(action="logs-exported").exists()


def test_an_export_is_whole_in_the_admins_time_and_no_formula(
    user: User,
    admin: User,
    client_for: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "BATCH", 4)
    monkeypatch.setattr(logs, "MOST", 10)
    admin.time_zone = "Asia/Tokyo"
    admin.save()
    SignIn.objects.bulk_create(
        SignIn(
            user=user, at=NOW - timedelta(seconds=number), outcome=Outcome.IN, is_public=True,
            protocol=Protocol.IMAP, client='=HYPERLINK("http://evil.test")',
        )
        for number in range(12)
    )  # fmt: skip
    head, *rows = list(csv.reader(io.StringIO(exported(client_for(admin), log="sign-ins"))))
    assert head == ["Time", "Person", "Outcome", "Protocol", "Address", "Program"]
    assert len(rows) == 11
    assert rows[-1] == ["More lines are left out. Choose fewer days."]
    assert len({tuple(row) for row in rows}) == 11
    assert rows[0][0].endswith("+09:00")
    assert rows[0][1] == user.email
    assert rows[0][5] == '\'=HYPERLINK("http://evil.test")'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_what_a_spreadsheet_would_reckon_is_text(text: str) -> None:
    assert sheets.cell(text) == f"'{text}"
    assert sheets.cell("plain") == "plain"
    assert sheets.cell(None) == ""
    assert sheets.cell(7) == "7"
    assert next(csv.reader(io.StringIO(sheets.line([text, 'a "b", c'])))) == [
        f"'{text}", 'a "b", c',
    ]  # fmt: skip


def test_details_are_told_in_words_and_never_whole_objects() -> None:
    told = details({"feature": "retrieval", "to": "off", "deep": {"secret": "x"}, "n": 1200})
    assert told == "Email Retrieval; off; n: 1,200"


def test_one_reads_who_changed_ones_own_account(
    user: User, other_user: User, admin: User, client_for: Callable[[User], Client]
) -> None:
    audit.record("password-reset", now=NOW, actor=admin, subject=user)
    audit.record("quota-changed", now=NOW, actor=None, subject=user)
    audit.record("passkey-added", now=NOW, actor=other_user, subject=other_user)
    told = page(client_for(user), "settings-activity")
    assert admin.email in told
    assert "Set a new password for somebody" in told
    assert "The operator" in told
    assert "You" in told
    assert "Added a passkey" not in told
    assert other_user.email not in told
