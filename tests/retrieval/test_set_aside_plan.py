"""Looking for what was set aside reads no ledger from end to end."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from retrieval.models import PopMessage, RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.set_aside import open_query


def test_both_ledgers_are_read_by_the_index_of_what_is_set_aside(
    make_task: Callable[..., RetrievalTask],
) -> None:
    imap, pop = make_task(), make_task("pop")
    folder = RemoteFolder.objects.create(task=imap, raw_name=b"A", name="A")
    RemoteMessage.objects.bulk_create(
        RemoteMessage(folder=folder, generation=1, uid=uid, state="stored")
        for uid in range(1, 3001)
    )
    PopMessage.objects.bulk_create(
        PopMessage(task=pop, key=f"k{number}", state="stored") for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert "remote_set_aside" in open_query(imap).explain()
    assert "pop_set_aside" in open_query(pop).explain()
