"""What is on the other server, what is here, and why the two differ: folder by folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lib.moments import count
from retrieval.models import (
    PopMessage,
    PopState,
    RemoteFolder,
    RemoteFolderState,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    RunOutcome,
    TaskType,
)

# Ledger rows of a folder that are counted while a page refreshes itself.
COUNTED_LIVE = 100_000
NO_VALUE = "–"  # noqa: RUF001 - the sign for no value


@dataclass(frozen=True, slots=True)
class FolderState:
    """One remote folder. ``kind`` is how its bar looks: ok, run or wait.

    ``there`` and ``here`` are written for people, ``server`` and ``stored`` the same numbers;
    ``done`` of ``total`` is how full the bar is; ``failed`` could not be retrieved.
    """

    name: str
    there: str
    here: str
    done: int
    total: int
    kind: str
    words: str
    failed: int = 0
    skipped: int = 0
    note: str = ""
    state: str = RemoteFolderState.ACTIVE
    server: int | None = None
    stored: int = 0
    pending: int = 0
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Completeness:
    """All folders together, after at least one of them was looked into."""

    is_complete: bool
    words: str


@dataclass(slots=True)
class Tally:
    """Ledger rows by what they mean here."""

    here: int = 0
    pending: int = 0
    too_big: int = 0
    quarantined: int = 0
    skipped: int = 0

    @property
    def failed(self) -> int:
        """Messages that could not be retrieved."""
        return self.too_big + self.quarantined

    def add(self, state: str, number: int) -> None:
        """Count ``number`` ledger rows in this state."""
        name = _MEANING.get(state)
        if name:
            setattr(self, name, getattr(self, name) + number)


_MEANING: Mapping[str, str] = {
    RemoteState.STORED: "here",
    RemoteState.LINKED: "here",
    PopState.DELETED: "here",
    RemoteState.PENDING: "pending",
    RemoteState.TOO_BIG: "too_big",
    RemoteState.QUARANTINED: "quarantined",
    RemoteState.SKIPPED: "skipped",
}


def folders_of(task: RetrievalTask, *, fetching: str | None = None) -> list[FolderState]:
    """Every remote folder with its counts, from two queries at most.

    ``fetching`` names the folder that a running pull is at, "" one that is between folders.
    """
    if task.type == TaskType.POP:
        return _pop_folder(task)
    rows = list(RemoteFolder.objects.filter(task=task).order_by("name"))
    tallies = tallies_of(rows, fetching=fetching)
    is_live = fetching is not None
    return [_folder_state(row, tallies[row.pk], is_live=is_live) for row in rows]


def tallies_of(
    rows: Sequence[RemoteFolder], *, fetching: str | None = None
) -> dict[int, Tally | None]:
    """The counts of each folder: as noted after its last pass, else counted now.

    The folder being fetched is counted as well. A page that looks again every few seconds does
    not count a huge folder: None then.
    """
    tallies = {row.pk: _tally(row.counts.items()) if row.counts else None for row in rows}
    unknown = [row for row in rows if not row.counts or row.name == fetching]
    if fetching is not None:
        unknown = [row for row in unknown if (row.server_count or 0) <= COUNTED_LIVE]
    if unknown:
        tallies |= {row.pk: Tally() for row in unknown}
        counted = (
            RemoteMessage.objects.filter(folder__in=unknown, generation=F("folder__generation"))
            .values_list("folder_id", "state")
            .annotate(n=Count("pk"))
        )
        for folder, state, number in counted:
            if tally := tallies[folder]:
                tally.add(state, number)
    return tallies


def _tally(counts: Iterable[tuple[str, int]]) -> Tally:
    tally = Tally()
    for state, number in counts:
        tally.add(state, number)
    return tally


def summary_of(folders: Sequence[FolderState]) -> Completeness | None:
    """One sentence on all folders; None before anything is known."""
    total = sum(folder.total for folder in folders)
    if not any(folder.there != NO_VALUE for folder in folders):
        return None
    here = sum(folder.done for folder in folders)
    failed = sum(folder.failed for folder in folders)
    skipped = sum(folder.skipped for folder in folders)
    numbers = {"here": count(here), "total": count(total)}
    is_complete = here + failed + skipped >= total and not any(one.is_open for one in folders)
    if not is_complete:
        return Completeness(
            False,
            ngettext(
                "%(here)s of %(total)s message is here so far.",
                "%(here)s of %(total)s messages are here so far.",
                total,
            )
            % numbers,
        )
    words = ngettext(
        "Complete: %(here)s of %(total)s message",
        "Complete: %(here)s of %(total)s messages",
        total,
    )
    parts = [
        ngettext("%(n)s could not be retrieved", "%(n)s could not be retrieved", failed)
        % {"n": count(failed)}
        if failed
        else "",
        ngettext("%(n)s is marked as deleted there", "%(n)s are marked as deleted there", skipped)
        % {"n": count(skipped)}
        if skipped
        else "",
    ]
    told = "; ".join([words % numbers, *(part for part in parts if part)])
    return Completeness(True, f"{told}.")


def _folder_state(row: RemoteFolder, noted: Tally | None, *, is_live: bool) -> FolderState:
    there, tally = row.server_count, noted or Tally()
    known = tally.here + tally.pending + tally.failed + tally.skipped
    is_gone = row.state == RemoteFolderState.GONE
    total = tally.here if is_gone else known if there is None else there
    told = in_words(row.cause_text)
    # Messages that have left the server since are still here.
    done = min(tally.here, total)
    missing = 0 if is_gone else total - done - tally.failed - tally.skipped
    if there is None and row.checked_at is not None and not known:
        # It was passed over, because the server's list said that it is empty.
        there = 0
    listed = there if there is not None else known or None
    kind, words = _verdict(row, tally, there=there, missing=missing)
    if not is_gone and is_live and (noted is None or missing > 0):
        kind, words = "run", _("Still fetching, newest first")
    return FolderState(
        name=row.name,
        there=count(listed) if listed is not None else NO_VALUE,
        here=count(tally.here) if noted else NO_VALUE,
        done=done,
        total=total,
        kind=kind,
        words=words,
        failed=tally.failed,
        skipped=tally.skipped,
        note=told if told != words else "",
        state=row.state,
        server=there,
        stored=tally.here,
        pending=tally.pending,
        is_open=not is_gone and (there is None or missing > 0),
    )


def _verdict(
    row: RemoteFolder, tally: Tally, *, there: int | None, missing: int
) -> tuple[str, str]:
    """Why the two counts differ."""
    if row.state == RemoteFolderState.GONE:
        return "wait", _("No longer on the server. Its mail here stays.")
    if row.state == RemoteFolderState.PARKED:
        told = _("The server does not open it. It is tried again later.")
        return "wait", in_words(row.cause_text) or told
    reasons = ", ".join(_reasons(tally))
    if tally.pending:
        return "run", _("%(n)s still to come") % {"n": count(tally.pending)}
    if there is None and tally.here:
        return "run", _("Fetched, not compared yet")
    if there is None:
        return "wait", in_words(row.cause_text) or _("Not looked into yet")
    if missing > 0 and not reasons:
        return "run", _("Waits for the next run")
    return ("ok", _("Complete")) if not reasons else ("run", reasons)


def in_words(stored: str) -> str:
    """A sentence of ours that was stored in English, in the reader's language."""
    return _(stored) if stored else ""


