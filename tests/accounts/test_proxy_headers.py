"""Addresses as proxies write them, through the web server that reads them."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.infra.running import ROOT
from tests.postgres import free_port
from tests.waiting import wait_until


def heard(port: int, *headers: tuple[str, str]) -> str:
    """From where the site was called; "" while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest("GET", "/")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    chosen = free_port()
    served = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
            *(
                "--port",
                str(chosen),
                "--log-level",
                "error",
                "tests.accounts.who_calls:application",
            ),
        ],
        cwd=ROOT,
    )
    try:
        wait_until(lambda: heard(chosen) == "127.0.0.1", "the site answers")
        yield chosen
    finally:
        served.terminate()
        served.wait()


def test_what_our_proxy_adds_counts_however_it_adds_it(port: int) -> None:
    name = "X-Forwarded-For"
    assert heard(port, (name, "9.9.9.9")) == "9.9.9.9"
    assert heard(port, (name, "6.6.6.6, 9.9.9.9:52341")) == "9.9.9.9"
    # HAProxy adds a line of its own behind what the browser sent.
    assert (
        heard(port, (name, "6.6.6.6"), (name, "6.6.6.7, 6.6.6.8"), (name, "9.9.9.9")) == "9.9.9.9"
    )
    assert heard(port, (name, "6.6.6.6"), (name.lower(), "[2620:fe::9]:443")) == "2620:fe::9"
    assert heard(port, (name, "x" * 5000)) == "127.0.0.1"
    assert heard(port, ("Forwarded", "for=6.6.6.6"), ("X-Real-IP", "6.6.6.6")) == "127.0.0.1"


def test_why_proxies_have_to_drop_names_with_underscores(port: int) -> None:
    """PEP 3333 makes one of both. Once the web server drops them, docs/operations.md can be lax."""
    true, forged = ("X-Forwarded-For", "9.9.9.9"), ("X_Forwarded-For", "6.6.6.6")
    assert heard(port, true, forged) == "6.6.6.6"
