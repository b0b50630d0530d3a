"""What an error report may show: where it happened, and no values at all."""

from __future__ import annotations

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any, Final

from django.http import HttpRequest, QueryDict
from django.views.debug import SafeExceptionReporterFilter

# Settings that are addresses with a password in them, beside those Django knows.
_SECRET: Final = re.compile(
    r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|URL\Z|CREDENTIAL|DATABASE|BROKER|RELAY",
    re.IGNORECASE,
)


class NoValues(SafeExceptionReporterFilter):
    """Hides every local variable and every field of a form.

    Django hides what a function names as sensitive. A password passes through the libraries of
    three protocols, which name nothing; and mail is nobody else's business either.
    """

    hidden_settings = _SECRET

    def is_active(self, request: HttpRequest | None) -> bool:
        """Always, also where DEBUG is on: such a page is easily copied into a bug report."""
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        if request is None:
            return {}
        posted: QueryDict = request.POST
        return dict.fromkeys(posted, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
