"""What classifiers learned, as rows: counts of tokens for a person or a domain.

The tables are bounded: `MOST_TOKENS` tokens (about 20 MB) and `MOST_LEARNED` messages that can be
unlearned for each person and each domain. What is dropped first was seen once and long ago.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.db.models import F, Q
from django.db.models.functions import Greatest

from accounts.models import Domain, User
from filtering.bayes import Taught
from filtering.models import BayesScope, BayesToken, Learned
from lib import bulk

MOST_TOKENS: Final = 200_000
#: What is left when a table was too full.
LEFT: Final = 160_000
MOST_LEARNED: Final = 20_000
_PIECE: Final = 5000
_ADD: Final = (
    "(scope_id, token) DO UPDATE SET spam = filtering_bayestoken.spam + excluded.spam,"
    " ham = filtering_bayestoken.ham + excluded.ham, touched = excluded.touched"
)


def scope(owner: User | Domain) -> BayesScope:
    """Where things learned for a person or a domain are kept, held until the transaction ends."""
    whose = _whose(owner)
    found, _made = BayesScope.objects.get_or_create(**whose)
    return BayesScope.objects.select_for_update().get(pk=found.pk)


def _whose(owner: User | Domain) -> dict[str, Any]:
    return {"domain": owner} if isinstance(owner, Domain) else {"user": owner}


def of(user: User) -> tuple[BayesScope | None, BayesScope | None]:
    """What was learned of a person and of the domain; None: nothing. One query."""
    rows = BayesScope.objects.filter(Q(user=user) | Q(domain=user.domain_id))
    found = {row.user_id is not None: row for row in rows}
    return found.get(True), found.get(False)


def taught(kept: BayesScope | None) -> Taught:
    """How much was learned there."""
    return Taught(kept.spam, kept.ham) if kept is not None else Taught()


def counts(kept: BayesScope, tokens: Collection[int]) -> dict[int, tuple[int, int]]:
    """In how many spam and ham messages each of these tokens stood; those that are known."""
    found: dict[int, tuple[int, int]] = {}
    wanted = list(tokens)
    for at in range(0, len(wanted), _PIECE):
        rows = BayesToken.objects.filter(scope=kept, token__in=wanted[at : at + _PIECE])
        found |= {token: (spam, ham) for token, spam, ham in rows.values_list(*_COUNTS)}
    return found


_COUNTS: Final = ("token", "spam", "ham")


def add(kept: BayesScope, tokens: Iterable[int], *, is_spam: bool, today: date) -> None:
    """Count a message. Inside the caller's transaction, the scope held."""
    spam, ham = int(is_spam), int(not is_spam)
    rows = [(kept.pk, token, spam, ham, today) for token in sorted(tokens)]
    columns = ("scope_id", "token", "spam", "ham", "touched")
    bulk.insert(BayesToken, columns, rows, conflict=_ADD)
    BayesScope.objects.filter(pk=kept.pk).update(spam=F("spam") + spam, ham=F("ham") + ham)


def take(kept: BayesScope, tokens: Iterable[int], *, is_spam: bool) -> None:
    """Count a message no more; never below nothing, as counts may have been dropped meanwhile."""
    name = "spam" if is_spam else "ham"
    less = {name: Greatest(F(name) - 1, 0)}
    wanted = sorted(tokens)
    for at in range(0, len(wanted), _PIECE):
        mine = BayesToken.objects.filter(scope=kept, token__in=wanted[at : at + _PIECE])
        mine.filter(**{f"{name}__gt": 0}).update(**less)
        mine.filter(spam=0, ham=0).delete()
    BayesScope.objects.filter(pk=kept.pk, **{f"{name}__gt": 0}).update(**less)


def forget(owner: User | Domain) -> bool:
    """Drop all that was learned for somebody; False where there was nothing."""
    kept = BayesScope.objects.filter(**_whose(owner)).first()
    if kept is None:
        return False
    BayesToken.objects.filter(scope=kept).delete()
    Learned.objects.filter(scope=kept).delete()
    kept.delete()
    return True


def prune() -> int:
    """Make tables that are too full smaller; how many tokens went."""
    gone = 0
    for kept in BayesScope.objects.filter(Q(spam__gt=0) | Q(ham__gt=0)).iterator():
        gone += prune_tokens(kept)
        old = Learned.objects.filter(scope=kept).order_by("-learned_at")
        keys: Sequence[int] = list(old.values_list("pk", flat=True)[MOST_LEARNED:])
        Learned.objects.filter(pk__in=keys[:_PIECE]).delete()
    return gone


def prune_tokens(kept: BayesScope) -> int:
    """Make the table of one scope smaller where it is too full; how many tokens went."""
    mine = BayesToken.objects.filter(scope=kept)
    many = mine.count()
    if many <= MOST_TOKENS:
        return 0
    gone, over = 0, many - LEFT
    # Seen once, the oldest first; then the oldest at all.
    for some in (mine.filter(spam__lte=1, ham__lte=1).exclude(spam=1, ham=1), mine):
        while over > gone:
            piece = min(_PIECE, over - gone)
            keys = list(some.order_by("touched", "pk").values_list("pk", flat=True)[:piece])
            if not keys:
                break
            gone += BayesToken.objects.filter(pk__in=keys).delete()[0]
    return gone
