"""What HTML mail quotes at its end is folded, whatever program wrote it; nothing else is."""

from __future__ import annotations

import pytest

from mailstore import html_tree, quote_words, quotes, sanitise, showing
from mailstore.showing import Choices, Source
from tests.mail import pages

OLD = "<p>When does the ferry leave?</p>"
GMAIL = (
    '<div dir="ltr">At nine.</div><br><div class="gmail_quote gmail_quote_container">'
    '<div dir="ltr" class="gmail_attr">On Sat, 21 Nov 2026 at 10:02, Ada &lt;'
    '<a href="mailto:ada@example.test">ada@example.test</a>&gt; wrote:<br></div>'
    f'<blockquote class="gmail_quote">{OLD}</blockquote></div>'
)
THUNDERBIRD = (
    '<p>At nine.</p><div class="moz-cite-prefix">Am 21.11.26 um 10:02 schrieb Ada:<br></div>'
    f'<blockquote type="cite" cite="mid:a@x">{OLD}</blockquote>'
)
APPLE = (
    '<div>At nine.<br><div><br><blockquote type="cite"><div>Le 21 nov. 2026 à 10:02, Ada a écrit :'
    f"</div><br><div>{OLD}</div></blockquote></div><br></div>"
)
YAHOO = (
    '<div class="yahoo-style-wrap"><div>At nine.</div></div><div class="yahoo_quoted"><div>'
    f"<div>On Saturday, Ada wrote:</div><div>{OLD}</div></div></div>"
)
OUTLOOK = (
    '<div class="WordSection1"><p class="MsoNormal">At nine.</p><p class="MsoNormal">&nbsp;</p>'
    '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b>'
    " Ada Berg &lt;ada@example.test&gt;<br><b>Sent:</b> Saturday, 21 November 2026 10:02<br>"
    "<b>To:</b> Mara<br><b>Subject:</b> Ferry</p></div></div>"
    f'<p class="MsoNormal">&nbsp;</p>{OLD}</div>'
)
OUTLOOK_ON_THE_WEB = (
    '<div>At nine.</div><hr tabindex="-1"><div dir="ltr"><font face="Calibri">'
    "<b>Von:</b> Ada Berg<br><b>Gesendet:</b> Samstag, 21. November 2026<br><b>An:</b> Mara<br>"
    f"<b>Betreff:</b> Fähre</font><div>&nbsp;</div></div><div>{OLD}</div>"
)
OUTLOOK_TEXT = (
    "<font>At nine.<br><br>-----Original Message-----<br>From: Ada Berg<br>Sent: Saturday<br>"
    f"To: Mara<br>Subject: Ferry<br><br>{OLD}</font>"
)
BARE = f"At nine.<br><br>Den 21. nov. 2026 kl. 10.02 skrev Ada:<br><blockquote>{OLD}</blockquote>"
CHINESE = f"<div>九点</div><div>2026年11月21日 Ada 写道\uff1a</div><blockquote>{OLD}</blockquote>"
ANSWERS = {
    "gmail": GMAIL, "thunderbird": THUNDERBIRD, "apple": APPLE, "yahoo": YAHOO, "bare": BARE,
    "outlook": OUTLOOK, "outlook on the web": OUTLOOK_ON_THE_WEB, "outlook text": OUTLOOK_TEXT,
    "chinese": CHINESE, "in a table": f"<table><tr><td>{GMAIL}</td></tr></table>",
    "a footer below": f"{GMAIL}<p>You get this mail because you are on a list.</p>",
}  # fmt: skip
KEPT = {
    "nothing above": GMAIL.partition("<br>")[2],
    "only space above": "<div>&nbsp;<br></div>" + GMAIL.partition("<br>")[2],
    "an answer between": (
        "<p>Hi,</p><div>Ada wrote on 1.2.:</div><blockquote>When?</blockquote><p>At nine.</p>"
        "<blockquote>Where?</blockquote><p>At the pier.</p>"
    ),
    "a saying": "<p>As the poet said</p><blockquote>Water flows.</blockquote>",
    "forwarded": '<p>Look</p><div class="gmail_quote"><div class="gmail_attr">----- Forwarded '
    f"message -----<br>From: Ada<br>Date: x<br>Subject: y<br>To: z<br></div>{OLD}</div>",
    "forwarded by Thunderbird": f'<p>Look</p><div class="moz-forward-container">{OLD}</div>',
    "no quotation": "<p>From: here to there</p><p>To: be continued</p>",
    "empty": "",
}


def folded(html: str) -> tuple[str, str]:
    """The words outside and inside the fold."""
    root = html_tree.read(sanitise.edited(html, [quotes.fold_quotes]))
    inside = [one for one in root.walk() if one.tag == "details"]
    assert len(inside) <= 1
    hidden = inside[0].words if inside else ""
    return root.words.replace(hidden, "") if hidden else root.words, hidden


@pytest.mark.parametrize("html", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_is_quoted_at_the_end_is_folded(html: str) -> None:
    shown, hidden = folded(html)
    assert "nine" in shown or "九点" in shown
    assert "Ada" not in shown
    assert "ferry" in hidden
    assert ("on a list" in html) is ("on a list" in shown)


@pytest.mark.parametrize("html", KEPT.values(), ids=KEPT.keys())
def test_all_else_stays_in_sight(html: str) -> None:
    assert folded(html)[1] == ""


def test_the_fold_survives_the_cleaning_and_hides_nothing_from_it() -> None:
    hostile = GMAIL.replace(OLD, '<img src=x onerror="alert(1)"><script>alert(2)</script>')
    made = showing.make(Source(hostile, {}), Choices())
    assert (
        f'<details class="{quotes.CLASS}"><summary class="{quotes.CLASS}"></summary>' in made.html
    )
    assert "alert" not in made.html


def test_what_is_forwarded_is_not_folded() -> None:
    forwarded = Source(OUTLOOK, {}, is_forward=True)
    assert "<details" not in showing.make(forwarded, Choices()).html
    assert "<details" in showing.make(Source(OUTLOOK, {}), Choices()).html


def test_no_word_of_any_page_is_lost() -> None:
    for name, html in pages():
        if sanitise.fits(html):
            plain = html_tree.read(sanitise.edited(html, [])).words
            assert html_tree.read(sanitise.edited(html, [quotes.fold_quotes])).words == plain, name


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 250 + "x<blockquote>wrote 1:</blockquote>" + "</div>" * 250,
        "<p>x</p>" + "<p>1:</p><blockquote>y</blockquote>" * 20_000,
        "<div>From: a</div>" * 30_000,
        "<div> </div>" * 40_000 + "From: x",
    ],
    ids=["deep", "many quotations", "many heads", "empty"],
)
def test_hostile_pages_are_short_work(html: str) -> None:
    steps = 0
    words = quotes._words

    def counted(children: object) -> object:
        nonlocal steps
        for one in words(children):  # type: ignore[arg-type] # handed on as it came
            steps += 1
            yield one

    quotes._words = counted  # type: ignore[assignment] # only counts
    try:
        quotes.fold_quotes(html_tree.read(sanitise.edited(html, [])))
    finally:
        quotes._words = words
    assert steps < 2_000_000


def test_introductions() -> None:
    assert quote_words.is_introduction("Am 21.11.2026 schrieb Ada:")
    assert quote_words.is_introduction("Ada wrote:")
    assert not quote_words.is_introduction("Three things:")
    assert not quote_words.is_introduction("On Saturday 21 Ada wrote")
