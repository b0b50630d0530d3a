"""The stand-in servers of this machine as an operator's own provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectivity import providers

DOMAIN = "provider.test"


def know(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let localhost be the mail server of `DOMAIN`, here and in processes started from here."""
    tile = {
        "key": "here",
        "name": "Provider",
        "letters": "Pr",
        "tint": 1,
        "domains": [DOMAIN],
        "imap": ["localhost", 993, "tls"],
        "smtp": ["localhost", 465, "tls"],
        "auth": "password",
        "username": "address",
        "link": f"https://help.{DOMAIN}/",
        "lead": "Your mailbox.",
        "steps": [],
    }
    file = folder / "providers.json"
    file.write_text(json.dumps({"checked_on": "2026-11-21", "providers": [tile]}))
    _, own = providers.load(file, is_own=True)
    monkeypatch.setattr(providers.by_host, "__defaults__", ((*own, *providers.PROVIDERS),))
    monkeypatch.setenv("CONNECTIVITY_PROVIDERS_FILE", str(file))
    return file
