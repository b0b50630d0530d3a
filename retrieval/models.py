"""Retrieval tasks and what each of them knows about its remote mailbox (retrieval ledger)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Domain
from connectivity.models import Credential
from mailstore.models import Folder, Message, Source


class TaskType(models.TextChoices):
    IMAP = "imap", _("IMAP")
    POP = "pop", _("POP")


class Method(models.TextChoices):
    MANUAL = "manual", _("Manual")
    AUTOMATIC = "automatic", _("Automatic")


class Transfer(models.TextChoices):
    ROOT = "root", _("Add as root level folders")
    SUBFOLDERS = "subfolders", _("Add as subfolders")


class TaskState(models.TextChoices):
    OK = "ok", _("Fine")
    BACKOFF = "backoff", _("Waiting to try again")
    NEEDS_PASSWORD = "needs-password", _("Needs you")
    PAUSED = "paused", _("Paused")


class RetrievalTask(models.Model):
    """One external account that is pulled from. The row is the queue (architecture section 2)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="retrieval_tasks"
    )
    # RESTRICT, as for the credential: deleting a user takes all of it.
    source = models.OneToOneField(Source, on_delete=models.RESTRICT, related_name="retrieval_task")
    type = models.CharField(_("type"), max_length=4, choices=TaskType.choices)
    host = models.CharField(_("server address"), max_length=253)
    port = models.PositiveIntegerField(_("port"))
    security = models.CharField(
        max_length=8, help_text="How TLS is reached: tls, starttls or none; found by the test."
    )
    require_ssl = models.BooleanField(_("require SSL"), default=True)
    username = models.CharField(_("username"), max_length=320)
    credential = models.ForeignKey(
        # RESTRICT, not PROTECT: deleting a user takes both, deleting a credential alone may not.
        Credential,
        on_delete=models.RESTRICT,
        related_name="+",
    )
    method = models.CharField(max_length=9, choices=Method.choices, default=Method.AUTOMATIC)
    transfer = models.CharField(max_length=10, choices=Transfer.choices, default=Transfer.ROOT)
    # Indexed below where there is one: every claim writes every index of the row anew.
    destination = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    tile = models.CharField(
        max_length=32, blank=True, help_text="Key of the provider it was made with, if any."
    )
    use_apop = models.BooleanField(default=False)
    leave_on_server = models.BooleanField(default=False)
    filter_enabled = models.BooleanField(default=False)

    state = models.CharField(max_length=16, choices=TaskState.choices, default=TaskState.OK)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When it is due; null: only when asked."
    )
    rerun = models.BooleanField(default=False, help_text="Asked for while running.")
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0, help_text="Rises with every claim.")
    provider_key = models.CharField(
        max_length=253, blank=True, help_text="Whose limits it shares: a provider, else the host."
    )
    capabilities = models.TextField(blank=True, help_text="As told after sign-in, by spaces.")
    batch_size = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Messages asked for at a time, as learnt."
    )
    slowed_until = models.DateTimeField(
        null=True, blank=True, help_text="Asked to go slowly until then."
    )
    budget_day = models.DateField(null=True, blank=True, help_text="UTC day of budget_bytes.")
    budget_bytes = models.BigIntegerField(default=0, help_text="Fetched on that day.")
    push_enabled = models.BooleanField(
        default=True, help_text="Listen for news between the regular runs (RFC 2177)."
    )
    watched_until = models.DateTimeField(
        null=True, blank=True, help_text="Until when somebody listens; set anew before that."
    )

    fail_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0, help_text="Sign-in refusals in a row.")
    failing_since = models.DateTimeField(null=True, blank=True)
    cause = models.CharField(max_length=40, blank=True, help_text="Cause id of the last failure.")
    cause_text = models.TextField(blank=True, help_text="Sentence for the user.")
    server_line = models.TextField(blank=True, help_text="The server's words, redacted.")
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    first_pass_done_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        indexes = [
            # Polls and first passes are looked for apart, so that neither is read past to find
            # the other. The provider is there to pass over those that are full.
            models.Index(
                fields=["next_at", "provider_key"],
                name="task_due_poll",
                condition=Q(next_at__isnull=False, first_pass_done_at__isnull=False),
            ),
            models.Index(
                fields=["next_at", "provider_key"],
                name="task_due_first",
                condition=Q(next_at__isnull=False, first_pass_done_at__isnull=True),
            ),
            models.Index(
                fields=["provider_key", "next_at"],
                name="task_of_provider",
                condition=Q(next_at__isnull=False),
            ),
            models.Index(
                fields=["destination"],
                name="task_destination",
                condition=Q(destination__isnull=False),
            ),
            models.Index(
                fields=["lease_until"], name="task_leased", condition=Q(lease_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} at {self.host}"


class Provider(models.Model):
    """What is known of somebody's servers from all the tasks that use them.

    ``key`` is a task's ``provider_key``. Logins are spaced by ``next_login_at``; ``failures`` of
    ``tries`` since ``since`` decide whether everybody waits, until ``shut_until``.
    """

    key = models.CharField(max_length=253, unique=True)
    next_login_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    shut_until = models.DateTimeField(null=True, blank=True)
    compress = models.BooleanField(default=True, help_text="COMPRESS=DEFLATE (RFC 4978) is used.")

    def __str__(self) -> str:
        return self.key


class ProviderPause(models.Model):
    """An administrator's stop of all retrieval at one provider, for a domain or for everybody.

    ``key`` is a task's ``provider_key``. The row goes when it is resumed; a past ``until`` ends it.
    """

    domain = models.ForeignKey(
        Domain, null=True, blank=True, on_delete=models.CASCADE, related_name="provider_pauses"
    )
    key = models.CharField(max_length=253)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(_("until"))

    class Meta:
        ordering = ["key", "id"]
        constraints = [
            models.UniqueConstraint(fields=["domain", "key"], name="provider_pause_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(domain=None), name="provider_pause_once_for_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} until {self.until}"


class RemoteFolderState(models.TextChoices):
    ACTIVE = "active"
    GONE = "gone"
    PARKED = "parked"
    UNSTABLE = "unstable"


class RemoteFolder(models.Model):
    """A mailbox on the other server, keyed by the bytes of its name."""

    task = models.ForeignKey(RetrievalTask, on_delete=models.CASCADE, related_name="folders")
    raw_name = models.BinaryField(max_length=1000)
    name = models.CharField(max_length=1000, help_text="Decoded, for people.")
    delimiter = models.CharField(max_length=1, blank=True)
    role = models.CharField(max_length=8, blank=True)
    local = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(
        max_length=8, choices=RemoteFolderState.choices, default=RemoteFolderState.ACTIVE
    )
    missed_lists = models.PositiveSmallIntegerField(default=0)
    uidvalidity = models.BigIntegerField(null=True, blank=True)
    generation = models.PositiveIntegerField(default=1)
    uidnext_scanned = models.BigIntegerField(
        default=1, help_text="Every UID below this has a ledger row."
    )
    settled_uid = models.BigIntegerField(
        default=0, help_text="No UID up to this one is open (pending)."
    )
    server_count = models.IntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict, help_text="Ledger rows of the generation by state.")
    refusals = models.PositiveSmallIntegerField(default=0, help_text="In a row, to open it.")
    parked_until = models.DateTimeField(null=True, blank=True)
    turned_at = models.JSONField(
        default=list, help_text="When its UIDVALIDITY changed lately, ISO 8601."
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    cause_text = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "raw_name"], name="remote_folder_once"),
        ]

    def __str__(self) -> str:
        return self.name


