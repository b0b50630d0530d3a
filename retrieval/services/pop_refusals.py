"""What a maildrop would not hand out in one run: is it single messages, or the whole account?"""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta

from django.utils.translation import gettext_noop

from protocols.errors import MailServerError, ProtocolBroken, Refused, Stage
from retrieval.models import PopMessage, PopState
from retrieval.services import pop_ledger
from retrieval.services.session import Session

MAX_ATTEMPTS = 3
_WAITS = (timedelta(hours=1), timedelta(hours=24))
# More than so many of the last so many, or so many in a row: it is not about single messages.
LATELY, MOST, IN_A_ROW = 50, 10, 10
FRUITLESS = 3  # connections lost one after another that brought nothing
EMPTY = gettext_noop("The server listed this message but sent no content.")
GARBLED = gettext_noop("The server sent this message in a form that cannot be read.")
BREAKS = gettext_noop("The connection broke twice while this message was fetched.")
UNSTORABLE = gettext_noop("This message could not be stored here.")
DEADLY = gettext_noop("This message could not be stored: the program ended each time.")


class Refusals:
    """Messages that are passed over for the rest of the run; counted against them at its end.

    Where it is the account that is sick, an error is raised and nothing is counted.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.knows_top = True
        self.counted: set[str] = set()  # whose attempt is written down already
        self._doubted: set[str] = set()
        self._words: dict[str, str] = {}
        self._drops: Counter[str] = Counter()
        self._lately: deque[bool] = deque(maxlen=LATELY)
        self._in_a_row = 0
        self._fruitless = 0

    def __contains__(self, name: str) -> bool:
        """Whether the message that goes by this name is passed over for the rest of this run."""
        return name in self._words or name in self._doubted

    def doubt(self, name: str) -> None:
        """Look at a message again in another run, not before: a server in trouble needs time."""
        self._doubted.add(name)

    def fine(self) -> None:
        """A message came over."""
        self._lately.append(False)
        self._in_a_row = self._fruitless = 0

    def refuse(self, name: str, words: str, error: MailServerError | None = None) -> None:
        """The server will not give this message; raises ``error`` where it gives too few."""
        self._words[name] = words
        self._lately.append(True)
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW or sum(self._lately) > MOST:
            raise error or Refused(Stage.FETCH, server_line=words)

    def lost(self, name: str, error: MailServerError) -> None:
        """The connection ended while this message was awaited; raises where that goes on."""
        self._fruitless += 1
        if self._fruitless >= FRUITLESS:
            raise error
        self._drops[name] += 1
        if isinstance(error, ProtocolBroken):
            self.refuse(name, GARBLED, error)
        elif self._drops[name] > 1:
            self.refuse(name, BREAKS, error)

    def settle(self) -> None:
        """Set the refused messages back, and aside after the third time."""
        rows: list[PopMessage] = []
        pending = PopMessage.objects.filter(task=self.session.task, state=PopState.PENDING)
        for chunk in pop_ledger.chunks(list(self._words), 500):
            rows += pending.filter(key__in=chunk)
        for row in rows:
            row.error = self._words[row.key]
            row.attempts += row.key not in self.counted
            _set_back(row, self.session)
        if rows:
            aside = sum(row.state == PopState.QUARANTINED for row in rows)
            self.session.settle(lambda: pop_ledger.save(rows), quarantined=aside)
        self._words.clear()


def _set_back(row: PopMessage, session: Session) -> None:
    """Tried again after an hour and after a day, then set aside."""
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.next_try_at = PopState.QUARANTINED, None
    else:
        row.next_try_at = session.clock() + _WAITS[row.attempts - 1]
