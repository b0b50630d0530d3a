"""Taking every step that asks somebody at the same time, until nothing better can come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from connectivity.discovery import Finding, Outcome, Step, StepId, is_settled
from connectivity.services.lookups.configs import by_autoconfig, by_clear_text, by_well_known
from connectivity.services.lookups.guesses import by_guess
from connectivity.services.lookups.microsoft import by_autodiscover
from connectivity.services.lookups.names import by_mail_hosts, by_services, mail_hosts
from connectivity.services.lookups.question import Question
from protocols.errors import MailServerError

Look = Callable[[Question], Finding | None]
#: The steps that stand alone; step 4 begins with the hosts that take the mail.
LOOKS: Mapping[StepId, Look] = {
    StepId.AUTOCONFIG: by_autoconfig,
    StepId.WELL_KNOWN: by_well_known,
    StepId.SRV: by_services,
    StepId.AUTODISCOVER: by_autodiscover,
    StepId.GUESS: by_guess,
    StepId.CLEAR: by_clear_text,
}


#: Causes that mean there is no such place, as there is none in most domains. What the guard
#: refuses looks the same, as in a test, so that nobody learns which names lead inside.
_NOBODY_THERE = frozenset({"name-not-found", "port-closed", "unreachable", "address-refused"})


@dataclass
class Search:
    """What has been found so far: findings and steps by id, the hosts that take the mail."""

    findings: dict[StepId, Finding] = field(default_factory=dict)
    steps: dict[StepId, Step] = field(default_factory=dict)
    mail_hosts: tuple[str, ...] | None = None

    def note(self, step: Step, finding: Finding | None = None) -> None:
        """Keep how a step ended."""
        self.steps[step.id] = step
        if finding is not None:
            self.findings[step.id] = finding

    @property
    def is_settled(self) -> bool:
        """Whether nothing better can come; the mail hosts decide what has to be confirmed."""
        return self.mail_hosts is not None and is_settled(self.findings, self.steps.keys())


@dataclass(frozen=True, slots=True)
class Ended:
    """A step ended, with what it found."""

    step: Step
    finding: Finding | None = None


#: Steps that ended, and once the hosts that take the mail.
News = SimpleQueue[Ended | tuple[str, ...]]


def ask_around(search: Search, question: Question) -> None:
    """Take every step, and end with the question's deadline at the latest.

    What is still going on then is left behind: every wait in it has the same deadline.
    """
    news: News = SimpleQueue()
    for step, look in LOOKS.items():
        _start(_take, news, step, look, question)
    _start(_take_mail_hosts, news, question)
    waiting = {*LOOKS, StepId.MX}
    try:
        while waiting and not search.is_settled:
            said = news.get(timeout=max(0.0, question.deadline.left()))
            if isinstance(said, Ended):
                waiting.discard(said.step.id)
                search.note(said.step, said.finding)
            else:
                search.mail_hosts = said
    except Empty:
        for late in waiting:
            search.note(Step(late, Outcome.FAILED, cause="hung"))


def _start(job: Callable[..., None], *args: object) -> None:
    threading.Thread(target=job, args=args, name="look up", daemon=True).start()


def _take(news: News, step: StepId, look: Look, question: Question) -> None:
    """Take one step and say how it ended."""
    began = time.monotonic()
    try:
        finding = look(question)
    except MailServerError as error:
        spent = time.monotonic() - began
        outcome = Outcome.NOTHING if error.cause in _NOBODY_THERE else Outcome.FAILED
        news.put(Ended(Step(step, outcome, seconds=spent, cause=error.cause)))
        return
    outcome = Outcome.FOUND if finding else Outcome.NOTHING
    detail = finding.detail if finding else ""
    news.put(Ended(Step(step, outcome, detail, time.monotonic() - began), finding))


def _take_mail_hosts(news: News, question: Question) -> None:
    """Step 4, which says early which hosts take the mail: other steps are judged by them."""

    def look(question: Question) -> Finding | None:
        hosts: tuple[str, ...] = ()
        try:
            hosts = mail_hosts(question)
        finally:
            news.put(hosts)
        return by_mail_hosts(question, hosts)

    _take(news, StepId.MX, look, question)
