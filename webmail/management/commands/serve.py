"""``manage.py serve``: the whole of Tributary on one machine, under one supervisor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from lib.operator import Answer, OperatorCommand, OperatorError
from webmail import installation
from webmail.services import people
from webmail.supervisor import AlreadyRunning, Supervisor, only_one


def add_address_options(parser: CommandParser) -> None:
    """``--host`` and ``--port`` of the web server."""
    parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
    parser.add_argument("--port", type=int, default=8000, help="Port to listen on.")


class Command(OperatorCommand):
    help = "Migrate, then run web, workers, beat and the bundled broker until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_address_options(parser)

    def answer(self, *, host: str, port: int, **options: Any) -> Answer:
        try:
            with only_one(Path(settings.DATA_DIR) / "run"):
                self._serve(host, port)
        except AlreadyRunning as error:
            raise OperatorError(str(error)) from None
        return None

    def _serve(self, host: str, port: int) -> None:
        installation.refuse_taken_port(host, port)
        installation.prepare()
        password = people.first_administrator(email=settings.ADMIN_EMAIL)
        say = installation.say(self.stdout.write)

        def ready(url: str) -> None:
            lines = [f"Tributary is ready at {url}"]
            if password is not None:
                lines += [
                    f"Sign in as {settings.ADMIN_EMAIL}",
                    f"with the password {password} (it is shown this once).",
                ]
            self.stdout.write(installation.banner(lines))
            self.stdout.flush()

        with Supervisor(say) as supervisor:
            installation.run(supervisor, host=host, port=port, ready=ready)
