"""The editor alone on a page, under the policy of the site, with hands that paste and drop."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from playwright.sync_api import Locator, Page, Route

PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Editor</title>{head}</head>
<body hx-headers:inherited='{{}}'>
<main><form id="form">{editor}</form><p><button>Next</button></p></main>{toasts}
</body></html>"""
PASTE = """([html, text, files, kind]) => {
  const data = new DataTransfer();
  if (html !== null) data.setData("text/html", html);
  if (text !== null) data.setData("text/plain", text);
  for (const [name, type, bytes] of files) {
    const raw = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
    data.items.add(new File([raw], name, { type }));
  }
  const root = document.querySelector(".editor__words");
  const box = root.getBoundingClientRect();
  const more = { bubbles: true, cancelable: true, clientX: box.left + 4, clientY: box.top + 4 };
  const made = kind === "paste"
    ? new ClipboardEvent("paste", { ...more, clipboardData: data })
    : new DragEvent("drop", { ...more, dataTransfer: data });
  root.dispatchEvent(made);
}"""


def policy() -> str:
    """The Content-Security-Policy of the site's pages."""
    answer = CSPMiddleware(lambda request: HttpResponse()).process_response(
        HttpRequest(), HttpResponse()
    )
    return str(answer["Content-Security-Policy"])


class Lab:
    """One editor with its toolbar open. `asked` are the addresses nobody should ask for;
    not `is_watched`, they are asked for."""

    def __init__(self, page: Page, site: str, *, is_watched: bool = True) -> None:
        self.page = page
        self.site = site
        self.is_watched = is_watched
        self.asked: list[str] = []
        self.uploads: list[bytes] = []
        self.fails = False

    def open(self, **fields: str) -> None:
        """Show an editor with these fields (html, text, mode)."""
        sheets = ("tokens", "app", "compose", "editor")
        head = "".join(
            f'<link rel="stylesheet" href="{static(f"css/{one}.css")}">' for one in sheets
        )
        head += f'<script type="module" src="{static("js/compose/fields.js")}"></script>'
        given = {"mode": "html", "label": "Message", "tools": "always", "upload_url": "/lab/up/"}
        editor = render_to_string("_editor.html", {**given, **fields})
        html = PAGE.format(head=head, editor=editor, toasts=render_to_string("_toasts.html"))

        def answer(route: Route) -> None:
            address = route.request.url
            if address.endswith("/lab/"):
                headers = {"Content-Security-Policy": policy()}
                route.fulfill(content_type="text/html", headers=headers, body=html)
            elif address.endswith("/lab/up/"):
                self._uploaded(route)
            elif "/compose/k/inline/" in address:
                route.fulfill(content_type="image/png", body=PNG)
            elif not self.is_watched or address.startswith(
                (f"{self.site}/static/", "blob:", "data:")
            ):
                route.continue_()
            else:
                self.asked.append(address)
                route.abort()

        self.page.unroute_all()
        self.page.route("**/*", answer)
        self.page.goto(f"{self.site}/lab/")
        self.page.locator("[data-editor][data-ready]").wait_for()

    def _uploaded(self, route: Route) -> None:
        if self.fails:
            route.fulfill(status=413, json={"error": "It is too large."})
            return
        self.uploads.append(route.request.post_data_buffer or b"")
        number = len(self.uploads)
        facts = {"url": f"/compose/k/inline/{number}/", "cid": f"c{number}@lab"}
        route.fulfill(json=facts)

    @property
    def words(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    def tool(self, name: str) -> Locator:
        return self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)

    def call(self, code: str, *given: Any) -> Any:
        """Run `code` with `editor` (the one on the page) and `given`; a promise is waited for."""
        found = "document.querySelector('[data-editor]').editor"
        return self.page.evaluate(f"(given) => {{ const editor = {found}; return {code}; }}", given)

    def put(self, html: str) -> None:
        """Start over with this message, the cursor at its top."""
        self.call('editor.restore({ html: given[0], mode: "html" })', html)
        self.words.focus()

    @property
    def html(self) -> str:
        return str(self.call("editor.html")).replace("&nbsp;", " ")

    @property
    def text(self) -> str:
        return str(self.call("editor.text"))

    def paste(
        self,
        html: str | None = None,
        text: str | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
        kind: str = "paste",
    ) -> None:
        """Paste (or, with `kind` "drop", drop) these."""
        listed = [(name, type_, b64encode(data).decode()) for name, type_, data in files]
        self.page.evaluate(PASTE, [html, text, listed, kind])

    def keys(self, *pressed: str) -> None:
        """Press keys one after the other; what is no name of a key is typed."""
        for one in pressed:
            if one.startswith("=") or len(one) == 1:
                self.page.keyboard.type(one.removeprefix("="))
            else:
                self.page.keyboard.press(one)
