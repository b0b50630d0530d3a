"""The people and accounts of `make demo`, on top of a running stand-in provider."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from accounts.models import Domain, Role, User
from lib.operator import OperatorError
from protocols.types import Security
from retrieval.models import Method, RetrievalTask, TaskType, Transfer
from retrieval.services import accounts as retrieval_accounts
from retrieval.services.accounts import TaskValues
from smtp_accounts.models import Encryption, SmtpAccount
from smtp_accounts.services import accounts as smtp_accounts
from smtp_accounts.services.accounts import AccountValues
from webmail.services import people

DOMAIN = "demo.test"
PASSWORD = "quiet-river-demo"  # noqa: S105  # shown to everybody who starts the demo
PEOPLE = {
    "mara": ("Mara Lindqvist", Role.USER),
    "dora": ("Dora Okafor", Role.DOMAIN_ADMIN),
    "sam": ("Sam Castell", Role.SYSTEM_ADMIN),
}
HOST = "localhost"
IMAP_USER = "mara.lindqvist@riverpost.example"
POP_USER = "mara@oldharbour.example"
PROVIDER_PASSWORD = "lantern-paper-71"  # noqa: S105  # the same
WANTED = {
    "users": {IMAP_USER: PROVIDER_PASSWORD, POP_USER: PROVIDER_PASSWORD},
    "fill": {IMAP_USER: 1, POP_USER: 2},
}


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """Where the stand-in provider listens, and who signed its certificate."""

    imaps: int
    pop3: int
    pop3s: int
    submission: int
    ca_file: str

    @classmethod
    def read(cls, path: Path) -> ProviderFacts:
        """What the running provider wrote about itself."""
        facts = json.loads(path.read_text())
        return cls(**{name: facts[name] for name in cls.__slots__})

    @property
    def relay_url(self) -> str:
        """A way out for mail of the demo domain: the provider delivers to its own people."""
        login = f"{quote(IMAP_USER, safe='')}:{quote(PROVIDER_PASSWORD, safe='')}"
        return f"smtp+starttls://{login}@{HOST}:{self.submission}"


def seed(provider: ProviderFacts, *, now: datetime) -> User:
    """Make what is missing, and follow the provider where its ports have changed."""
    if not Domain.objects.filter(name=DOMAIN).exists():
        people.add_domain(name=DOMAIN)
    for local, (name, role) in PEOPLE.items():
        email = f"{local}@{DOMAIN}"
        if not User.objects.filter(email=email).exists():
            made = people.add_user(email=email, password=PASSWORD, role=role, display_name=name)
            # They have been here before, as their mail says.
            User.objects.filter(pk=made.pk).update(
                welcomed_at=now,
                backup_address=f"{local}@elsewhere.example",
                backup_confirmed_at=now,
            )
    mara = User.objects.get(email=f"mara@{DOMAIN}")
    _retrieve(mara, provider, now)
    _send(mara, provider, now)
    return mara


def _retrieve(user: User, provider: ProviderFacts, now: datetime) -> None:
    task = RetrievalTask.objects.filter(user=user, username=IMAP_USER).first()
    if task is None:
        if RetrievalTask.objects.filter(user=user).exists():
            return  # somebody deleted ours and made others: leave them alone
        values = TaskValues(
            type=TaskType.IMAP,
            host=HOST,
            port=provider.imaps,
            username=IMAP_USER,
            password=PROVIDER_PASSWORD,
            method=Method.AUTOMATIC,
            transfer=Transfer.ROOT,
            name="Riverpost",
            security=Security.TLS,
        )
    elif task.port != provider.imaps:
        values = replace(
            retrieval_accounts.values_of(task), port=provider.imaps, password=PROVIDER_PASSWORD
        )
    else:
        return
    outcome = retrieval_accounts.save(user=user, values=values, now=now, task=task)
    if outcome.problem is not None:
        raise OperatorError(f"The demo's retrieval task: {outcome.problem.sentence}")


def _send(user: User, provider: ProviderFacts, now: datetime) -> None:
    account = SmtpAccount.objects.filter(user=user, email=IMAP_USER).first()
    if account is not None and account.port == provider.submission:
        return
    if account is None and SmtpAccount.objects.filter(user=user).exists():
        return
    values = AccountValues(
        display_name=account.display_name if account else user.display_name,
        host=HOST,
        port=provider.submission,
        encryption=Encryption.TLS,
        email=IMAP_USER,
        use_authentication=True,
        username=IMAP_USER,
        password=PROVIDER_PASSWORD,
    )
    outcome = smtp_accounts.save(user=user, values=values, now=now, account=account)
    if outcome.problem is not None:
        raise OperatorError(f"The demo's SMTP account: {outcome.problem.sentence}")


def welcome(url: str, provider: ProviderFacts) -> list[str]:
    """What a newcomer needs to know."""
    rows: Mapping[str, str] = {
        f"{local}@{DOMAIN}": str(role.label) for local, (_, role) in PEOPLE.items()
    }
    return [
        f"The demo is ready at {url}",
        "",
        *(f"  {email:16} {label}" for email, label in rows.items()),
        f"  password         {PASSWORD}",
        "",
        f"Mara's mail from {IMAP_USER} is on its way.",
        "A second mailbox to add by hand (Settings, Connectivity, New Retrieval Task):",
        f"  Type POP, Server Address {HOST}, Port {provider.pop3s} with Require SSL",
        f"  Username {POP_USER}, Password {PROVIDER_PASSWORD}",
        "",
        f"To see a refusal in the outbox, write to nobody@{IMAP_USER.partition('@')[2]}.",
        "",
        "Ctrl-C stops everything; the data stays for the next time.",
    ]
