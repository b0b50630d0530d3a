"""Which From a message starts with, and who a reply goes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtp_accounts import addresses, rules
from smtp_accounts.addresses import Mailbox
from smtp_accounts.rules import Candidate, Choice, Danger, Original, Own, Reason, Recipient

LOCAL = Candidate("0", "mara@example.test", is_default=True)
WORK = Candidate("1", "mara@work.test", source_id=7, purpose="work")
HOME = Candidate("2", "Mara@home.test", source_id=8, accepts="plus", purpose="private")
ALL = [LOCAL, WORK, HOME]
OWN = Own(ALL)


def original(**fields: object) -> Original:
    return Original(**{"from_address": "bob@elsewhere.test", **fields})  # type: ignore[arg-type]  # short for the tables below


TO_WORK = original(to=("mara@work.test",))


@pytest.mark.parametrize(
    ("message", "arguments", "key", "reason"),
    [
        (None, {}, "0", Reason.DEFAULT),
        (None, {"folder_source_id": 8}, "2", Reason.FOLDER),
        (None, {"folder_source_id": 9}, "0", Reason.DEFAULT),
        (original(), {}, "0", Reason.DEFAULT),
        (None, {"own_choice": "2"}, "2", Reason.OWN_CHOICE),
        (TO_WORK, {"own_choice": "2"}, "2", Reason.OWN_CHOICE),
        (TO_WORK, {"used_before": ["mara@home.test"]}, "2", Reason.CONVERSATION),
        (TO_WORK, {"used_before": ["gone@x.test", "mara@home.test"]}, "2", Reason.CONVERSATION),
        (
            TO_WORK,
            {"used_before": ["mara@home.test"], "conversation": False},
            "1",
            Reason.SENT_THERE,
        ),
        (TO_WORK, {"stored": Choice("2", Reason.DELIVERED)}, "2", Reason.DELIVERED),
        (TO_WORK, {"stored": Choice("9", Reason.DELIVERED)}, "1", Reason.SENT_THERE),
        (
            TO_WORK,
            {"stored": Choice("1", Reason.SENT_THERE), "used_before": ["mara@home.test"]},
            "2",
            Reason.CONVERSATION,
        ),
        (
            original(from_address="mara@home.test", to=("mara@work.test",), is_sent=True),
            {"used_before": ["mara@work.test"], "stored": Choice("0", Reason.DEFAULT)},
            "2",
            Reason.SENT_WITH,
        ),
    ],
)
def test_the_from_of_a_message(
    message: Original | None, arguments: dict[str, object], key: str, reason: Reason
) -> None:
    choice = rules.choose(ALL, original=message, **arguments)  # type: ignore[arg-type]  # the table
    assert (choice.key, choice.reason) == (key, reason)


def test_nothing_takes_the_place_of_a_choice_that_is_gone() -> None:
    with pytest.raises(LookupError):
        rules.choose(ALL, own_choice="9")


def test_what_was_decided_on_arrival_keeps_its_address() -> None:
    stored = Choice("2", Reason.PATTERN, "mara+shop@home.test")
    assert rules.choose(ALL, original=TO_WORK, stored=stored) == stored


# --- whatever arrives

LOCALS = st.sampled_from(["mara", "MARA", "mara+x", "m.ara", "bob", "mära", ""])
DOMAINS = st.sampled_from(["example.test", "Work.test", "gmail.com", "googlemail.com", "x.test"])
ADDRESSES = st.builds(lambda local, domain: f"{local}@{domain}", LOCALS, DOMAINS) | st.text()
LISTED = st.lists(ADDRESSES, max_size=3).map(tuple)
SOURCES = st.none() | st.integers(1, 3)
IDENTITIES = st.lists(
    st.builds(
        Candidate,
        key=st.just(""),
        address=ADDRESSES,
        source_id=SOURCES,
        accepts=st.sampled_from(["exact", "plus", "domain"]),
        is_default=st.booleans(),
    ),
    max_size=4,
).map(lambda found: [replace(one, key=str(n)) for n, one in enumerate(found, 1)])
ORIGINALS = st.builds(
    Original,
    from_address=ADDRESSES,
    to=LISTED,
    cc=LISTED,
    other=LISTED,
    delivered=LISTED,
    source_id=SOURCES,
    folder_source_id=SOURCES,
    list_identity=st.sampled_from(["", "0", "1", "9"]),
    is_sent=st.booleans(),
)


@given(others=IDENTITIES, message=ORIGINALS, used=LISTED, conversation=st.booleans())
def test_the_choice_is_one_of_the_candidates_and_never_the_local_one_in_place_of_another(
    others: list[Candidate], message: Original, used: tuple[str, ...], conversation: bool
) -> None:
    local = Candidate("0", "mara@example.test", accepts="plus")
    known = [local, *others]
    choice = rules.choose(known, original=message, used_before=used, conversation=conversation)
    assert choice.key in {one.key for one in known}
    assert choice == rules.choose(
        known, original=message, used_before=used, conversation=conversation
    )
    if choice.address:
        assert Own(known).by_pattern(choice.address)
    if choice.key != "0" or message.list_identity == "0":
        return
    # The local one: because mail came to it or was sent from it, or as the Default From.
    met = (*message.named, *message.delivered, *used, message.from_address)
    alone = Own([local])
    came = any(alone.holds(address) for address in met)
    assert came or choice.reason == Reason.DEFAULT
    if choice.reason == Reason.DEFAULT:
        # Then nothing of the message is any other's: nothing is fallen back from.
        other = Own(others) if others else None
        assert not any(one.is_default for one in others)
        received = (*message.named, *message.delivered, message.from_address)
        assert other is None or not any(other.holds(address) for address in received)
        assert message.source_id is None or all(
            one.source_id != message.source_id for one in others
        )


@given(others=IDENTITIES, message=ORIGINALS, everyone=st.booleans())
def test_no_reply_to_all_goes_to_oneself_while_there_is_anybody_else(
    others: list[Candidate], message: Original, everyone: bool
) -> None:
    own = Own([Candidate("0", "mara@example.test", accepts="plus"), *others])
    to, cc = rules.reply_recipients(
        message,
        own=own,
        reply_to=[],
        sender=Mailbox("", message.from_address),
        to=boxes(*message.to),
        cc=boxes(*message.cc),
        everyone=everyone,
    )
    everybody = [one.address for one in (*to, *cc)]
    assert len({addresses.key(one) for one in everybody}) == len(everybody)
    if everyone:
        assert not any(own.holds(one.address) for one in cc)
        assert not any(own.holds(one.address) for one in to) or all(
            own.holds(one.address) for one in to
        )


# --- who a reply goes to


def boxes(*addresses: str) -> list[Mailbox]:
    return [Mailbox("", address) for address in addresses]


def answered(message: Original, *, everyone: bool, **headers: object) -> tuple[str, str]:
    """To and Cc of a reply, each as one text."""
    said: dict[str, object] = {"reply_to": [], "sender": None, "to": [], "cc": [], **headers}
    said.setdefault("sender", None)
    found = rules.reply_recipients(message, own=OWN, everyone=everyone, **said)  # type: ignore[arg-type]  # as above
    to, cc = (" ".join(one.address for one in field) for field in found)
    return to, cc


BOB = Mailbox("", "bob@x.test")
MINE = Mailbox("", "mara@work.test")
LIST = "talk@lists.test"


@pytest.mark.parametrize(
    ("said", "one", "everyone"),
    [
        ({"sender": BOB, "to": boxes("mara@work.test")}, ("bob@x.test", ""), ("bob@x.test", "")),
        (
            {"sender": BOB, "reply_to": boxes("desk@x.test"), "to": boxes("mara@work.test")},
            ("desk@x.test", ""),
            ("desk@x.test", ""),
        ),
        (
            {"sender": BOB, "to": boxes("MARA@work.test", "dee@x.test", "bob@x.test"),
             "cc": boxes("cee@x.test", "mara@example.test", "dee@x.test", "CEE@x.test")},
            ("bob@x.test", ""),
            ("bob@x.test dee@x.test", "cee@x.test"),
        ),
        # A plus address of mine is mine, in whatever field.
        (
            {"sender": BOB, "to": boxes("mara+shop@home.test"), "cc": boxes("MARA+X@Home.test")},
            ("bob@x.test", ""),
            ("bob@x.test", ""),
        ),
        # Somebody else's is not, though it looks like one.
        (
            {"sender": BOB, "to": boxes("mara+shop@work.test", "marab@home.test")},
            ("bob@x.test", ""),
            ("bob@x.test mara+shop@work.test marab@home.test", ""),
        ),
        # The list put itself where the answer goes.
        (
            {"sender": BOB, "reply_to": boxes(LIST), "to": boxes(LIST), "list_address": LIST},
            ("bob@x.test", ""),
            (LIST, ""),
        ),
        # It wrote in the sender's name and left the person in Reply-To.
        (
            {"sender": Mailbox("Bob via Talk", LIST), "reply_to": boxes("bob@x.test"),
             "to": boxes(LIST), "list_address": LIST},
            ("bob@x.test", ""),
            ("bob@x.test " + LIST, ""),
        ),
        (
            {"sender": Mailbox("Bob via Talk", LIST), "to": boxes(LIST), "list_address": LIST},
            (LIST, ""),
            (LIST, ""),
        ),
        # The writer asks for answers to the list alone, or to somewhere else.
        (
            {"sender": BOB, "to": boxes(LIST, "cee@x.test"), "followup_to": boxes(LIST),
             "list_address": LIST},
            ("bob@x.test", ""),
            (LIST, ""),
        ),
        # Without a list nobody may turn an answer to all away from all.
        (
            {"sender": BOB, "to": boxes("mara@work.test", "cee@x.test"),
             "followup_to": boxes("evil@x.test")},
            ("bob@x.test", ""),
            ("bob@x.test cee@x.test", ""),
        ),
        # Two of mine: one is written to, the other answers.
        (
            {"sender": MINE, "to": boxes("mara@home.test")},
            ("mara@work.test", ""),
            ("mara@work.test", ""),
        ),
        ({"to": boxes("mara@work.test")}, ("", ""), ("", "")),
    ],
)  # fmt: skip
def test_who_is_answered(
    said: dict[str, object], one: tuple[str, str], everyone: tuple[str, str]
) -> None:
    sender, to = said.get("sender"), said["to"]
    message = original(
        from_address=getattr(sender, "address", ""),
        to=tuple(one.address for one in to),  # type: ignore[attr-defined]  # mailboxes
    )
    assert answered(message, everyone=False, **said) == one
    assert answered(message, everyone=True, **said) == everyone


@pytest.mark.parametrize("is_sent", [True, False])
def test_answering_oneself_goes_on_to_the_others(is_sent: bool) -> None:
    mine = original(from_address="mara@work.test", to=("bob@x.test",), is_sent=is_sent)
    headers = {"sender": MINE, "to": [BOB], "cc": boxes("cee@x.test", "mara@home.test")}
    assert answered(mine, everyone=False, **headers) == ("bob@x.test", "")
    assert answered(mine, everyone=True, **headers) == ("bob@x.test", "cee@x.test")


def test_what_was_sent_to_oneself_is_answered_there() -> None:
    mine = original(from_address="mara@work.test", to=("mara@home.test",), is_sent=True)
    headers = {"sender": MINE, "to": boxes("mara@home.test")}
    for everyone in (True, False):
        assert answered(mine, everyone=everyone, **headers) == ("mara@home.test", "")


# --- the wrong one

KNOWN_BY_WORK = [Recipient("bob@x.test", "1")]


@pytest.mark.parametrize(
    ("chosen", "seen", "to", "found"),
    [
        (WORK, ["1"], [Recipient("bob@x.test")], None),
        (HOME, ["1"], [Recipient("bob@x.test")], Danger.SWITCH),
        (LOCAL, ["1", "2"], [Recipient("bob@x.test")], Danger.SWITCH),
        (HOME, ["1", "2"], [Recipient("bob@x.test")], None),
        # They were written to from there before.
        (HOME, ["1"], [Recipient("bob@x.test", "2")], None),
        (HOME, ["1"], [Recipient("bob@x.test", "2"), Recipient("c@x.test")], Danger.SWITCH),
        (HOME, ["1"], [], None),
        (HOME, [], [Recipient("bob@x.test")], None),
        (HOME, [], KNOWN_BY_WORK, Danger.PRIVATE),
        (HOME, [], [Recipient("boss@work.test")], Danger.PRIVATE),
        (HOME, [], [Recipient("BOSS@Work.test"), *KNOWN_BY_WORK], Danger.PRIVATE),
        (HOME, [], [Recipient("boss@work.test"), Recipient("mum@y.test")], None),
        (LOCAL, [], KNOWN_BY_WORK, None),
        (WORK, [], [Recipient("mum@y.test", "2")], None),
    ],
)
def test_the_wrong_identity_is_noticed(
    chosen: Candidate, seen: list[str], to: list[Recipient], found: Danger | None
) -> None:
    assert rules.danger(chosen, ALL, seen=seen, to=to) == found


def test_an_address_where_anybody_has_one_is_not_from_work() -> None:
    free = Candidate("3", "mara@gmail.test", purpose="work")
    to = [Recipient("mum@gmail.test")]
    assert rules.danger(HOME, [HOME, free], seen=[], to=to) == Danger.PRIVATE
    known = rules.danger(HOME, [HOME, free], seen=[], to=to, shared_domains=["gmail.test"])
    assert known is None
