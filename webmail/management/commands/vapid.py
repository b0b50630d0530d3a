"""``manage.py vapid``: a key for telling browsers of new mail."""

from __future__ import annotations

from typing import Any

from lib.operator import Answer, OperatorCommand
from protocols import webpush


class Command(OperatorCommand):
    help = "Make a key for web push; it is stored nowhere, so put it into the environment."

    def answer(self, **options: Any) -> Answer:
        return {"VAPID_PRIVATE_KEY": webpush.new_signing_key()}
