"""Secrets an installation makes for itself at its first start.

They lie in ``DATA_DIR/secrets`` with mode 0600, apart from the database they protect.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def load_or_create(path: Path, make: Callable[[], str]) -> str:
    """Return the text in ``path``, writing ``make()`` there first if it does not exist.

    Two processes may start at once: the file appears complete or not at all, and both then
    read the same one.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def new_secret_key() -> str:
    """A Django SECRET_KEY of 384 random bits."""
    return secrets.token_urlsafe(48)


def new_credential_key() -> str:
    """One ``id:key`` entry for CREDENTIAL_KEYS: 256 random bits, base64."""
    return f"k{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
