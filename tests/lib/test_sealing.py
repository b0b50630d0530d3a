"""The seal opens only for the row it was made for, and only unchanged."""

import base64
import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.sealing import KeyFormatError, Keyring, Place, SealError, parse_keys

PLACE = Place(table="connectivity_credential", pk="1", field="token", owner="7")


def key() -> bytes:
    return secrets.token_bytes(32)


def ring(*names: str) -> Keyring:
    return Keyring(newest=names[0], keys={name: key() for name in names})


@given(st.text(max_size=200))
def test_what_is_sealed_opens(secret: str) -> None:
    keys = ring("new")
    assert keys.open(keys.seal(secret, PLACE), "new", PLACE) == secret


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, table="smtp_accounts_account"),
        replace(PLACE, pk="2"),
        replace(PLACE, field="note"),
        replace(PLACE, owner="8"),
    ],
)
def test_a_token_copied_elsewhere_stays_closed(elsewhere: Place) -> None:
    keys = ring("new")
    token = keys.seal("quiet river", PLACE)
    with pytest.raises(SealError):
        keys.open(token, "new", elsewhere)


def test_the_key_id_is_part_of_the_seal() -> None:
    shared = key()
    keys = Keyring(newest="a", keys={"a": shared, "b": shared})
    with pytest.raises(SealError):
        keys.open(keys.seal("quiet river", PLACE), "b", PLACE)


def test_every_changed_bit_is_noticed() -> None:
    keys = ring("new")
    token = keys.seal("quiet river", PLACE)
    for bit in range(len(token) * 8):
        broken = bytearray(token)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            keys.open(bytes(broken), "new", PLACE)
    for end in range(len(token)):
        with pytest.raises(SealError):
            keys.open(token[:end], "new", PLACE)


def test_the_same_secret_never_looks_the_same() -> None:
    keys = ring("new")
    assert len({keys.seal("quiet river", PLACE) for _ in range(200)}) == 200


def test_an_old_key_opens_and_the_newest_seals() -> None:
    old = ring("old")
    token = old.seal("quiet river", PLACE)
    both = Keyring(newest="new", keys={"new": key(), **old.keys})
    assert both.open(token, "old", PLACE) == "quiet river"
    with pytest.raises(SealError, match="not in CREDENTIAL_KEYS"):
        ring("new").open(token, "old", PLACE)


def test_a_keyring_does_not_show_its_keys() -> None:
    keys = ring("new")
    assert base64.b64encode(keys.keys["new"]).decode() not in repr(keys)
    assert repr(keys.keys["new"]) not in repr(keys)


def test_keys_are_read_newest_first() -> None:
    entries = [f"{name}:{base64.b64encode(key()).decode()}" for name in ("k2", "k1")]
    keys = parse_keys(entries)
    assert (keys.newest, list(keys.keys)) == ("k2", ["k2", "k1"])


@pytest.mark.parametrize(
    "entries",
    [
        [],
        ["nothing"],
        ["k1:"],
        ["k1:not base64"],
        [f"k1:{base64.b64encode(b'short').decode()}"],
        [f":{base64.b64encode(b'x' * 32).decode()}"],
        [f"a|b:{base64.b64encode(b'x' * 32).decode()}"],
        [f"k1:{base64.b64encode(b'x' * 32).decode()}"] * 2,
    ],
)
def test_unusable_keys_are_refused_without_showing_them(entries: list[str]) -> None:
    with pytest.raises(KeyFormatError) as caught:
        parse_keys(entries)
    keys = [entry.partition(":")[2] for entry in entries]
    assert not any(key and key in str(caught.value) for key in keys)
