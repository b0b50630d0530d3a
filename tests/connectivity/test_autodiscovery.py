"""Finding servers: each step alone, their precedence, and who is told what."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity.discovery import Candidate, Found, StepId
from connectivity.services import autodiscovery
from protocols.types import Security
from tests.web import config
from tests.web.names import NameServer
from tests.web.site import Web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_internet")]
ADDRESS = "Mara.Lind@River.test"
CONFIG = "/mail/config-v1.1.xml"
AUTOCONFIG = f"https://autoconfig.river.test{CONFIG}"
WELL_KNOWN = f"https://river.test/.well-known/autoconfig{CONFIG}"
IMAP = ("imap", "imap.river.test", 993, "SSL")
SMTP = ("smtp", "smtp.river.test", 465, "SSL")


def find(user: User, address: str = ADDRESS, budget: float = 5.0) -> Found:
    return autodiscovery.find(address=address, user=user, now=timezone.now(), budget=budget)


def outcomes(found: Found) -> dict[str, str]:
    return {step.id.value: step.outcome.value for step in found.steps}


def best(found: Found, kind: str = "imap") -> Candidate:
    one = found.best(kind)
    assert one is not None
    return one


def test_autoconfig(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(IMAP, SMTP))
    found = find(user)
    imap = best(found)
    assert (imap.host, imap.port, imap.security) == ("imap.river.test", 993, Security.TLS)
    assert imap.username == "Mara.Lind@river.test"
    assert imap.step is StepId.AUTOCONFIG
    assert not imap.needs_confirmation
    assert best(found, "smtp").host == "smtp.river.test"
    assert found.answered is not None
    assert found.answered.detail == "autoconfig.river.test"
