"""Who may sign in: domains and the people in them."""

from __future__ import annotations

from typing import Any, ClassVar, Final, NamedTuple

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lib.prepared import Prepared


class Brand(NamedTuple):
    """What every page shows of a domain: its name for people and which logo it has, if any."""

    domain: int
    title: str = ""
    logo: str = ""


class Domain(models.Model):
    """A mail domain this installation hosts. Names are stored in lower-case A-label form."""

    name = models.CharField(_("name"), max_length=253, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    # What its people see of it: a name and a picture beside the sign-in form and in the shell.
    title = models.CharField(_("name people see"), max_length=80, blank=True)
    logo_hash = models.CharField(
        max_length=16, blank=True, help_text="Of the picture: a new one has an address of its own."
    )
    # Who mail of the system comes from (A208); empty: the installation's own.
    sender_name = models.CharField(_("sender name"), max_length=80, blank=True)
    sender_address = models.EmailField(_("sender address"), max_length=254, blank=True)
    removal_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="Since then it goes with the last of its people."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def brand(self) -> Brand:
        """What is shown of it."""
        return Brand(self.pk, self.title, self.logo_hash)


class Logo(models.Model):
    """The picture of a domain: a PNG we drew ourselves. In a table of its own, as domains are
    read all the time and pictures seldom.
    """

    domain = models.OneToOneField(Domain, on_delete=models.CASCADE, related_name="logo")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"logo of {self.domain_id}"


class Role(models.TextChoices):
    USER = "user", _("User")
    DOMAIN_ADMIN = "domain-admin", _("Domain administrator")
    SYSTEM_ADMIN = "system-admin", _("System administrator")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in names are compared in lower case, as they are stored."""
        return self.get(email=(username or "").strip().lower())

    def get(self, *args: Any, **kwargs: Any) -> User:
        """As ever; who is signed in, which every request asks, without making the query anew."""
        # Not of a domain's people: what `domain.users` gives is of a class of its own.
        if type(self) is not UserManager or args or kwargs.keys() != {"pk"}:
            return super().get(*args, **kwargs)
        for *values, title, logo_hash in _BY_KEY.rows(int(kwargs["pk"])):
            found = User.from_db("default", _COLUMNS, values)
            found._brand = Brand(values[_DOMAIN], title, logo_hash)
            return found
        raise User.DoesNotExist


class Theme(models.TextChoices):
    SYSTEM = "system", _("Follow the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Density(models.TextChoices):
    COMFORTABLE = "comfortable", _("Comfortable")
    COMPACT = "compact", _("Compact")


class Layout(models.TextChoices):
    """Where an open message stands."""

    RIGHT = "right", _("Beside the list")
    BELOW = "below", _("Below the list")
    NONE = "none", _("In place of the list")


class RemoteImages(models.TextChoices):
    """Which messages may load images from other servers."""

    NEVER = "never", _("Only when I ask")
    TRUSTED = "trusted", _("From senders I trust")
    ALWAYS = "always", _("Always")


class User(AbstractBaseUser):
    """A person. The e-mail address is the login for every protocol (A176)."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.USER)
    display_name = models.CharField(_("display name"), max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=10, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)
    layout = models.CharField(max_length=8, choices=Layout.choices, default=Layout.RIGHT)
    conversations = models.BooleanField(
        _("conversations"), default=True, help_text="Messages that answer each other in one line."
    )
    remote_images = models.CharField(
        max_length=8, choices=RemoteImages.choices, default=RemoteImages.TRUSTED
    )
    dark_mail = models.BooleanField(
        _("dark mail"), default=False, help_text="Colours of mail are changed for dark pages."
    )
    notice_mail = models.BooleanField(
        _("notices by mail"),
        default=True,
        help_text="Mail to the own Inbox about accounts that fail for long.",
    )
    undo_send = models.PositiveSmallIntegerField(
        _("undo send"), default=10, help_text="Seconds before a message leaves, 0 to 30."
    )
    writes_plain = models.BooleanField(
        _("write in plain text"), default=False, help_text="How new messages start."
    )
    identities_changed_at = models.DateTimeField(
        default=timezone.now, help_text="What was decided by them before is decided anew."
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Outside this installation, confirmed by mail: the way back in (A162, A165, A166).
    backup_address = models.EmailField(_("backup e-mail address"), max_length=254, blank=True)
    backup_confirmed_at = models.DateTimeField(null=True, blank=True)
    backup_skipped = models.PositiveSmallIntegerField(
        default=0, help_text="How often the question for it was put off."
    )
    welcomed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the first sign-in was gone through."
    )
    password_changed_at = models.DateTimeField(null=True, blank=True)
    password_is_given = models.BooleanField(
        default=False, help_text="Somebody else chose it: the next sign-in asks for a new one."
    )
    quota = models.BigIntegerField(
        _("space"), null=True, blank=True, help_text="Bytes; null: what the domain gives."
    )
    delete_after = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="Gone for good from then on."
    )
    delete_marked_by = models.CharField(
        max_length=254, blank=True, help_text="Who asked for that; empty: the person."
    )
    devices_known_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when sign-ins are compared with earlier ones."
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()
    _brand: Brand | None = None

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def name(self) -> str:
        """What other people see: the display name, else the address."""
        return self.display_name or self.email

    @property
    def brand(self) -> Brand:
        """What is shown of the domain; without a query for whoever is signed in."""
        if self._brand is None:
            self._brand = self.domain.brand
        return self._brand

    @property
    def is_domain_admin(self) -> bool:
        return self.role in (Role.DOMAIN_ADMIN, Role.SYSTEM_ADMIN)

    @property
    def is_system_admin(self) -> bool:
        return self.role == Role.SYSTEM_ADMIN

    def clean(self) -> None:
        super().clean()
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return self.name

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False


_COLUMNS: Final = [one.attname for one in User._meta.concrete_fields]
_DOMAIN: Final = _COLUMNS.index("domain_id")
# With what every page shows of the domain, so that no page asks for it.
_SHOWN: Final = ("domain__title", "domain__logo_hash")
_BY_KEY: Final = Prepared(
    lambda pk: User.objects.filter(pk=pk).values_list(*_COLUMNS, *_SHOWN), int
)