def _reasons(tally: Tally) -> list[str]:
    pairs = (
        (tally.too_big, _("%(n)s too large")),
        (tally.quarantined, _("%(n)s set aside")),
        (tally.skipped, _("%(n)s marked as deleted there")),
    )
    return [words % {"n": count(number)} for number, words in pairs if number]


def _pop_folder(task: RetrievalTask) -> list[FolderState]:
    counted = PopMessage.objects.filter(task=task).values_list("state").annotate(n=Count("pk"))
    tally = _tally(counted)
    total = tally.here + tally.pending + tally.failed
    if not total:
        return []
    reasons = ", ".join(_reasons(tally))
    # What a run that went well has to say is about the maildrop as a whole.
    said = task.runs.filter(outcome=RunOutcome.OK).values_list("cause_text", flat=True).first()
    to_come = _("%(n)s still to come") % {"n": count(tally.pending)}
    words = reasons or (to_come if tally.pending else _("Complete"))
    return [
        FolderState(
            name=_("Inbox"),
            there=count(total),
            here=count(tally.here),
            done=tally.here,
            total=total,
            kind="ok" if not reasons and not tally.pending else "run",
            words=words,
            failed=tally.failed,
            note=in_words(said or ""),
            stored=tally.here,
            pending=tally.pending,
            is_open=bool(tally.pending),
        )
    ]
