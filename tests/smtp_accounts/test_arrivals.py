"""What is noted when mail arrives: whom it came for, who wrote it; and what follows from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole, Message, Source
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import ArrivedFor, Correspondent, Draft, Identity, SmtpAccount
from smtp_accounts.services import arrivals, correspondents, guarding, identities, outbox, replies
from tests.mail import letter

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
Drafts = Callable[..., Draft]
HOP = "Received: from out.test by mx.test with ESMTP; Mon, 2 Feb 2026 10:00:00 +0100\n"


def arrive(
    user: User, *raws: bytes, role: FolderRole = FolderRole.INBOX, source: Source | None = None,
    at: datetime = NOW,
) -> list[Message]:  # fmt: skip
    """Deliver messages into a special folder."""
    folder = folders.special(user, role)
    incoming = [Incoming(Body.of(raw), folder, internal_at=at, source=source) for raw in raws]
    return deliver(incoming, now=at)


def from_bob(to: str = "mara@provider.test", extra: str = "") -> bytes:
    return letter(sender="Bob Stone <bob@elsewhere.test>", to=to, extra=HOP + extra)


def reasons() -> list[tuple[str, str]]:
    rows = ArrivedFor.objects.select_related("identity").order_by("message")
    return [(row.identity.address, row.reason) for row in rows]


# --- whom it came for


def test_with_one_identity_nothing_is_noted(user: User) -> None:
    arrive(user, from_bob(to=user.email))
    identities.local_of(user)
    arrive(user, from_bob(to=user.email))
    assert reasons() == []


@pytest.mark.parametrize("role", [FolderRole.JUNK, FolderRole.SENT, FolderRole.DRAFTS])
def test_what_nobody_answers_is_not_decided(
    user: User, account: SmtpAccount, role: FolderRole
) -> None:
    arrive(user, from_bob(), role=role)
    assert reasons() == []
    arrive(user, from_bob())
    assert reasons() == [("mara@provider.test", "sent-there")]


def test_a_decision_holds_until_the_identities_change(
    user: User, account: SmtpAccount, values: Callable[..., object]
) -> None:
    (message,) = arrive(user, from_bob(to="new@provider.test"))
    assert reasons() == [(user.email, "default")]
    assert replies.reply(user, message, everyone=False).chosen.send_from.address == user.email
    added = Identity.objects.create(user=user, account=account, address="new@provider.test")
    # Nobody said that anything changed; what was decided holds.
    assert replies.reply(user, message, everyone=False).chosen.send_from.address == user.email
    identities.touch(user, timezone.now() + DAY)
    chosen = replies.reply(user, message, everyone=False).chosen
    assert (chosen.send_from.identity, chosen.reason) == (added, "sent-there")


def test_what_changes_an_identity_is_told(user: User, account: SmtpAccount) -> None:
    for change in (
        lambda: identities.set_default(user, identities.primary_of(account)),
        lambda: identities.follow(account),
    ):
        before = timezone.now()
        account.email = "mara@moved.test"
        change()
        assert User.objects.get(pk=user.pk).identities_changed_at >= before


def test_an_account_that_takes_over_an_address_keeps_both(account: SmtpAccount) -> None:
    own = identities.primary_of(account)
    other = Identity.objects.create(user=account.user, account=account, address="m@provider.test")
    account.email = "m@provider.test"
    assert identities.follow(account) == own
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.address, other.address) == ("m@provider.test", "mara@provider.test")


def test_a_draft_starts_with_the_address_written_to(user: User, account: SmtpAccount) -> None:
    (message,) = arrive(user, from_bob(to="Mara <mara+shop@provider.test>"))
    start = replies.reply(user, message, everyone=True)
    assert start.chosen.address == "mara+shop@provider.test"
    assert start.chosen.sentence == "because it was sent to mara+shop@provider.test"
    assert (start.values.to, start.values.cc) == ("Bob Stone <bob@elsewhere.test>", "")


def test_a_from_chosen_by_hand_holds_for_the_conversation(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    by_hand = outbox.submit(user=user, draft=make_draft(account, is_by_hand=True), now=NOW)
    ruled = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    answers = arrive(
        user,
        *(
            from_bob(user.email, f"In-Reply-To: {one.message_id}\nMessage-ID: <{one.pk}@x.test>\n")
            for one in (by_hand, ruled)
        ),
    )
    found = [replies.reply(user, one, everyone=False).chosen for one in answers]
    assert [(one.send_from.address, one.reason) for one in found] == [
        ("mara@provider.test", "conversation"),
        (user.email, "sent-there"),
    ]
    passed_on = replies.forward(user, answers[0]).chosen
    assert passed_on.reason == "sent-there"


def test_new_mail_starts_with_what_is_in_view_and_only_suggests_what_was_used(
    user: User, account: SmtpAccount
) -> None:
    source = Source.objects.create(user=user, name="Provider", address="mara@provider.test")
    SmtpAccount.objects.update(source=source)
    own = identities.primary_of(account)
    correspondents.wrote(user, own, ["bob@elsewhere.test"], NOW)
    blank = identities.for_new(user)
    assert (blank.send_from.address, blank.reason) == (user.email, "default")
    usual = identities.usual_for(user, ["Bob@elsewhere.test", "new@elsewhere.test"])
    assert usual is not None
    assert usual.identity == own
    in_view = identities.for_new(user, source_id=source.pk)
    assert (in_view.send_from.identity, in_view.reason) == (own, "folder")
    correspondents.wrote(user, identities.local_of(user), ["ann@elsewhere.test"], NOW)
    both = ["bob@elsewhere.test", "ann@elsewhere.test"]
    assert identities.usual_for(user, both) is None
    SmtpAccount.objects.update(cause="login-refused")
    assert identities.usual_for(user, both[:1]) is None


def test_nobody_takes_the_addresses_of_a_domain_served_here(
    user: User, other_user: User, account: SmtpAccount
) -> None:
    account.email = user.email
    own = identities.follow(account)
    Identity.objects.update(accepts="domain")
    (message,) = arrive(user, from_bob(to=f"{other_user.email}, mara+x@example.test"))
    assert reasons() == [(user.email, "pattern")]
    start = replies.reply(user, message, everyone=True)
    assert start.chosen.address == "mara+x@example.test"
    assert start.values.to == f"Bob Stone <bob@elsewhere.test>, {other_user.email}"
    one = identities.by_key(user, str(own.pk))
    assert one is not None
    assert identities.accepts(one, "MARA+y@example.test")
    assert not identities.accepts(one, other_user.email)
    assert not identities.accepts(one, "nonsense")
    # An address of its own is nobody else's, whatever it begins with.
    other_user.email = "mara+y@example.test"
    other_user.save()
    assert not identities.accepts(one, "MARA+y@example.test")
    assert identities.accepts(one, "mara+z@example.test")


# --- who wrote it


def known(user: User) -> dict[str, tuple[int, int, str]]:
    rows = Correspondent.objects.filter(user=user)
    return {one.address: (one.sent_count, one.received_count, one.name) for one in rows}


def test_people_heard_from_are_counted_once_each(user: User, account: SmtpAccount) -> None:
    arrive(user, *[from_bob()] * 3)
    arrive(user, letter(sender="BOB <Bob@Elsewhere.test>", extra=HOP), at=NOW + DAY)
    assert known(user) == {"bob@elsewhere.test": (0, 4, "BOB")}
    assert Correspondent.objects.get().last_received_at == NOW + DAY
    # What comes later and is older, as old mail does, neither renames nor makes older.
    arrive(user, from_bob(), at=NOW - DAY)
    assert known(user) == {"bob@elsewhere.test": (0, 5, "BOB")}
    assert Correspondent.objects.get().last_received_at == NOW + DAY


@pytest.mark.parametrize(
    ("sender", "extra"),
    [
        ("Shop <no-reply@shop.test>", ""),
        ("Shop <noreply+7@shop.test>", ""),
        ("Mailer <MAILER-DAEMON@mx.test>", ""),
        ("News <jo@shop.test>", "List-Unsubscribe: <mailto:x@shop.test>\n"),
        ("News <jo@shop.test>", "Precedence: bulk\n"),
        ("Away <jo@shop.test>", "Auto-Submitted: auto-replied\n"),
        ("Me <mara+self@example.test>", ""),
        ("Me <MARA@provider.test>", ""),
        ("Odd <jo>", ""),
        ("", ""),
    ],
)
def test_nobody_in_particular_is_not_met(
    user: User, account: SmtpAccount, sender: str, extra: str
) -> None:
    arrive(user, letter(sender=sender, extra=HOP + extra))
    assert known(user) == {}


def test_people_on_a_list_are_met_and_those_in_junk_are_not(user: User) -> None:
    arrive(user, from_bob(extra="List-Post: <mailto:talk@lists.test>\n"))
    arrive(user, letter(sender="Win <win@junk.test>", extra=HOP), role=FolderRole.JUNK)
    assert known(user) == {"bob@elsewhere.test": (0, 1, "Bob Stone")}


def test_a_name_that_is_an_address_is_not_believed(user: User) -> None:
    arrive(user, letter(sender='"boss@corp.test" <evil@x.test>', extra=HOP))
    assert known(user) == {"evil@x.test": (0, 1, "")}


def test_no_sender_renames_whom_one_writes_to(user: User) -> None:
    local = identities.local_of(user)
    arrive(user, from_bob())
    correspondents.wrote(user, local, ["bob@elsewhere.test"], NOW)
    arrive(user, letter(sender="Boss <bob@elsewhere.test>", extra=HOP), at=NOW + DAY)
    assert known(user) == {"bob@elsewhere.test": (1, 2, "Bob Stone")}


def test_mail_sent_elsewhere_counts_and_copies_of_ours_do_not(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    ours = outbox.submit(user=user, draft=make_draft(account), now=NOW)
    before = known(user)
    elsewhere = letter(
        sender="Mara <mara@provider.test>", to="Ann <ann@x.test>", extra="Cc: mara@example.test\n"
    )
    copy = letter(
        sender="Mara <mara@provider.test>",
        to="bob@elsewhere.test",
        extra=f"Message-ID: {ours.message_id}\n",
    )
    arrive(user, elsewhere, copy, role=FolderRole.SENT)
    assert known(user) == {**before, "ann@x.test": (1, 0, "")}
    used = correspondents.identities_used(user, ["ann@x.test"])
    assert used == {"ann@x.test": identities.primary_of(account).pk}


# --- whom one means


def suggested(user: User, query: str, limit: int = 8) -> list[str]:
    return [one.address for one in correspondents.suggest(user, query, limit)]


def meet(user: User, *people: tuple[str, str, int, int], at: datetime | None = None) -> None:
    Correspondent.objects.bulk_create(
        Correspondent(
            user=user, name=name, address=address, sent_count=sent, received_count=received,
            last_sent_at=at or timezone.now(), last_received_at=at or timezone.now(),
        )
        for name, address, sent, received in people
    )  # fmt: skip


def test_people_are_found_by_any_word_and_ranked(user: User, other_user: User) -> None:
    meet(
        user,
        ("Jonas Ekdahl", "jonas@harbour.test", 5, 9),
        ("Jonna Berg", "jb@berg.test", 0, 40),
        ("Ülo Jõgi", "ulo@tartu.test", 1, 0),
        ("Jo at the shop", "no-reply@jo.test", 0, 900),
        ("Major Tom", "tom@jo-space.test", 0, 3),
    )
    meet(user, ("Jona Old", "old@sea.test", 6, 0), at=timezone.now() - 900 * DAY)
    meet(other_user, ("Jonas Other", "other@x.test", 9, 9))
    # Often and lately, then seldom, then long ago, then what nobody reads.
    assert suggested(user, "jo") == [
        "jonas@harbour.test", "jb@berg.test", "tom@jo-space.test", "old@sea.test",
        "no-reply@jo.test",
    ]  # fmt: skip
    assert suggested(user, "jon ekd") == ["jonas@harbour.test"]
    assert suggested(user, "harbour") == ["jonas@harbour.test"]
    assert suggested(user, "ülo") == suggested(user, "Ülo") == ["ulo@tartu.test"]
    assert suggested(user, "jonas@h") == ["jonas@harbour.test"]
    assert suggested(user, "jo", 2) == suggested(user, "jo")[:2]
    for nothing in ("", "   ", "zz", "%", "_"):
        assert suggested(user, nothing) == []


def test_whoever_is_hidden_comes_back_when_written_to(user: User) -> None:
    local = identities.local_of(user)
    correspondents.wrote(user, local, ["Ann@X.test"], NOW)
    assert suggested(user, "ann") == ["ann@x.test"]
    correspondents.hide(user, "ANN@x.test")
    assert suggested(user, "ann") == []
    arrive(user, letter(sender="Ann <ann@x.test>", extra=HOP))
    assert suggested(user, "ann") == []
    correspondents.wrote(user, local, ["ann@x.test"], NOW)
    assert suggested(user, "ann") == ["ann@x.test"]


# --- the wrong one


def warned(
    user: User, identity: Identity, original: Message | None, to: Sequence[str]
) -> tuple[str, str | None] | None:
    found = guarding.warning(user, identity, original=original, to=to)
    return (found.danger, found.instead.address if found.instead else None) if found else None


def test_a_conversation_is_not_switched_unseen(user: User, account: SmtpAccount) -> None:
    own, local = identities.primary_of(account), identities.local_of(user)
    (message,) = arrive(user, from_bob())
    bob = ["bob@elsewhere.test"]
    assert warned(user, own, message, bob) is None
    assert warned(user, local, message, bob) == ("switch", "mara@provider.test")
    found = guarding.warning(user, local, original=message, to=bob)
    assert found is not None
    assert found.sentence == (
        "In this conversation you are mara@provider.test. Nobody in it has seen mara@example.test."
    )
    assert warned(user, local, None, bob) is None
    assert warned(user, local, message, []) is None
    assert warned(user, local, message, ["mara@provider.test"]) is None
    correspondents.wrote(user, local, bob, NOW)
    assert warned(user, local, message, bob) is None


def test_what_was_written_from_before_is_known_to_the_conversation(
    user: User, account: SmtpAccount, make_draft: Drafts
) -> None:
    sent = outbox.submit(user=user, draft=make_draft(account, to="ann@x.test"), now=NOW)
    (message,) = arrive(user, from_bob(user.email, f"References: {sent.message_id}\n"))
    own = identities.primary_of(account)
    assert warned(user, own, message, ["bob@elsewhere.test"]) is None


def test_a_private_address_does_not_write_to_work(user: User, account: SmtpAccount) -> None:
    own, local = identities.primary_of(account), identities.local_of(user)
    Identity.objects.filter(pk=own.pk).update(purpose="work")
    Identity.objects.filter(pk=local.pk).update(purpose="private")
    assert warned(user, local, None, ["boss@provider.test"]) == ("private", None)
    assert warned(user, local, None, ["boss@provider.test", "mum@home.test"]) is None
    assert warned(user, own, None, ["boss@provider.test"]) is None


def test_identities_of_others_are_nobodys_candidates(
    user: User, other_user: User, account: SmtpAccount
) -> None:
    theirs = identities.local_of(other_user)
    assert theirs.pk not in {int(one.key) for one in arrivals.candidates(user.pk)}
    assert guarding.warning(user, theirs, original=None, to=["bob@elsewhere.test"]) is None
    arrive(other_user, from_bob())
    assert known(user) == {}
