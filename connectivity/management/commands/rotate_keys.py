"""``manage.py rotate_keys``: seal every stored secret under the newest key.

Put the new key first in CREDENTIAL_KEYS, restart, run this, then take the old key away. It may
run while the site does, and be stopped and started again.
"""

from __future__ import annotations

from django.core.management.base import CommandParser

from accounts.services import audit
from connectivity.services import credentials
from lib.operator import Answer, OperatorCommand, OperatorError


class Command(OperatorCommand):
    """One job, no verbs."""

    help = "Re-encrypt the secrets of external accounts under the newest key."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--batch", type=int, default=200, help="Rows to a transaction.")

    def answer(self, *, batch: int) -> Answer:
        """Rotate, and tell how many rows moved. Unreadable rows end it with 1."""
        done = credentials.rotate(batch=max(1, batch))
        audit.note("keys-rotated", detail={"rows": done.rotated})
        facts = {
            "key": credentials.keyring().newest,
            "rotated": done.rotated,
            "changed_meanwhile": done.changed,
            "unreadable": done.unreadable,
        }
        if done.unreadable:
            sentence = (
                f"{done.unreadable} secrets do not open with the keys in CREDENTIAL_KEYS; "
                "their accounts need the password again."
            )
            raise OperatorError(sentence, facts)
        return facts
