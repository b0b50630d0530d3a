"""Short proofs of single lines of docs/security.md."""

from __future__ import annotations

import base64
import json
import math
import re
import string

import pytest
from django.core import signing
from django.test import Client, RequestFactory

from accounts import devices
from accounts.models import User
from accounts.sessions import SessionStore
from protocols.tls import Trust, context


@pytest.mark.django_db
def test_keys_of_sessions_cannot_be_guessed() -> None:
    sessions = [SessionStore() for _ in range(50)]
    for one in sessions:
        one.create()
    keys = [one.session_key or "" for one in sessions]
    assert len(set(keys)) == 50
    used = set("".join(keys))
    # Every letter there may be is used: 50 keys of 32 leave none out but once in 10^18 runs.
    assert used == set(string.ascii_lowercase + string.digits)
    assert {len(key) * math.log2(len(used)) >= 128 for key in keys} == {True}


def test_what_another_key_or_algorithm_signed_counts_nothing(user: User) -> None:
    def is_known(value: str) -> bool:
        request = RequestFactory().get("/")
        request.COOKIES[devices.name()] = value
        return devices.knows(request, user)

    salt = "accounts.devices"
    assert is_known(signing.dumps([user.pk], salt=salt))
    assert not is_known(signing.dumps([user.pk], salt=salt, key="the key of somebody else"))
    assert not is_known(signing.dumps([user.pk], salt="something.else"))
    sha1 = signing.TimestampSigner(salt=salt, algorithm="sha1")
    assert not is_known(sha1.sign_object([user.pk]))
    parts = [{"alg": "none"}, [user.pk]]
    unsigned = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    assert not is_known(".".join([*unsigned, ""]))


@pytest.mark.parametrize("trust", [Trust(), Trust(pin="ab" * 32)])
def test_no_broken_cipher_is_offered_to_a_server(trust: Trust) -> None:
    offered = {str(one["name"]) for one in context(trust).get_ciphers()}
    assert offered
    broken = re.compile(r"RC4|DES|NULL|EXP|MD5|(^|-)(ADH|AECDH)|IDEA|SEED|CAMELLIA-?CBC")
    assert not [name for name in offered if broken.search(name)]
    # Keys of a session are gone with it, whoever gets the server's own key later (RFC 9325, 4.1).
    assert {name for name in offered if not name.startswith(("ECDHE-", "DHE-", "TLS_"))} == set()


@pytest.mark.parametrize("path", [".git/config", ".git/HEAD", "manage.py", ".env", "CHANGELOG.md"])
@pytest.mark.parametrize("below", ["/", "/static/", "/static/../", "/static/%2e%2e/"])
@pytest.mark.django_db
def test_nothing_of_the_source_is_served(client: Client, below: str, path: str) -> None:
    answer = client.get(below + path)
    assert answer.status_code in {302, 400, 404}
    assert answer.headers.get("Location", "/sign-in/").startswith("/sign-in/")
