"""Settings > Limits: what holds and who said so, refusals at the field, and whose page it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Domain, Limits, Role, User
from accounts.services import limits
from retrieval.services import allowance
from smtp_accounts.services import daily
from tests.retrieval.pages import Page
from tests.retrieval.test_pausing import task_of

MINE, SYSTEM = reverse("domain-limits"), reverse("system-limits")
ClientFor = Callable[[User], Client]
GB = 1024**3


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("admin@example.test", Role.DOMAIN_ADMIN)


@pytest.fixture
def root(make_user: Callable[..., User]) -> User:
    return make_user("root@example.test", Role.SYSTEM_ADMIN)


def told(answer: object) -> str:
    return " ".join(Page(answer).text.replace("\xa0", " ").split())


@pytest.mark.accept("A173", "A211")
def test_a_domain_sees_what_the_system_gives_and_may_be_stricter(
    admin: User, client_for: ClientFor, settings: Settings
) -> None:
    settings.RETRIEVAL_INTERVAL = 600
    Limits.objects.create(domain=None, quota=5 * GB, tasks=10)
    browser = client_for(admin)
    page = browser.get(MINE)
    text = told(page)
    assert "Holds: 5.0 GB Set for the whole system" in text
    assert "Holds: 10 minutes A setting of the operator" in text
    assert "Holds: No limit Nobody set one" in text
    assert {Page(page).values[name] for name in limits.NAMES} == {""}
    typed = {"quota": "2.5", "tasks": "3", "interval": "30", "message_size": "", "daily_sends": "9"}
    done = told(browser.post(MINE, typed, follow=True))
    assert "Saved." in done
    assert "Holds: 2.5 GB Set for this domain" in done
    row = Limits.objects.get(domain=admin.domain)
    assert (row.quota, row.tasks, row.interval, row.daily_sends) == (5 * GB // 2, 3, 1800, 9)
    assert row.message_size is None
    assert AuditEntry.objects.get(action="limits-changed").actor_name == admin.email
    # One of them goes back; what was typed elsewhere and not saved is not.
    again = told(browser.post(MINE, {"reset": "quota", "tasks": "7"}, follow=True))
    assert "Holds: 5.0 GB Set for the whole system" in again
    row.refresh_from_db()
    assert (row.quota, row.tasks) == (None, 3)


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("quota", "6", "The whole system has 5.0 GB. A domain can only have less."),
        ("quota", "0.0001", "Enter at least 1.0 MB, or leave it empty for no limit here."),
        (
            "interval",
            "15",
            "The whole system has 20 minutes. A domain can only have a longer time.",
        ),
        ("message_size", "60000", "The operator set 36 MB. Only less than that limits anything."),
        ("tasks", "2.5", "Enter a whole number."),
        ("tasks", "0", "Enter at least 1, or leave it empty for no limit here."),
        ("daily_sends", "many", "Enter a number."),
        ("daily_sends", "1e9", "This is more than can be entered."),
        ("quota", "NaN", "Enter a number."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    admin: User, client_for: ClientFor, settings: Settings, name: str, typed: str, words: str
) -> None:
    settings.MAX_SEND_SIZE = 36 << 20
    Limits.objects.create(domain=None, quota=5 * GB, interval=1200)
    answer = client_for(admin).post(MINE, {name: typed})
    assert answer.status_code == 422
    assert words in told(answer)
    assert Page(answer).values[name] == typed
    assert re.search(rf'<input[^>]*name="{name}"[^>]*aria-invalid="true"', answer.content.decode())
    assert not Limits.objects.filter(domain=admin.domain).exists()


def test_the_system_and_every_domain_for_its_administrators_alone(
    admin: User, root: User, user: User, client_for: ClientFor
) -> None:
    other = Domain.objects.create(name="there.test")
    theirs = reverse("system-domain-limits", args=[other.pk])
    for person, pages in ((user, (MINE, SYSTEM, theirs)), (admin, (SYSTEM, theirs))):
        browser = client_for(person)
        for address in pages:
            assert browser.get(address).status_code == 404
            assert browser.post(address, {"tasks": "3"}).status_code == 404
    assert not Limits.objects.exists()
    browser = client_for(root)
    browser.post(SYSTEM, {"tasks": "3"})
    browser.post(theirs, {"tasks": "2"})
    assert list(Limits.objects.order_by("pk").values_list("domain", "is_ceiling", "tasks")) == [
        (None, False, 3),
        (other.pk, True, 2),
    ]
    assert "Holds: 3 Set here" in told(browser.get(SYSTEM))
    assert "there.test" in told(browser.get(theirs))


def test_a_domain_administrator_cannot_raise_what_the_system_gave_the_domain(
    admin: User, root: User, client_for: ClientFor
) -> None:
    above = reverse("system-domain-limits", args=[admin.domain_id])
    root.domain = Domain.objects.create(name="there.test")
    root.save()
    theirs, mine = client_for(root), client_for(admin)
    assert "cannot loosen" in told(theirs.get(above))
    done = told(theirs.post(above, {"tasks": "4", "interval": "60"}, follow=True))
    assert "Holds: 4 Set for this domain by a system administrator" in done
    text = told(mine.get(MINE))
    assert "Holds: 4 Set for this domain by a system administrator" in text
    assert "cannot loosen" not in text
    for typed in ({"tasks": "5"}, {"interval": "30"}):
        refused = mine.post(MINE, typed)
        assert refused.status_code == 422
        assert "A system administrator set" in told(refused)
    mine.post(MINE, {"tasks": "2"})
    mine.post(MINE, {"reset": "tasks"})
    assert limits.of(admin.domain_id).tasks == 4
    # By the address of a system administrator's page it is the same.
    mine.post(above, {"tasks": ""})
    assert limits.of(admin.domain_id).tasks == 4
    theirs.post(above, {"reset": "tasks"})
    assert limits.of(admin.domain_id).tasks is None


def test_a_figure_that_was_not_touched_stays_to_the_byte(
    admin: User, client_for: ClientFor
) -> None:
    Limits.objects.create(domain=admin.domain, quota=GB + 12345)
    browser = client_for(admin)
    values = Page(browser.get(MINE)).values
    assert values["quota"] == "1"
    browser.post(MINE, values | {"tasks": "4"})
    row = Limits.objects.get()
    assert (row.quota, row.tasks) == (GB + 12345, 4)


def test_more_space_lets_retrieval_go_on_at_once(
    admin: User, user: User, client_for: ClientFor
) -> None:
    later = timezone.now() + timedelta(hours=5)
    full = task_of(user, cause="space-full", state="backoff", next_at=later)
    other = task_of(user, cause="no-answer", state="backoff", next_at=later)
    client_for(admin).post(MINE, {"quota": "9"})
    full.refresh_from_db()
    other.refresh_from_db()
    assert full.next_at is not None
    assert full.next_at < later
    assert other.next_at == later
    assert allowance.wake(now=timezone.now(), user=admin) == 0
    assert daily.wake(now=timezone.now(), domain=None) == 0


def test_operators_set_them_by_a_command(
    admin: User, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.RETRIEVAL_INTERVAL = 600
    name = admin.domain.name
    call_command("limits", "set", "--tasks", "5", "--quota", "5000000")
    call_command("limits", "set", "--domain", name, "--tasks", "3", "--daily-sends", "9")
    capsys.readouterr()
    call_command("limits", "set", "--domain", name, "--daily-sends", "none", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["tasks"], told["tasks_set_by"]) == (3, "system-for-domain")
    assert (told["quota"], told["quota_set_by"]) == (5000000, "system")
    assert (told["daily_sends"], told["daily_sends_set_by"]) == (None, "nobody")
    with pytest.raises(CommandError, match="stricter already: tasks"):
        call_command("limits", "set", "--domain", name, "--tasks", "6")
    with pytest.raises(CommandError, match="at least"):
        call_command("limits", "set", "--interval", "1")
    assert AuditEntry.objects.filter(action="limits-changed", actor=None).count() == 3
