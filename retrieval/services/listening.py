"""Listening to many accounts at once, so that new mail is fetched within seconds.

One asyncio process holds a connection in IDLE (RFC 2177) for each account and only hints: it
makes the row due now. The schedule stands whether or not anybody listens, so nothing here has to
be reliable, and nothing that goes wrong here counts against an account.

The loop waits for sockets; what may block (signing in, renewing, the database) happens in
threads.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.db import Error as DatabaseFault
from django.db import connection

from connectivity.services import features
from connectivity.services.credentials import CredentialError
from protocols.errors import LoginRefused, MailServerError
from retrieval.models import RetrievalTask
from retrieval.services import dispatch, watching
from retrieval.services.hosts import HeldBack
from retrieval.services.watching import Account, Connection

LOOK_EVERY = 30.0
SWITCHES_EVERY = 3.0
# Two hints for one account come no closer together: a run takes a while anyway.
APART = 5.0
GATHER = 0.5
SIGNING_IN = 8
AT_ONE_PROVIDER = 2
SHORTEST_WAIT, LONGEST_WAIT = 30.0, 3600.0
# A connection that lasted so long was a good one: the next wait is short again.
GOOD_LIFE = 600.0
log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Listener:
    """Holds the connections. ``run`` returns when its task is cancelled.

    Args:
        clock: the time now, in UTC.
        poke: asks the workers to look at once; may fail, as they look by themselves too.
        alive: a file whose time of change tells that this still works.
        look_every: seconds between looks at the list of accounts.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        poke: Callable[[], None],
        alive: Path | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._clock, self._poke, self._alive = clock, poke, alive
        self._look_every = look_every
        self._attending: dict[Account, asyncio.Task[None]] = {}
        self._doors: defaultdict[str, asyncio.Semaphore] = defaultdict(
            partial(asyncio.Semaphore, AT_ONE_PROVIDER)
        )
        self._news: set[int] = set()
        self._heard = asyncio.Event()
        self._marked: set[int] = set()
        #: Accounts whose connections stand at this moment.
        self.connected: set[int] = set()
        self._wire = ThreadPoolExecutor(SIGNING_IN, "listen-wire")
        # Of their own: servers that let sign-ins hang must not keep well ones from being renewed.
        self._renewals = ThreadPoolExecutor(SIGNING_IN, "listen-renew")
        self._rows = ThreadPoolExecutor(1, "listen-rows")
        self._pokes = ThreadPoolExecutor(1, "listen-poke")

    async def run(self) -> None:
        """Listen until cancelled; then hang up everywhere."""
        hinting = asyncio.create_task(self._hint())
        try:
            while True:
                switches = await self._switches()
                await self._look()
                await self._rest(switches)
        finally:
            await _end([hinting, *self._attending.values()])
            for pool in (self._wire, self._renewals, self._pokes):
                pool.shutdown(wait=False, cancel_futures=True)
            with suppress(DatabaseFault):
                await self._in(self._rows, watching.unmark, self._marked)
            self._rows.shutdown(wait=False)

    async def _switches(self) -> object:
        """What administrators have switched; None without the database."""
        with suppress(DatabaseFault):
            return await self._in(self._rows, features.mark)
        return None

    async def _rest(self, switches: object) -> None:
        """Wait for the next look; what is switched off is hung up on before that (A194)."""
        end = time.monotonic() + self._look_every
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(left, SWITCHES_EVERY))
            if await self._switches() != switches:
                return

    async def _look(self) -> None:
        """Bring what is listened to in line with the rows; without the database all stays."""
        try:
            wanted = set(await self._in(self._rows, watching.wanted))
            over = [account for account in self._attending if account not in wanted]
            await _end([self._attending.pop(account) for account in over])
            for account in wanted - self._attending.keys():
                self._attending[account] = asyncio.create_task(self._attend(account))
            gone = self._marked - self.connected
            await self._in(self._rows, watching.unmark, gone)
            await self._in(self._rows, watching.mark, set(self.connected))
            self._marked = (self._marked - gone) | self.connected
        except DatabaseFault:
            log.warning("the list of accounts to listen to could not be read", exc_info=True)
            return
        if self._alive is not None:
            with suppress(OSError):
                self._alive.touch()

    async def _attend(self, account: Account) -> None:
        """Hold one account's connection, for as long as it is wanted."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                idler = await self._connect(account)
                began = time.monotonic()
                if failures:
                    self._tell(account.task_id)  # what came while nobody listened
                await self._listen(account, idler)
            except (MailServerError, CredentialError, DatabaseFault) as error:
                log.info("listening to task %s: %s", account.task_id, error)
                failures = 1 if time.monotonic() - began > GOOD_LIFE else failures + 1
                await asyncio.sleep(_pause(error, failures))
            except RetrievalTask.DoesNotExist:
                return
            except Exception:
                # A fault of ours with one account is no reason to hang up on the others.
                log.exception("listening to task %s failed", account.task_id)
                failures += 1
                await asyncio.sleep(LONGEST_WAIT * random.random())  # noqa: S311 - jitter

    async def _connect(self, account: Account) -> Connection:
        """Sign in when it is this account's turn at its provider."""
        async with self._doors[account.provider]:
            while True:
                call = partial(watching.connect, account, now=self._clock())
                future = self._wire.submit(call)
                try:
                    return await asyncio.wrap_future(future)
                except HeldBack as held:
                    await asyncio.sleep(max(1.0, (held.until - self._clock()).total_seconds()))
                except asyncio.CancelledError:
                    future.add_done_callback(_hang_up)
                    raise

    async def _listen(self, account: Account, idler: Connection) -> None:
        """Wait for news until the connection fails; renew it before the server ends it."""
        longest = watching.longest_idle(account)
        renew_at = time.monotonic() + longest
        renewal: Future[bool] | None = None
        self.connected.add(account.task_id)
        try:
            with suppress(DatabaseFault):  # the next look marks it
                await self._in(self._rows, watching.mark, {account.task_id})
                self._marked.add(account.task_id)
            while True:
                if await _readable(idler.fileno(), renew_at - time.monotonic()):
                    has_news = idler.take()
                else:
                    renewal = self._renewals.submit(idler.renew)
                    has_news = await asyncio.wrap_future(renewal)
                    renew_at = time.monotonic() + longest
                if has_news:
                    self._tell(account.task_id)
        finally:
            self.connected.discard(account.task_id)
            if renewal is None:
                idler.close()
            else:
                # Not while a thread uses it: its descriptor would soon be somebody else's.
                renewal.add_done_callback(lambda _: idler.close())

    def _tell(self, task_id: int) -> None:
        self._news.add(task_id)
        self._heard.set()

    async def _hint(self) -> None:
        """Make the rows with news due, several at a time and none too often."""
        told: dict[int, float] = {}
        while True:
            await self._heard.wait()
            await asyncio.sleep(GATHER)
            now = time.monotonic()
            told = {pk: at for pk, at in told.items() if now - at < APART}
            fresh = self._news - told.keys()
            self._news -= fresh
            if not self._news:
                self._heard.clear()
            if not fresh:
                continue
            told |= dict.fromkeys(fresh, now)
            try:
                await self._in(self._rows, dispatch.hint, fresh, now=self._clock())
            except Exception:
                # Told again a little later: most likely the database was away for a moment.
                log.exception("news could not be told")
                self._news |= fresh
                self._heard.set()
            else:
                # Nobody waits for it: a broker that hangs must not hold up the next hint.
                self._pokes.submit(self._ask)

    def _ask(self) -> None:
        """Ask the workers to look at once."""
        try:
            self._poke()
        except Exception:
            log.exception("the workers could not be asked; they look by themselves")
        finally:
            connection.close()

    async def _in(
        self,
        pool: ThreadPoolExecutor,
        call: Callable[..., Answer],
        *arguments: object,
        **named: object,
    ) -> Answer:
        """Do something that may block in a thread; it keeps no database connection."""

        def do() -> Answer:
            try:
                return call(*arguments, **named)
            finally:
                if pool is self._rows:
                    connection.close()

        return await asyncio.get_running_loop().run_in_executor(pool, do)


async def _readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read within so many seconds."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await ready.wait()
    except TimeoutError:
        return False
    else:
        return True
    finally:
        loop.remove_reader(descriptor)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _hang_up(opened: Future[Connection]) -> None:
    """Close a connection that came about when nobody wanted it any more."""
    if not opened.cancelled() and opened.exception() is None:
        opened.result().close()


def _pause(error: Exception, failures: int) -> float:
    """Seconds to wait before the next try, with full jitter above a floor."""
    chance = random.random()  # noqa: S311 - jitter, not a secret
    asked = getattr(error, "retry_after", None)
    if asked is not None:
        wait = max(asked, SHORTEST_WAIT) * (1 + chance / 5)
        return float(min(wait, timedelta(hours=2).total_seconds()))
    if isinstance(error, LoginRefused | CredentialError):
        # The regular runs find out; many refusals would lock the account there.
        return LONGEST_WAIT * (1 + chance)
    longest = min(LONGEST_WAIT, SHORTEST_WAIT * 2.0 ** min(failures, 10))
    return float(max(SHORTEST_WAIT / 6, chance * longest))
