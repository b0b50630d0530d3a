"""How static files are put together, named and stored outside of development."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from webmail import bundles

_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # not in the stubs
_ENTRY = re.compile(r"""\{% static '(js/[\w./-]+\.js)' %\}""")


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Our modules and styles in few files, names with a hash, compressed beside them.

    Only our own modules are read for imports: the packages' files speak of imports in their
    comments. Sources stay many small files, and development serves them as they are.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _IMPORTS[1]))

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        """Called by collectstatic with every file and where it comes from."""
        made: Any = super().post_process(_put_together(paths), *args, **options)
        yield from made


class _Made:
    """A storage of texts, in place of the one the sources lie in."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def open(self, name: str) -> ContentFile[bytes]:
        """The file as django.core.files has it."""
        return ContentFile(self._texts[name].encode(), name)


def entries() -> set[str]:
    """The modules that templates name."""
    pages = (Path(settings.BASE_DIR) / "templates").rglob("*.html")
    return {name for page in pages for name in _ENTRY.findall(page.read_text())}


def _put_together(paths: dict[str, Any]) -> dict[str, Any]:
    def text(name: str) -> str:
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())

    ours = {name for name in paths if name.startswith(("js/", "vendor/")) and name.endswith(".js")}
    sources = {name: text(name) for name in ours}
    made = bundles.scripts(sources, entries())
    sheets = {name: text(name) for name in paths if name.startswith("css/")}
    made |= {name: bundles.styles(sheets, name) for name in sheets}
    storage = _Made(made)
    left = {name: where for name, where in paths.items() if name not in ours}
    return {**left, **{name: (storage, name) for name in made}}
