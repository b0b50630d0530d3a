"""Values that a button of a report has changed, as the form of an account would post them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import QueryDict
from django.views.decorators.debug import sensitive_variables


@sensitive_variables()
def as_posted(values: Mapping[str, Any], boxes: Collection[str], password: str) -> QueryDict:
    """What a browser would send; ``boxes`` are the fields it sends only when they are ticked."""
    again = QueryDict(mutable=True)
    for name, value in values.items():
        if name not in boxes or value:
            again[name] = "on" if name in boxes else str(value)
    again["password"] = password
    return again
