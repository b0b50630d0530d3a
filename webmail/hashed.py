"""How static files are named and stored outside of development."""

from __future__ import annotations

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORTS = HashedFilesMixin._js_module_import_aggregation_patterns  # type: ignore[attr-defined]  # not in the stubs


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Names with a hash, also where one of our ES modules imports another; compressed beside it.

    Without the second a module would be loaded twice, under both of its names. Only our own
    modules are read for imports: the packages' files speak of imports in their comments.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", _IMPORTS[1]))
