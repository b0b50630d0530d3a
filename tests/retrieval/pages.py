"""What the view tests share: a page read as a browser reads it, and what a person types."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client
from django.urls import reverse

from connectivity.models import Credential
from mailstore.models import Source
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import SECRET

NEW = reverse("retrieval-new")
CANARY = "Sehr-geheim-4711"
SENTENCES = {
    "name": "No server has the name",
    "closed": "it accepts no connections on port",
    "protocol": "answered on port",
    "tls-name": "issued for another server name",
    "tls-expired": "has expired or is not valid yet",
    "tls-untrusted": "made its certificate itself",
    "login": "it did not accept this username and password",
    "hung": "then stopped answering",
    "dropped": "closed the connection before everything was done",
    "private": "it is not a mail server on the public internet",
    "no-tls": "offers no encryption on port",
}


class Page(HTMLParser):
    """The form of a page as a browser sees it: controls with their values, and all text."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.order: list[str] = []
        self.text = ""
        self._select = ""
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "select":
            self._select = name
            self.order.append(name)
        elif tag == "option" and "selected" in given:
            self.values[self._select] = given["value"]
        elif tag == "input" and name not in ("", "csrfmiddlewaretoken"):
            if name not in self.order:
                self.order.append(name)
            if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    self.values[name] = given.get("value", "on")
            else:
                self.values[name] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text += " " + " ".join(data.split())


def typed(**changes: Any) -> dict[str, str]:
    """What a person typed; None takes a field away, as an unticked box is."""
    values: dict[str, Any] = {
        "type": "imap",
        "host": "localhost",
        "port": 143,
        "username": "mara@remote.test",
        "password": SECRET,
        "method": "automatic",
        "transfer": "root",
        "require_ssl": "on",
        "action": "save",
    }
    values |= changes
    return {name: str(value) for name, value in values.items() if value is not None}


def stored() -> tuple[int, int, int]:
    return (
        RetrievalTask.objects.count(),
        Credential.objects.count(),
        Source.objects.count(),
    )


def url(name: str, task: RetrievalTask) -> str:
    return reverse(f"retrieval-{name}", args=[task.pk])


def form_of(task: RetrievalTask, **changes: object) -> dict[str, str]:
    """The edit form as the browser sends it when nothing was touched."""
    values = {
        "host": task.host,
        "port": task.port,
        "username": task.username,
        "password": "",
        "method": task.method,
        "transfer": task.transfer,
        "destination": task.destination_id or "",
        "require_ssl": "on" if task.require_ssl else None,
        "name": task.source.name,
        "color": task.source.color,
    }
    return typed(**(values | {"type": None} | changes))


def text_of(web: Client, task: RetrievalTask, name: str = "detail") -> str:
    """What a page of a task says, its spaces made plain."""
    return " ".join(Page(web.get(url(name, task))).text.replace("\xa0", " ").split())
