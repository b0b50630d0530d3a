"""Every address, every kind of person: who finds a page there, and who must not know of it.

The addresses come from the resolver. One that no line of `WHOSE` speaks of fails: say there who it
is for, and in `belongings` of test_routes what it leads to.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Domain, Role, User
from tests.security.test_routes import (
    Arguments,
    belongings,  # noqa: F401 # a fixture is found by its name here
    everything,
    routes,
)

# "their own": everybody signed in, and of an object its owner alone. "a domain's": its
# administrators and those of the system. "the system's": its administrators.
EVERYBODY, OWN, DOMAINS, SYSTEMS = "everybody", "their own", "a domain's", "the system's"
#: Of the domain somebody is in; those of the system have the same by the number of a domain.
ADMINS = "their domain's"
#: By the beginning of a name; the longest that fits counts.
WHOSE: Final = {
    # Signing in, and getting in again
    "sign-": EVERYBODY, "recovery": EVERYBODY, "backup-link": EVERYBODY,
    "backup-confirm": EVERYBODY, "logo": EVERYBODY, "prove": OWN, "choose-password": OWN,
    "welcome": OWN, "keep-account": OWN,
    # What machines and browsers ask
    "healthz": EVERYBODY, "readyz": EVERYBODY, "manifest": EVERYBODY,
    "service-worker": EVERYBODY, "offline": EVERYBODY,
    # Its token says for whom it was made
    "mail-piece": EVERYBODY, "mail-image": EVERYBODY,
    # Mail
    "mail": OWN, "mail-images": OWN, "search": OWN, "compose": OWN, "draft": OWN, "outbox": OWN,
    "label": OWN, "folder": OWN, "leaving": OWN, "push-": OWN, "keyboard": OWN,
    # What belongs to a person
    "settings": OWN, "set-": OWN, "notifications": OWN, "security": OWN, "connectivity": OWN,
    "certificate": OWN, "oauth-": OWN, "retrieval": OWN, "smtp-": OWN,
    "identit": OWN, "signature": OWN, "template": OWN, "filters": OWN,
    # Administrators
    "domain-": DOMAINS, "domain-user-import-": OWN, "domain-filters-": ADMINS,
    "system-": SYSTEMS, "oauth-client": SYSTEMS,
    # By the number of the domain, which its own administrators may name too
    "system-domain-user": DOMAINS, "system-domain-branding": DOMAINS,
    "system-domain-limits": DOMAINS, "system-domain-filters": DOMAINS,
    "system-domain-junk": DOMAINS,
}  # fmt: skip
#: Pages that say "nothing" to everybody until something is named or made.
EMPTY: Final = {
    "leaving", "settings-export-download", "domain-pause", "system-pause", "oauth-client-remove",
    "domain-resume", "system-resume",
}  # fmt: skip
#: Of one's own, what asks for the password once more; of administrators, whatever changes things.
ASKS: Final = {
    "security-app", "security-app-remove", "security-codes", "security-passkey-add",
    "security-passkey-begin", "security-passkey-remove", "security-program-add", "welcome",
    "settings-backup", "settings-backup-remove", "settings-export-start",
    "settings-export-download", "settings-delete",
    "domain-user-import-list", "domain-user-import-answer",
}  # fmt: skip
#: Forms of administrators that give nothing away and that nobody is kept out by.
AT_ONCE: Final = {"domain-resume", "system-resume", "oauth-client-test"}
ROLES = (
    "stranger", "neighbour", "domain admin", "admin elsewhere", "system admin", "disabled",
    "leaving", "given a password",
)  # fmt: skip
GONE: Final = {404}
NO_SUCH_METHOD = 405


def line_of(name: str) -> str:
    """The line of `WHOSE` that speaks of a route."""
    fitting = [start for start in WHOSE if name.startswith(start)]
    if not fitting:
        pytest.fail(f"{name}: say in WHOSE who it is for")
    return max(fitting, key=len)


def whose(name: str) -> str:
    return WHOSE[line_of(name)]


def test_no_table_speaks_of_what_is_not_there() -> None:
    names = {name for name, _taken in routes()}
    assert set(WHOSE) == {line_of(name) for name in names}
    assert names >= EMPTY | ASKS | AT_ONCE


def expected(role: str, kind: str, *, is_object: bool) -> str:
    """What somebody meets there: the "page", "nothing" (404), the "door" or the "choice" of a new
    password."""
    if kind == EVERYBODY:
        return "page"
    if role in {"stranger", "disabled"}:
        return "door"
    if role == "given a password":
        return "choice"
    if kind == OWN:
        return "nothing" if is_object else "page"
    allowed = {"system admin"}
    if kind == ADMINS and is_object:
        allowed = {"domain admin"}
    if kind in {DOMAINS, ADMINS}:
        allowed |= {"domain admin"} if is_object else {"domain admin", "admin elsewhere"}
    return "page" if role in allowed else "nothing"


def met(answer: Any) -> str:
    if answer.status_code == 302 and answer["Location"].startswith("/sign-in/"):
        return "door"
    if answer.status_code == 302 and answer["Location"] == reverse("choose-password"):
        return "choice"
    return "nothing" if answer.status_code in GONE else "page"


@pytest.fixture
def browsers(
    domain: Domain, make_user: Callable[..., User], client_for: Callable[[User], Client]
) -> dict[str, Client]:
    there = Domain.objects.create(name="there.test")
    people = {
        "neighbour": make_user("neighbour@example.test"),
        "domain admin": make_user("admin@example.test", Role.DOMAIN_ADMIN),
        "admin elsewhere": make_user("admin@there.test", Role.DOMAIN_ADMIN),
        "system admin": make_user("root@there.test", Role.SYSTEM_ADMIN),
        "disabled": make_user("disabled@example.test", Role.SYSTEM_ADMIN),
        "leaving": make_user("leaving@example.test"),
        "given a password": make_user("given@example.test", Role.SYSTEM_ADMIN),
    }
    User.objects.filter(email__endswith="@there.test").update(domain=there)
    found = {"stranger": Client()}
    for role, person in people.items():
        person.refresh_from_db()
        found[role] = client_for(person)
    User.objects.filter(pk=people["disabled"].pk).update(is_active=False)
    User.objects.filter(pk=people["leaving"].pk).update(
        delete_after=timezone.now() + timedelta(days=9)
    )
    User.objects.filter(pk=people["given a password"].pk).update(password_is_given=True)
    assert tuple(found) == ROLES
    return found


def test_every_address_and_every_kind_of_person(
    user: User,
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture
    browsers: dict[str, Client],
) -> None:
    before, wrong = everything(user), []
    for name, taken in routes():
        if name in {"readyz", "sign-out", "choose-password"}:
            continue  # a probe of parts; the ways out, which everybody signed in may take
        kind = whose(name)
        arguments = belongings(name) if taken and kind != EVERYBODY else {}
        if taken and kind == EVERYBODY:
            continue  # its token is tried where it is made
        address = reverse(name, kwargs=arguments)
        # Of a domain named in the address, or of one of its people.
        is_object = bool(taken)
        for role, browser in browsers.items():
            should = expected(role, kind, is_object=is_object)
            if kind == EVERYBODY:
                if browser.get(address).status_code >= 500:
                    wrong.append(f"{role} {name} breaks")
                continue
            # Who may come in looks only; who may not tries to change things, too.
            methods = ("get",) if should == "page" else ("get", "post")
            if should == "page" and name in EMPTY:
                should = "nothing"
            for method in methods:
                answer = getattr(browser, method)(address, {"subject": "theirs"})
                is_other_method = answer.status_code == NO_SUCH_METHOD and should != "door"
                if answer.status_code >= 500 or (met(answer) != should and not is_other_method):
                    wrong.append(f"{role} {method} {name}: {answer.status_code}, not the {should}")
    assert not wrong, "\n".join(wrong)
    assert everything(user) == before


def test_what_matters_asks_anew_who_is_there(
    user: User,
    belongings: Callable[[str], Arguments],  # noqa: F811 # the fixture
    client_for: Callable[[User], Client],
) -> None:
    """Pages that change how people get in, or take data along, want the password once more."""
    user.role = Role.SYSTEM_ADMIN
    user.save()
    browser = client_for(user)
    session = browser.session
    session["proved"] = int(time.time()) - 3600
    session.save()
    wrong = []
    for name, taken in routes():
        if name not in ASKS and whose(name) not in {DOMAINS, SYSTEMS}:
            continue
        answer = browser.post(
            reverse(name, kwargs=belongings(name) if taken else {}), {"subject": "x"}
        )
        if name not in ASKS and answer.status_code == NO_SUCH_METHOD:
            continue  # a page that is only looked at
        does_ask = answer.status_code == 302 and answer["Location"].startswith("/prove/")
        if does_ask is (name in AT_ONCE):
            wrong.append(f"{name}: {answer.status_code}")
    assert not wrong
