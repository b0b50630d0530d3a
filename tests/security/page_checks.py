"""What the HTML of every page is looked at for."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

#: Types of script elements that hold data and never run.
DATA = {"application/json", "application/ld+json"}
ADDRESSES = {"href", "src", "action", "formaction", "srcdoc", "data", "poster", "xlink:href"}


class Page(HTMLParser):
    """Reads a page and collects what must not be there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.code: list[str] = []
        self.shown: list[str] = []
        self.forms: list[str] = []
        self.is_whole = False
        self.ids: set[str] = set()
        self.named: set[str] = set()
        self.focused = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.is_whole = self.is_whole or tag == "html"
        self.ids.add(given.get("id") or "")
        self.focused += "autofocus" in given
        for name in ("aria-describedby", "aria-labelledby", "aria-errormessage", "for"):
            self.named |= set((given.get(name) or "").split())
        if tag == "style" or (
            tag == "script" and not given.get("src") and given.get("type") not in DATA
        ):
            self.code.append(f"<{tag}>")
        if tag == "form":
            self.forms.append(given.get("action") or "")
        if tag == "input" and given.get("type") == "password":
            # Hidden while it is typed, never filled in by us, open to password managers.
            named = given.get("autocomplete") in {"current-password", "new-password", "off"}
            if given.get("value") or not named or "onpaste" in given:
                self.shown.append(str(given))
        for name, value in attrs:
            said = "".join((value or "").split()).lower()
            handler = name.startswith(("on", "hx-on", "data-hx-on")) or name == "style"
            evaluated = name.startswith("hx-") and said.startswith(("js:", "javascript:"))
            leads = name in ADDRESSES and said.startswith(("javascript:", "data:text/html"))
            if handler or evaluated or leads:
                self.code.append(f"{tag} {name}={value}")


def check_page(answer: Any, where: str, *, is_public: bool = False) -> None:
    """A page holds no code, shows no password, and leads out, if it is for people signed in."""
    if not answer["Content-Type"].startswith("text/html"):
        return
    if "sandbox" in answer["Content-Security-Policy"]:
        return  # a message: its policy says what may run in it, and nothing else does
    page = Page(answer.content.decode())
    assert not page.code, f"{where}: {page.code[:3]}"
    assert not page.shown, f"{where}: {page.shown[:3]}"
    if page.is_whole:
        missing = page.named - page.ids
        assert not missing, f"{where} is described by what is not there: {missing}"
    signed_in = answer.wsgi_request.user.is_authenticated if answer.status_code == 200 else False
    if page.is_whole and signed_in and not is_public:
        assert any("sign-out" in action for action in page.forms), f"{where} has no way out"
