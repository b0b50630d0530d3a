"""``manage.py demo``: Tributary with a mail provider, people and mail to play with."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils import timezone

from lib.operator import Answer, OperatorCommand, OperatorError
from webmail import demo_environment, installation
from webmail.management.commands.serve import add_address_options
from webmail.processes import Process
from webmail.services import demo
from webmail.supervisor import AlreadyRunning, Supervisor, only_one

PROVIDER_SECONDS = 60.0


class Command(OperatorCommand):
    help = "Run everything with a stand-in mail provider and demo people, until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_address_options(parser)

    def answer(self, *, host: str, port: int, **options: Any) -> Answer:
        try:
            with only_one(Path(settings.DATA_DIR) / "run"):
                self._run(host, port)
        except AlreadyRunning as error:
            raise OperatorError(str(error)) from None
        return None

    def _run(self, host: str, port: int) -> None:
        installation.refuse_taken_port(host, port)
        with Supervisor(installation.say(self.stdout.write)) as supervisor:
            provider = self._provider(supervisor)
            if provider is None:
                return
            _trust(provider)
            installation.prepare()
            demo.seed(provider, now=timezone.now())

            def ready(url: str) -> None:
                self.stdout.write(installation.banner(demo.welcome(url, provider)))
                self.stdout.flush()

            installation.run(supervisor, host=host, port=port, ready=ready)

    @staticmethod
    def _provider(supervisor: Supervisor) -> demo.ProviderFacts | None:
        """Start the provider and wait for it; None if somebody asked to stop meanwhile."""
        folder = demo_environment.provider_folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wanted.json").write_text(json.dumps(demo.WANTED))
        facts = folder / "ready.json"
        facts.unlink(missing_ok=True)
        command = [sys.executable, "-m", "standin", str(folder)]
        supervisor.add(Process("provider", command, stop_within=15))
        if supervisor.wait_for(facts.exists, seconds=PROVIDER_SECONDS):
            return demo.ProviderFacts.read(facts)
        if supervisor.stopping:
            return None
        raise OperatorError("The stand-in provider did not start: see the lines above.")


def _trust(provider: demo.ProviderFacts) -> None:
    """Believe the provider's certificate and send through it, here and in every child."""
    settings.CONNECTIVITY_CA_FILE = provider.ca_file
    settings.RELAY_URL = provider.relay_url
    os.environ["CONNECTIVITY_CA_FILE"] = provider.ca_file
    os.environ["RELAY_URL"] = provider.relay_url
