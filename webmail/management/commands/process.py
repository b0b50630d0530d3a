"""``manage.py process``: one process of an installation whose parts run apart (containers)."""

from __future__ import annotations

from argparse import ArgumentParser

from lib.operator import AddVerb, OperatorCommand
from webmail import installation, processes


class Command(OperatorCommand):
    help = "Check the settings, then become one of the processes."

    def add_verbs(self, add: AddVerb) -> None:
        add("prepare", installation.prepare, "Update the database and the static files.")
        web = add("web", self.web, "The web server.")
        web.add_argument("--host", default="0.0.0.0")  # noqa: S104  # inside its container
        web.add_argument("--port", type=int, default=8000)
        self._add_worker(add("worker", self.worker, "A worker for one or more queues."))
        add("beat", self.beat, "The clock that hints at due work.")
        add("listen", self.listen, "What listens to accounts for new mail.")

    @staticmethod
    def _add_worker(parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="+", choices=processes.QUEUES, metavar="QUEUE")
        parser.add_argument("--threads", type=int, help="Tasks it works on at once.")

    def web(self, *, host: str, port: int) -> None:
        processes.replace_this_process(processes.web(host, port))

    def worker(self, *, queues: list[str], threads: int | None) -> None:
        processes.replace_this_process(processes.worker(queues, threads=threads))

    def beat(self) -> None:
        processes.replace_this_process(processes.beat())

    def listen(self) -> None:
        processes.replace_this_process(processes.listener())
