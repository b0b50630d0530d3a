"""Keeping a permission: renewed early, once, and by one worker; given up only when it is dead."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import AccountDraft, Credential, Feature, OAuthClient, OAuthGrant
from connectivity.services import credentials, features, grants, logins
from connectivity.tasks import tidy_sign_ins
from protocols.errors import MailServerError, OAuthRevoked, OAuthUnavailable
from standin.certs import TlsFiles
from standin.hostile import Expect, Hang, Hostile, Send, Step, Tls
from tests.oidc import PERSON
from tests.oidc.conftest import SignIn
from tests.oidc.provider import CLIENT_SECRET, OidcProvider
from tests.waiting import wait_until
from webmail.services import removing

NOW = timezone.now()
SOON = timedelta(minutes=56)  # less than five minutes are left of the hour


@pytest.fixture
def credential(sign_in: SignIn) -> Credential:
    """A permission that was given at `NOW`, however long this run has been going on."""
    found = sign_in().credential
    assert found is not None
    OAuthGrant.objects.update(access_until=NOW + timedelta(hours=1), refreshed_at=NOW)
    return found


def tokens(credential: Credential) -> dict[str, str]:
    credential.refresh_from_db()
    found: dict[str, str] = json.loads(credentials.reveal(credential))
    return found


def expire(credential: Credential) -> None:
    OAuthGrant.objects.filter(pk=credential.pk).update(access_until=None, refreshed_at=None)


def failure(credential: Credential, now: datetime = NOW) -> MailServerError:
    with pytest.raises(MailServerError) as caught:
        grants.access(credential, now=now)
    return caught.value


def test_a_token_that_lasts_is_used_as_it_is(credential: Credential, oidc: OidcProvider) -> None:
    asked = oidc.count("refresh_token")
    login = logins.login(credential, username=PERSON, host="localhost", now=NOW)
    assert (login.username, login.oauth) == (PERSON, True)
    assert login.password == tokens(credential)["access"]
    assert login.password not in repr(login)
    assert oidc.count("refresh_token") == asked
    assert oidc.owner(login.password) == PERSON


def test_a_token_is_renewed_five_minutes_early_and_so_is_what_renews_it(
    credential: Credential, oidc: OidcProvider
) -> None:
    before = tokens(credential)
    later = NOW + SOON
    fresh = grants.access(credential, now=later)
    after = tokens(credential)
    assert fresh == after["access"] != before["access"]
    assert after["refresh"] != before["refresh"]
    grant = OAuthGrant.objects.get(pk=credential.pk)
    assert grant.refreshed_at == later
    assert grant.access_until is not None
    assert grant.access_until > later + timedelta(minutes=50)
    assert (grant.lease_until, grant.cause) == (None, "")
    # The old one is dead at the provider, so only a right rotation goes on.
    assert grants.access(credential, now=later + SOON) != fresh


def test_renewing_is_no_new_secret_for_those_who_listen(credential: Credential) -> None:
    before = Credential.objects.get(pk=credential.pk).changed_at
    grants.access(credential, now=NOW + SOON)
    assert Credential.objects.get(pk=credential.pk).changed_at == before


def test_row_17_a_refused_token_is_replaced_once(
    credential: Credential, oidc: OidcProvider
) -> None:
    first = grants.access(credential, now=NOW)
    logins.refused(credential, now=NOW + timedelta(minutes=5))
    second = grants.access(credential, now=NOW + timedelta(minutes=5))
    assert second != first
    # A token given a moment ago is not refused for its age: no renewal after renewal.
    logins.refused(credential, now=NOW + timedelta(minutes=5, seconds=30))
    assert grants.access(credential, now=NOW + timedelta(minutes=5, seconds=30)) == second


def test_row_19_a_withdrawn_permission_asks_for_the_person(
    credential: Credential, oidc: OidcProvider
) -> None:
    oidc.revoke(tokens(credential)["refresh"])
    expire(credential)
    assert isinstance(failure(credential), OAuthRevoked)
    grant = OAuthGrant.objects.get(pk=credential.pk)
    assert (grant.dead_since, grant.cause) == (NOW, "oauth-revoked")
    assert "invalid_grant" in grant.server_line
    # Nobody asks the provider again, however often the account is tried.
    asked = oidc.count("refresh_token")
    assert isinstance(failure(credential, NOW + timedelta(days=1)), OAuthRevoked)
    assert oidc.count("refresh_token") == asked


def broken(client: OAuthClient, server: Hostile) -> None:
    client.token_url = f"https://localhost:{server.port}/token"
    client.save()


def test_row_18_a_provider_in_trouble_is_not_asked_at_every_turn(
    credential: Credential, oauth_client: OAuthClient, tls_files: TlsFiles
) -> None:
    answer = b"HTTP/1.1 503 no\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    script: list[Step] = [Tls(tls_files.good), Expect(rb"^\r?$"), Send(answer), Hang()]
    expire(credential)
    with Hostile(script) as server:
        broken(oauth_client, server)
        error = failure(credential)
        assert isinstance(error, OAuthUnavailable)
        assert error.retry_after == 120
        again = failure(credential, NOW + timedelta(seconds=30))
        assert again.retry_after == 90
        assert len(server.heard) == 1
    grant = OAuthGrant.objects.get(pk=credential.pk)
    assert (grant.dead_since, grant.lease_until) == (None, None)
    assert grant.retry_at == NOW + timedelta(seconds=120)


def test_what_was_given_last_serves_while_the_provider_is_down(
    credential: Credential, oauth_client: OAuthClient, tls_files: TlsFiles
) -> None:
    before = tokens(credential)["access"]
    script: list[Step] = [Tls(tls_files.good), Hang()]
    with Hostile(script) as server:
        broken(oauth_client, server)
        server_down = NOW + SOON
        OAuthGrant.objects.filter(pk=credential.pk).update(
            retry_at=server_down + timedelta(minutes=1)
        )
        assert grants.access(credential, now=server_down) == before
        assert not server.heard


def test_switched_off(credential: Credential, oauth_client: OAuthClient) -> None:
    features.set_switch(credential.user.domain, Feature.OAUTH, False)
    assert failure(credential).cause == "feature-off"
    features.set_switch(credential.user.domain, Feature.OAUTH, True)
    OAuthClient.objects.update(enabled=False)
    assert failure(credential).cause == "feature-off"


def test_a_client_secret_that_does_not_open(
    credential: Credential, oauth_client: OAuthClient
) -> None:
    OAuthClient.objects.update(token=b"nonsense")
    expire(credential)
    with pytest.raises(credentials.CredentialError):
        grants.access(credential, now=NOW)
    assert OAuthGrant.objects.get(pk=credential.pk).lease_until is None


def test_a_permission_that_is_gone_is_no_fault_of_ours(credential: Credential) -> None:
    OAuthGrant.objects.all().delete()
    with pytest.raises(credentials.CredentialError):
        logins.login(credential, username=PERSON, host="localhost", now=NOW)


def test_keys_change_under_a_permission(
    credential: Credential, oauth_client: OAuthClient, settings: Settings
) -> None:
    keys = list(settings.CREDENTIAL_KEYS)
    newest = f"next:{keys[0].partition(':')[2][::-1].lstrip('=')}="
    settings.CREDENTIAL_KEYS = [newest, *keys]
    before = tokens(credential)
    assert credentials.rotate().rotated == 3  # the permission, the client and the sign-in
    settings.CREDENTIAL_KEYS = [newest]
    assert tokens(credential) == before
    oauth_client.refresh_from_db()
    assert credentials.unseal(oauth_client) == CLIENT_SECRET
    assert grants.access(credential, now=NOW + SOON)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("workers", "rounds"), [(2, 50), (8, 5)])
def test_many_workers_renew_once(
    credential: Credential, oidc: OidcProvider, workers: int, rounds: int
) -> None:
    asked = oidc.count("refresh_token")
    # Nobody begins a round before all have ended the last one; then the token is old again.
    together = threading.Barrier(workers, action=lambda: expire(credential))
    found: list[set[str]] = [set() for _ in range(rounds)]

    def work() -> None:
        try:
            for number in range(rounds):
                together.wait(60)
                mine = Credential.objects.get(pk=credential.pk)
                found[number].add(grants.access(mine, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [len(each) for each in found] == [1] * rounds
    assert found[-1] == {tokens(credential)["access"]}
    wait_until(lambda: oidc.count("refresh_token") >= asked + rounds, "all were counted")
    assert oidc.count("refresh_token") == asked + rounds


@pytest.mark.parametrize("when", ["before", "during"])
def test_who_looked_before_another_had_renewed_does_not_use_the_old_token(
    credential: Credential, oidc: OidcProvider, when: str
) -> None:
    """The lease is free again by then, but what was read is of yesterday: used, it is a theft."""
    expire(credential)
    asked, others = oidc.count("refresh_token"), list[str]()
    held = OAuthGrant.objects.select_related("client", "credential").get(pk=credential.pk)
    fence = grants._claim(held) if when == "during" else 0

    def first_somebody_else(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: object
    ) -> object:
        if "lease_until" in sql and sql.startswith("UPDATE") and not others:
            others.append("")
            theirs = grants._renewed(held, fence, NOW) if fence else None
            others.append(theirs or grants.access(credential, now=NOW))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(first_somebody_else):
        assert grants.access(credential, now=NOW) == others[1]
    wait_until(lambda: oidc.count("refresh_token") > asked, "it was counted")
    assert oidc.count("refresh_token") == asked + 1
    assert grants.access(credential, now=NOW + SOON)


def test_a_busy_database_does_not_lose_what_was_renewed(credential: Credential) -> None:
    expire(credential)
    failed = list[str]()

    def busy(
        execute: Callable[..., object], sql: str, params: object, many: bool, context: object
    ) -> object:
        if sql.startswith('UPDATE "connectivity_credential"') and len(failed) < 2:
            failed.append(sql)
            raise OperationalError("database is locked")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(busy):
        fresh = grants.access(credential, now=NOW)
    assert len(failed) == 2
    assert tokens(credential)["access"] == fresh


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_died_holds_nobody_up_for_long(credential: Credential) -> None:
    expire(credential)
    OAuthGrant.objects.filter(pk=credential.pk).update(
        lease_until=timezone.now() + timedelta(seconds=1), fence=7
    )
    assert grants.access(credential, now=NOW)
    assert OAuthGrant.objects.get(pk=credential.pk).fence == 9


def test_what_no_account_has_any_more_is_withdrawn(sign_in: SignIn, oidc: OidcProvider) -> None:
    draft = sign_in()
    kept, credential = sign_in(name="ines@tenant.test").credential, draft.credential
    assert credential is not None
    before = tokens(credential)
    with transaction.atomic():
        draft.delete()
        credentials.release(credential)
    assert grants.sweep(now=timezone.now()) == 0  # it may be on its way to an account
    assert grants.sweep(now=timezone.now() + timedelta(hours=1)) == 1
    assert list(Credential.objects.all()) == [kept]
    assert not oidc.owner(before["access"])


def test_who_signed_in_twice_keeps_what_the_account_has(
    sign_in: SignIn, oidc: OidcProvider
) -> None:
    """To withdraw one permission may end all that a person gave, so the last one goes first."""
    first, later = sign_in(), timezone.now() + timedelta(hours=1)
    second = sign_in().credential
    assert first.credential is not None
    assert second is not None
    before, kept = tokens(first.credential), tokens(second)
    first.delete()
    assert grants.sweep(now=later) == 1
    assert list(Credential.objects.all()) == [second]
    assert oidc.owner(before["access"]) == oidc.owner(kept["access"]) == PERSON
    AccountDraft.objects.all().delete()
    assert grants.sweep(now=later) == 1
    assert not oidc.owner(kept["access"])


def test_the_schedule_does_both(
    sign_in: SignIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "SPARE", timedelta(0))
    sign_in().delete()
    assert settings.CELERY_BEAT_SCHEDULE["tidy-sign-ins"]["task"] == tidy_sign_ins.name
    tidy_sign_ins()
    assert not Credential.objects.exists()


def test_a_provider_that_is_down_keeps_nothing_here(
    sign_in: SignIn, oauth_client: OAuthClient, tls_files: TlsFiles
) -> None:
    draft = sign_in()
    draft.delete()
    with Hostile([Tls(tls_files.wrong_name), Hang()]) as server:
        oauth_client.revoke_url = f"https://localhost:{server.port}/revoke"
        oauth_client.save()
        assert grants.sweep(now=timezone.now() + timedelta(hours=1)) == 1
    assert not Credential.objects.exists()


def test_who_leaves_takes_every_permission_back(
    user: User, other_user: User, sign_in: SignIn, oidc: OidcProvider
) -> None:
    first, second = sign_in().credential, sign_in().credential
    other = sign_in(name="ines@tenant.test").credential
    assert first is not None
    assert second is not None
    assert other is not None
    gone, kept = [tokens(first)["access"], tokens(second)["access"]], tokens(other)["access"]
    # What somebody else has goes on.
    Credential.objects.filter(pk=other.pk).update(user=other_user)
    removing.mark(user=user, by=user, now=NOW)
    assert removing.purge_due(now=NOW + removing.GRACE) == 1
    assert [oidc.owner(one) for one in gone] == ["", ""]
    assert oidc.owner(kept) == "ines@tenant.test"
    assert list(Credential.objects.all()) == [other]


def test_a_provider_that_is_down_holds_no_deletion_up(
    user: User, sign_in: SignIn, oauth_client: OAuthClient, tls_files: TlsFiles
) -> None:
    sign_in()
    removing.mark(user=user, by=user, now=NOW)
    with Hostile([Tls(tls_files.wrong_name), Hang()]) as server:
        oauth_client.revoke_url = f"https://localhost:{server.port}/revoke"
        oauth_client.save()
        assert removing.purge_due(now=NOW + removing.GRACE) == 1
    assert not User.objects.exists()
