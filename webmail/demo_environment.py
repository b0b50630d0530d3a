"""The environment of `make demo`: data of its own, and loopback opened for the stand-in provider.

Read before the settings are, so it imports nothing of Django.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

#: What a developer may have set for a real installation must not leak into the demo.
_OWN = (
    "DATABASE_URL", "BROKER_URL", "BLOB_DIR", "SECRET_KEY", "CREDENTIAL_KEYS", "HTTPS", "DEBUG",
    "RELAY_URL", "CONNECTIVITY_CA_FILE", "TRUSTED_PROXIES",
)  # fmt: skip


def folder() -> Path:
    """Where the demo keeps everything: ``DEMO_DIR``, else ``var/demo``."""
    chosen = os.environ.get("DEMO_DIR")
    return (
        Path(chosen).resolve() if chosen else Path(__file__).resolve().parents[1] / "var" / "demo"
    )


def provider_folder() -> Path:
    """Where the stand-in provider keeps its mail."""
    return folder() / "provider"


def prepare(environment: MutableMapping[str, str]) -> None:
    """Set what the demo needs."""
    for name in _OWN:
        environment.pop(name, None)
    environment["ENV_FILE"] = os.devnull
    environment["DATA_DIR"] = str(folder() / "data")
    environment["CONNECTIVITY_ALLOWED_NETWORKS"] = "127.0.0.0/8,::1/128"
