"""What an answer or a forward starts with: words, formatting, pictures, files, signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from uuid import uuid4

import pytest

from accounts.models import User
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, folders
from smtp_accounts import quoting
from smtp_accounts.models import Draft, Signature, SmtpAccount
from smtp_accounts.services import drafts, outbox, quotes, replies
from smtp_accounts.services.drafts import DraftValues
from smtp_accounts.services.replies import Start
from tests.mail import letter, mixed, put
from tests.senders import identity_of

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
INTRO = "On 2 February 2026 at 09:00, Ada Berg wrote:"

pytestmark = pytest.mark.django_db


@pytest.fixture
def arrive(user: User) -> Callable[[bytes], Message]:
    """A message in the Inbox."""
    return lambda raw: put(folders.special(user, FolderRole.INBOX), raw)[0]


def saved(user: User, start: Start, *, parts: bool = True, version: int = 0) -> Draft:
    """The draft a window makes of a start that nobody typed in."""
    draft = drafts.save(user=user, key=uuid4(), values=start.values, version=version, now=NOW)
    indexes = [part.index for part in start.parts] if parts else []
    replies.carry_over(draft=draft, indexes=indexes, whole=bool(start.whole), now=NOW)
    return draft


def names(draft: Draft) -> dict[str, str]:
    return dict(draft.attachments.order_by("pk").values_list("filename", "content_id"))


def test_plain_mail_is_answered_in_plain_text_and_may_be_formatted_later(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    start = replies.reply(user, arrive(letter(text="Hello\n> older\n\n-- \nAda")), everyone=False)
    assert start.is_plain
    assert start.values.body == f"\n\n{INTRO}\n> Hello\n>> older\n"
    assert start.values.html == (
        f'<div><br></div><div data-quote><div>{INTRO}</div><blockquote type="cite">'
        '<div>Hello</div><blockquote type="cite"><div>older</div></blockquote></blockquote></div>'
    )


def test_formatted_mail_is_answered_with_its_formatting(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    html = (
        '<style>p{}</style><p style="color:red" onclick="x">Hi <b>M</b></p><img src="cid:logo@x">'
    )
    message = arrive(mixed(html + '<img src="https://t.test/p.gif"><script>x</script>'))
    start = replies.reply(user, message, everyone=False)
    assert not start.is_plain
    ((cid, index),) = start.pictures.items()
    assert quotes.part_of(cid, message) == index
    assert (
        f'<blockquote type="cite"><p style="color:red">Hi <b>M</b></p><img data-cid="{cid}">'
        '<img data-src="https://t.test/p.gif"></blockquote>'
    ) in start.values.html
    assert start.values.body.endswith("wrote:\n> plain words\n")


def test_mail_with_html_only_is_answered_in_words(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    raw = letter(text="<p>Hello</p><ul><li>a</li></ul>", extra="Content-Type: text/html\n")
    start = replies.reply(user, arrive(raw), everyone=False)
    assert start.values.body == f"\n\n{INTRO}\n> Hello\n>\n> * a\n"
    user.writes_plain = True
    assert replies.reply(user, arrive(raw), everyone=False).is_plain


def test_flowed_lines_are_put_together(user: User, arrive: Callable[[bytes], Message]) -> None:
    kind = "Content-Type: text/plain; charset=utf-8; format=flowed\n"
    start = replies.reply(
        user, arrive(letter(text="one \ntwo\n> a \n> b", extra=kind)), everyone=False
    )
    assert start.values.body.endswith("> one two\n>> a b\n")


def test_what_is_too_much_to_quote_with_formatting_is_quoted_as_words(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    html = "<p>" + "<b>x</b> " * 80_000 + "</p>"
    raw = letter(text=html, extra="Content-Type: text/html\n")
    start = replies.reply(user, arrive(raw), everyone=False)
    assert "<b>" not in start.values.html
    assert "x x x" in start.values.html


def test_a_book_is_not_quoted_whole(user: User, arrive: Callable[[bytes], Message]) -> None:
    message = arrive(letter(text="some words\n" * 60_000))
    for start in (
        replies.reply(user, message, everyone=False),
        replies.forward(user, message),
    ):
        assert len(start.values.body) < 1.5 * quoting.MAX_QUOTE
        assert len(start.values.html) < 2.5 * quoting.MAX_QUOTE


def test_no_message_brings_a_signature_of_ours(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    html = '<div data-signature="1" data-quote>x</div><blockquote type="cite">y</blockquote>'
    start = replies.reply(user, arrive(mixed(html)), everyone=False)
    assert "data-signature" not in start.values.html
    assert start.values.html.count("data-quote") == 1


@pytest.mark.accept("A37")
def test_every_answer_is_signed_as_its_sender_wants(
    user: User, account: SmtpAccount, arrive: Callable[[bytes], Message]
) -> None:
    everywhere = Signature.objects.create(user=user, name="a", html="<p>Mara</p>", is_default=True)
    new_only = Signature.objects.create(user=user, name="b", html="<p>New</p>", in_replies=False)
    region = f'<div data-signature="{everywhere.pk}"><p>Mara</p></div>'
    answer = replies.reply(user, arrive(letter()), everyone=False).values
    assert answer.html.startswith(f"<div><br></div>{region}<div data-quote>")
    assert answer.body.startswith("\n\n-- \nMara\n\n\nOn 2 February")
    identity = identity_of(user, account)
    identity.signature = new_only
    identity.save()
    to_account = letter(to="mara@provider.test")
    assert (
        "data-signature" not in replies.reply(user, arrive(to_account), everyone=False).values.html
    )
    started = replies.blank(user, body="Hello\n").values
    assert started.html == f"<div>Hello</div>{region}"


def test_a_forward_takes_files_and_pictures_along_once(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    start = replies.forward(user, arrive(mixed('<p>x</p><img src="cid:logo@x">')))
    assert [part.filename for part in start.parts] == ["list.pdf"]
    (cid,) = start.pictures
    draft = saved(user, start)
    assert list(names(draft).values()) == ["", cid]
    drafts.detach(draft=draft, attachment_id=draft.attachments.earliest("pk").pk)
    replies.carry_over(draft=draft, indexes=[], now=NOW)
    assert list(names(draft).values()) == [cid]
    draft.to = "bob@elsewhere.test"
    message = outbox.submit(user=user, draft=draft, now=NOW)
    said = message_from_bytes(blobs.read(message.blob), policy=default)
    picture = next(part for part in said.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == f"<{cid}>"
    assert picture.get_content()[:4] == b"\x89PNG"
    assert said["References"] is None


def test_a_picture_the_writer_took_out_does_not_go_along(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    start = replies.reply(user, arrive(mixed('<img src="cid:logo@x">')), everyone=False)
    draft = saved(user, start)
    assert len(names(draft)) == 1
    bare = DraftValues(identity=draft.identity, to="bob@elsewhere.test", html="<p>x</p>")
    draft = drafts.save(user=user, key=draft.key, values=bare, version=1, now=NOW)
    message = outbox.submit(user=user, draft=draft, now=NOW)
    assert b"image/png" not in blobs.read(message.blob)


def test_a_picture_of_another_message_is_not_to_be_had(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    mine, other = arrive(mixed("<p>mine</p>")), arrive(mixed('<img src="cid:logo@x">'))
    (cid,) = replies.reply(user, other, everyone=False).pictures
    values = DraftValues(
        identity=identity_of(user, None), html=f'<img data-cid="{cid}">', original=mine
    )
    draft = drafts.save(user=user, key=uuid4(), values=values, version=0, now=NOW)
    assert replies.carry_over(draft=draft, indexes=[], now=NOW) == []
    assert [one.filename for one in replies.carry_over(draft=draft, indexes=[3, 99], now=NOW)] == [
        "list.pdf"
    ]


def test_a_large_picture_is_forwarded_but_not_sent_back(
    user: User, arrive: Callable[[bytes], Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = arrive(mixed('<p>x</p><img src="cid:logo@x">'))
    monkeypatch.setattr(quotes, "MAX_REPLY_PICTURES", 1)
    assert not replies.reply(user, message, everyone=False).pictures
    assert replies.forward(user, message).pictures


def test_a_message_goes_along_whole_as_it_is(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    raw = mixed()
    start = replies.forward(user, arrive(raw), whole=True)
    assert start.whole == "Mixed.eml"
    assert "data-quote" not in start.values.html
    draft = saved(user, start)
    assert list(names(draft)) == ["Mixed.eml"]
    draft.to = "bob@elsewhere.test"
    message = outbox.submit(user=user, draft=draft, now=NOW)
    stored = blobs.read(message.blob)
    assert raw in stored
    said = message_from_bytes(stored, policy=default)
    (part,) = said.iter_attachments()
    assert part.get_content_type() == "message/rfc822"
    assert part.get_content()["Subject"] == "Mixed"


def test_a_forward_shows_the_headers_and_cannot_be_made_to_show_others(
    user: User, arrive: Callable[[bytes], Message]
) -> None:
    raw = letter("a <b>&", sender='"<i>Ada</i>" <ada@example.test>')
    start = replies.forward(user, arrive(raw))
    assert "<i>" not in start.values.html
    assert "Subject: a &lt;b&gt;&amp;" in start.values.html
    assert "Subject: a <b>&" in start.values.body
