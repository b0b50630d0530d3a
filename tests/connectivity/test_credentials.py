"""Secrets in the database: closed to other rows, moved to a new key without a gap."""

import base64
import os
import secrets
import signal
import subprocess
import sys
import time

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import Credential
from connectivity.services import credentials
from connectivity.services.credentials import CredentialError


def entry(name: str) -> str:
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


@pytest.mark.accept("A190")
def test_a_secret_is_stored_sealed(user: User) -> None:
    credential = credentials.store(user=user, secret="kwyt qdnb hzpl")
    with connection.cursor() as cursor:
        cursor.execute("SELECT token, key_id FROM connectivity_credential")
        token, _key = cursor.fetchone()
    assert b"kwyt" not in bytes(token)
    assert "kwyt" not in repr(credential) + str(credential)
    assert credentials.reveal(Credential.objects.get()) == "kwyt qdnb hzpl"


@pytest.mark.accept("A190")
def test_a_ciphertext_swapped_into_another_row_does_not_open(user: User, other_user: User) -> None:
    hers = credentials.store(user=user, secret="hers")
    his = credentials.store(user=other_user, secret="his")
    Credential.objects.filter(pk=his.pk).update(token=hers.token, key_id=hers.key_id)
    with pytest.raises(CredentialError):
        credentials.reveal(Credential.objects.get(pk=his.pk))
    # Nor does the whole row under another owner.
    Credential.objects.filter(pk=hers.pk).update(user=other_user)
    with pytest.raises(CredentialError):
        credentials.reveal(Credential.objects.get(pk=hers.pk))


def test_another_users_credential_cannot_be_written(user: User, other_user: User) -> None:
    hers = credentials.store(user=user, secret="hers")
    with pytest.raises(ValueError, match="another user"):
        credentials.store(user=other_user, secret="his", credential=hers)


def test_a_lost_key_fails_closed_and_says_which(user: User, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [entry("k1")]
    credential = credentials.store(user=user, secret="hers")
    settings.CREDENTIAL_KEYS = [entry("k2")]
    with pytest.raises(CredentialError, match="'k1' is not in CREDENTIAL_KEYS"):
        credentials.reveal(credential)


def test_rotation_moves_every_row_and_the_old_key_can_go(user: User, settings: Settings) -> None:
    old, new = entry("old"), entry("new")
    settings.CREDENTIAL_KEYS = [old]
    rows = [credentials.store(user=user, secret=f"secret {n}") for n in range(7)]
    settings.CREDENTIAL_KEYS = [new, old]
    assert credentials.rotate(batch=3).rotated == 7
    settings.CREDENTIAL_KEYS = [new]
    found = [credentials.reveal(Credential.objects.get(pk=row.pk)) for row in rows]
    assert found == [f"secret {n}" for n in range(7)]
    assert credentials.rotate().rotated == 0


def test_rotation_counts_what_does_not_open_and_goes_on(user: User, settings: Settings) -> None:
    old, new = entry("old"), entry("new")
    settings.CREDENTIAL_KEYS = [old]
    rows = [credentials.store(user=user, secret=f"secret {n}") for n in range(5)]
    Credential.objects.filter(pk=rows[2].pk).update(key_id="lost")
    settings.CREDENTIAL_KEYS = [new, old]
    done = credentials.rotate(batch=2)
    assert (done.rotated, done.unreadable) == (4, 1)


def test_the_command_tells_what_it_did(
    user: User, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = entry("old"), entry("new")
    settings.CREDENTIAL_KEYS = [old]
    credentials.store(user=user, secret="hers")
    settings.CREDENTIAL_KEYS = [new, old]
    call_command("rotate_keys", "--json")
    assert '"rotated": 1' in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_killed_rotation_loses_nothing_and_goes_on(settings: Settings) -> None:
    """Kill -9 at moments spread over the run: every secret opens after each, and at the end."""
    user = User.objects.create(
        email="mara@example.test", domain=Domain.objects.create(name="example.test")
    )
    old, new = entry("old"), entry("new")
    settings.CREDENTIAL_KEYS = [old]
    rows = {credentials.store(user=user, secret=f"secret {n}").pk: n for n in range(60)}
    settings.CREDENTIAL_KEYS = [new, old]
    for moved in (1, 20, 40):
        _rotate_and_kill(new, old, moved)
        for credential in Credential.objects.all():
            assert credentials.reveal(credential) == f"secret {rows[credential.pk]}"
    assert credentials.rotate(batch=10).unreadable == 0
    assert not Credential.objects.exclude(key_id="new").exists()
    settings.CREDENTIAL_KEYS = [new]
    assert {credentials.reveal(row) for row in Credential.objects.all()} == {
        f"secret {n}" for n in range(60)
    }


def _rotate_and_kill(new: str, old: str, moved: int) -> None:
    """Run the rotation in a process of its own and kill it once ``moved`` rows are done."""
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else os.environ["TEST_DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}"
    )
    child = subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys", "--batch", "1"],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webmail.settings",
            "CREDENTIAL_KEYS": f"{new},{old}",
            "DATABASE_URL": url,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    try:
        while Credential.objects.filter(key_id="new").count() < moved:
            if child.poll() is not None or time.monotonic() > deadline:
                break
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
