"""The service worker as it is served: what it keeps, and its source."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.urls import reverse


def exists() -> bool:
    """Not while developing: files without a hash in their names would be kept for good."""
    return hasattr(staticfiles_storage, "hashed_files")


def files() -> list[str]:
    """What the screens of mail load, by name: all scripts, as each of them is in one of them."""
    hashed: dict[str, str] = getattr(staticfiles_storage, "hashed_files", {})
    made = [name for name in hashed if name.startswith("js/")]
    pictures = ["icons.svg", "logo.svg", "logo-unread.svg"]
    styles = ["css/base.css", "css/screen-mail.css"]
    return [*styles, *pictures, "django_htmx/htmx-4.min.js", *sorted(made)]


@cache
def script() -> str:
    """Its source under what it has to know; another version of the files makes another one."""
    source = (Path(settings.BASE_DIR) / "static" / "js" / "sw.js").read_text()
    kept = [static(name) for name in files()] if exists() else []
    facts = {"files": kept, "offline": reverse("offline"), "icon": static("icons/app-192.png")}
    mark = hashlib.sha256((json.dumps(facts) + source).encode()).hexdigest()[:12]
    return f"const FACTS = {json.dumps({'version': mark, **facts})};\n{source}"