class RemoteState(models.TextChoices):
    """The verdict on one remote message. Only ``pending`` is open."""

    PENDING = "pending"
    STORED = "stored"
    LINKED = "linked"
    SKIPPED = "skipped"
    TOO_BIG = "too-big"
    QUARANTINED = "quarantined"
    VANISHED = "vanished"


class RemoteMessage(models.Model):
    """Ledger row of one IMAP message; it outlives the local one, so deleted mail stays deleted."""

    folder = models.ForeignKey(RemoteFolder, on_delete=models.CASCADE, related_name="ledger")
    generation = models.PositiveIntegerField()
    uid = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=RemoteState.choices, default=RemoteState.PENDING
    )
    size = models.BigIntegerField(null=True, blank=True)
    internal_at = models.DateTimeField(null=True, blank=True)
    flags = models.JSONField(default=list)
    server_id = models.CharField(max_length=64, blank=True)
    sha256 = models.BinaryField(max_length=32, null=True, blank=True)
    ident = models.BinaryField(
        max_length=16, null=True, blank=True, help_text="BLAKE2b of its Message-ID."
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["folder", "generation", "uid"], name="remote_message_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["folder", "uid"], name="remote_pending", condition=Q(state="pending")
            ),
            models.Index(
                fields=["folder", "sha256"],
                name="remote_content_of_folder",
                condition=Q(sha256__isnull=False),
            ),
            models.Index(fields=["server_id"], name="remote_server_id", condition=~Q(server_id="")),
            models.Index(
                fields=["folder"],
                name="remote_set_aside",
                condition=Q(state__in=["quarantined", "too-big"]) | Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"uid {self.uid}"


class PopState(models.TextChoices):
    PENDING = "pending"
    STORED = "stored"
    DELETED = "deleted"
    TOO_BIG = "too-big"
    QUARANTINED = "quarantined"


class PopMessage(models.Model):
    """Ledger row of one POP message, keyed by UIDL (RFC 1939) or, without one, by its SHA-256.

    ``copy_no`` tells identical messages apart where the key is their hash.
    """

    task = models.ForeignKey(RetrievalTask, on_delete=models.CASCADE, related_name="pop_ledger")
    key = models.CharField(max_length=200)
    copy_no = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=PopState.choices, default=PopState.PENDING)
    size = models.BigIntegerField(null=True, blank=True)
    sha256 = models.BinaryField(max_length=32, null=True, blank=True)
    head = models.BinaryField(
        max_length=16, null=True, blank=True, help_text="BLAKE2b of its header."
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["task", "key", "copy_no"], name="pop_message_once"),
        ]
        indexes = [
            models.Index(fields=["sha256"], name="pop_content", condition=Q(sha256__isnull=False)),
            models.Index(
                fields=["task"],
                name="pop_set_aside",
                condition=Q(state__in=["quarantined", "too-big"]) | Q(next_try_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class RunOutcome(models.TextChoices):
    RUNNING = "running", _("Running")
    OK = "ok", _("Done")
    FAILED = "failed", _("Failed")
    WAITED = "waited", _("Waited")
    INTERRUPTED = "interrupted", _("Interrupted")


class RetrievalRun(models.Model):
    """One pull: for the history, the bars and live progress."""

    task = models.ForeignKey(RetrievalTask, on_delete=models.CASCADE, related_name="runs")
    fence = models.BigIntegerField()
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=12, choices=RunOutcome.choices, default=RunOutcome.RUNNING
    )
    phase = models.CharField(max_length=40, blank=True)
    folder_name = models.CharField(max_length=1000, blank=True)
    folders = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    expected = models.PositiveIntegerField(default=0, help_text="Messages it set out to fetch.")
    expected_bytes = models.BigIntegerField(default=0, help_text="As far as sizes were told.")
    stored = models.PositiveIntegerField(default=0)
    linked = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0, help_text="Removed from the server.")
    bytes = models.BigIntegerField(default=0)
    cause = models.CharField(max_length=40, blank=True)
    cause_text = models.TextField(blank=True)
    server_line = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [
            models.Index(fields=["task", "-started_at"], name="run_history"),
            # Of everybody, newest first: what administrators read.
            models.Index(fields=["-started_at", "-id"], name="run_log"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of task {self.task_id}"
