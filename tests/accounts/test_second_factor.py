"""The second step: codes of an app, recovery codes, and what stands between two steps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.callers import NOBODY
from accounts.models import AuditEntry, Outcome, SignIn, SystemMessage, User
from accounts.services import second_factor
from connectivity.services import credentials
from lib.sealing import SealError
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)
SECOND = "/sign-in/second/"


def code_at(secret: str, moment: datetime) -> str:
    """What an app shows then (RFC 6238, RFC 4226 5.3), written down once more."""
    key = base64.b32decode(secret.replace(" ", ""))
    step = struct.pack(">Q", int(moment.timestamp()) // 30)
    digest = hmac.new(key, step, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def with_app(user: User, now: datetime = NOW) -> str:
    """Set an app up some minutes ago; its secret."""
    secret, earlier = second_factor.new_secret(), now - timedelta(minutes=5)
    code = code_at(secret, earlier)
    assert second_factor.add_app(user=user, secret=secret, code=code, now=earlier, caller=NOBODY)
    return secret


def first_step(client: Client, user: User, **more: str) -> str:
    answer = client.post("/sign-in/", {"username": user.email, "password": PASSWORD, **more})
    return str(answer["Location"])


def test_the_code_of_a_known_secret() -> None:
    """The first vectors of RFC 6238, appendix B, in six digits."""
    secret = base64.b32encode(b"12345678901234567890").decode()
    for second, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_at(secret, datetime.fromtimestamp(second, UTC)) == code


def test_a_code_counts_once_and_for_its_time(user: User) -> None:
    secret = with_app(user)
    takes = second_factor.takes_app_code
    assert not takes(user, "000000", NOW)
    assert not takes(user, code_at(secret, NOW - timedelta(minutes=2)), NOW)
    assert takes(user, code_at(secret, NOW), NOW)
    assert not takes(user, code_at(secret, NOW), NOW)
    # Nor one that was shown before the one that was used.
    assert not takes(user, code_at(secret, NOW - timedelta(seconds=30)), NOW)
    later = NOW + timedelta(seconds=30)
    spaced = code_at(secret, later)
    assert takes(user, f"{spaced[:3]} {spaced[3:]}", later)


def test_the_secret_is_sealed_for_its_owner(user: User, other_user: User) -> None:
    secret = with_app(user)
    row = Authenticator.objects.get(user=user)
    assert secret not in str(row.data)
    Authenticator.objects.create(user=other_user, type="totp", data=row.data)
    with pytest.raises(SealError):
        second_factor.takes_app_code(other_user, code_at(secret, NOW), NOW)


def test_secrets_move_to_a_new_key(user: User, settings: Settings) -> None:
    secret = with_app(user)
    codes = second_factor.make_codes(user=user, now=NOW, caller=NOBODY)
    old = settings.CREDENTIAL_KEYS
    new = ["new:" + base64.b64encode(bytes(range(32))).decode()]
    settings.CREDENTIAL_KEYS = new + old
    assert credentials.rotate().rotated == 2
    settings.CREDENTIAL_KEYS = new
    assert credentials.keys_in_use() == {"new"}
    assert second_factor.takes_app_code(user, code_at(secret, NOW), NOW)
    assert second_factor.takes_recovery_code(user, codes[0], NOW)


def test_a_recovery_code_counts_once(user: User, other_user: User) -> None:
    with_app(user)
    codes = second_factor.make_codes(user=user, now=NOW, caller=NOBODY)
    assert len(set(codes)) == 10
    assert all(len(one.replace(" ", "")) == 12 for one in codes)
    takes = second_factor.takes_recovery_code
    assert not takes(other_user, codes[3], NOW)
    assert takes(user, codes[3].replace(" ", ""), NOW)
    assert not takes(user, codes[3], NOW)
    assert second_factor.standing(user).codes_left == 9
    again = second_factor.make_codes(user=user, now=NOW, caller=NOBODY)
    assert not takes(user, codes[4], NOW)
    assert takes(user, again[4], NOW)


def test_without_a_second_step_there_are_no_recovery_codes(user: User) -> None:
    with_app(user)
    second_factor.make_codes(user=user, now=NOW, caller=NOBODY)
    second_factor.remove_app(user=user, now=NOW, caller=NOBODY)
    assert not Authenticator.objects.exists()


def test_who_lost_it_is_helped_and_told(user: User, other_user: User) -> None:
    user.backup_address, user.backup_confirmed_at = "mara@elsewhere.test", NOW
    user.save()
    with_app(user)
    SystemMessage.objects.all().delete()
    assert second_factor.clear(user=user, by=other_user, now=NOW)
    assert not second_factor.clear(user=user, by=other_user, now=NOW)
    line = AuditEntry.objects.filter(action="second-step-cleared").get()
    assert (line.actor, line.subject) == (other_user.pk, user.pk)
    assert SystemMessage.objects.get().to == "mara@elsewhere.test"


def test_a_password_alone_is_not_enough(client: Client, user: User) -> None:
    secret = with_app(user, timezone.now())
    assert first_step(client, user, next="/keyboard/") == SECOND
    # Neither signed in nor known to any page but the second step.
    assert client.get("/").status_code == 302
    assert user.email in client.get(SECOND).content.decode()
    between = client.cookies[configured.SESSION_COOKIE_NAME].value
    wrong = client.post(SECOND, {"code": "000000"})
    assert wrong.status_code == 422
    assert SignIn.objects.get().outcome == Outcome.SECOND
    User.objects.update(welcomed_at=timezone.now())
    right = client.post(SECOND, {"code": code_at(secret, timezone.now())})
    assert right["Location"] == "/keyboard/"
    assert client.get("/").status_code == 200
    assert client.cookies[configured.SESSION_COOKIE_NAME].value != between
    assert "second-step" not in client.session
    thief = Client()
    thief.cookies[configured.SESSION_COOKIE_NAME] = between
    assert thief.get("/").status_code == 302
    assert thief.get(SECOND).status_code == 302


def test_a_recovery_code_opens_the_door(client: Client, user: User) -> None:
    with_app(user)
    code = second_factor.make_codes(user=user, now=NOW, caller=NOBODY)[0]
    first_step(client, user)
    assert "Recovery code" in client.get(f"{SECOND}?kind=recovery").content.decode()
    # It is none of the app's.
    assert client.post(SECOND, {"code": code}).status_code == 422
    assert client.post(SECOND, {"code": code, "kind": "recovery"}).status_code == 302
    second = Client()
    first_step(second, user)
    assert second.post(SECOND, {"code": code, "kind": "recovery"}).status_code == 422


def test_what_stands_between_ends(client: Client, user: User) -> None:
    """With a new password, with the account, and after ten minutes."""
    secret = with_app(user, timezone.now())
    assert client.get(SECOND)["Location"] == "/sign-in/"
    first_step(client, user)
    User.objects.update(is_active=False)
    assert client.get(SECOND).status_code == 302
    User.objects.update(is_active=True)
    assert client.get(SECOND).status_code == 200
    session = client.session
    session["second-step"]["at"] -= 700
    session.save()
    assert client.post(SECOND, {"code": code_at(secret, timezone.now())})["Location"] == "/sign-in/"
    first_step(client, user)
    user.set_password("another river in autumn")
    user.save()
    assert client.get(SECOND).status_code == 302


def test_codes_are_not_guessed(client: Client, user: User, other_user: User) -> None:
    secret = with_app(user, timezone.now())
    first_step(client, user)
    answers = [client.post(SECOND, {"code": "000000"}).status_code for _ in range(10)]
    assert answers == [422] * 10
    assert client.post(SECOND, {"code": code_at(secret, timezone.now())}).status_code == 429
    # From elsewhere the owner still gets in.
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    first_step(elsewhere, user)
    code = code_at(secret, timezone.now())
    assert elsewhere.post(SECOND, {"code": code}).status_code == 302


def test_an_app_is_set_up_on_the_page(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    page = client.get(reverse("security-app")).content.decode()
    secret = client.session["new-app-secret"]
    assert "data:image/svg+xml;base64," in page
    refused = client.post(reverse("security-app"), {"code": "000000"})
    assert refused.status_code == 422
    assert not second_factor.is_on(user)
    done = client.post(reverse("security-app"), {"code": code_at(secret, timezone.now())})
    assert "Recovery codes" in done.content.decode()
    standing = second_factor.standing(user)
    assert (standing.is_on, standing.codes_left) == (True, 10)
    assert "new-app-secret" not in client.session
    shown = client.get(reverse("security")).content.decode()
    assert secret not in shown
    assert "10 left" in shown
    told = AuditEntry.objects.filter(subject=user.pk).values_list("action", flat=True)
    assert {"totp-added", "recovery-codes-made"} <= set(told)
    assert client.post(reverse("security-app-remove")).status_code == 302
    assert not second_factor.is_on(user)


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", "{}", '{"response": {"userHandle": "MQ"}}', "x" * 40_000]
)
def test_what_is_no_passkey_is_refused(client: Client, user: User, sent: str) -> None:
    assert client.post(reverse("sign-in-passkey-begin")).json()["publicKey"]["challenge"]
    assert client.post(reverse("sign-in-passkey"), {"credential": sent}).status_code == 422
    with_app(user)
    first_step(client, user)
    assert client.post(reverse("sign-in-second-passkey")).status_code == 200
    assert client.post(SECOND, {"credential": sent}).status_code == 422


def test_passkeys_of_others_are_not_found(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    theirs = Authenticator.objects.create(
        user=other_user, type="webauthn", data={"name": "Theirs", "credential": {}}
    )
    client = client_for(user)
    for name in ("security-passkey-rename", "security-passkey-remove"):
        assert client.get(reverse(name, args=[theirs.pk])).status_code == 404
        assert client.post(reverse(name, args=[theirs.pk]), {"name": "x"}).status_code == 404
    own = client_for(other_user)
    renamed = own.post(reverse("security-passkey-rename", args=[theirs.pk]), {"name": "Key"})
    assert renamed.status_code == 302
    theirs.refresh_from_db()
    assert theirs.data["name"] == "Key"
    assert own.post(reverse("security-passkey-remove", args=[theirs.pk])).status_code == 302
    assert not Authenticator.objects.exists()
