"""Pages take turns; what only waits for somebody else's server takes none."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.urls import reverse

from webmail import serving
from webmail.events import Hub
from webmail.serving import Serving
from webmail.turns import Turns


class Site:
    """Answers with the address, when it may."""

    def __init__(self) -> None:
        self.began = Event()
        self.goes_on = Event()

    def __call__(self, environ: dict[str, Any], _start: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow/":
            self.began.set()
            assert self.goes_on.wait(60)
        return Answer([environ["PATH_INFO"].encode()])


class Answer(list[bytes]):
    def close(self) -> None:
        """As those of Django."""


@pytest.mark.parametrize("address", ["/image/abc/", "/message/7/verdict/"])
def test_what_waits_for_others_takes_no_turn(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    app = Serving(site, Hub())
    monkeypatch.setattr(app, "_turns", Turns(1, 3600))

    def ask(path: str) -> list[bytes]:
        return list(app({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, print))

    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(ask, "/slow/")
        assert site.began.wait(60)
        try:
            assert ask(address) == [address.encode()]
            page = threads.submit(ask, "/")
            assert not page.done()
        finally:
            site.goes_on.set()
        assert slow.result(60) == [b"/slow/"]
        assert page.result(60) == [b"/"]


def test_the_addresses_that_wait_are_those_of_the_site() -> None:
    found = [reverse("mail-image", args=["x"]), reverse("mail-verdict", args=[1])]
    assert all(serving._WAIT.search(one) for one in found)
    assert not serving._WAIT.search(reverse("mail-message", args=[1]))
