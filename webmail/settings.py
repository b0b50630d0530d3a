"""Settings, read from the environment. Every name is documented in docs/operations.md."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import which

from csp.constants import NONE, SELF

from webmail.environment import Environment
from webmail.schedule import SCHEDULE
from webmail.secrets import load_or_create, new_credential_key, new_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.load(Path(env.text("ENV_FILE") or BASE_DIR / ".env"))

DEBUG = env.flag("DEBUG")
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var" / "data")

SECRET_KEY = env.text("SECRET_KEY") or load_or_create(
    DATA_DIR / "secrets" / "secret_key", new_secret_key
)
# id:base64 entries, newest first; the first encrypts, all decrypt.
CREDENTIAL_KEYS: list[str] = [
    entry.strip()
    for entry in (
        env.text("CREDENTIAL_KEYS")
        or load_or_create(DATA_DIR / "secrets" / "credential_keys", new_credential_key)
    )
    .replace("\n", ",")
    .split(",")
    if entry.strip()
]
# Where people reach the site, for links in mail; empty: such mail tells the way in words.
SITE_URL: str = env.text("SITE_URL")
ALLOWED_HOSTS: list[str] = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.words("CSRF_TRUSTED_ORIGINS", [])
# Who the first start makes a system administrator of, when there are no people yet.
ADMIN_EMAIL = env.text("ADMIN_EMAIL") or "admin@tributary.localhost"
# True where the site is reached over https, directly or through a proxy.
HTTPS = env.flag("HTTPS")

DEFAULT_EXCEPTION_REPORTER_FILTER = "lib.reporting.NoValues"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "axes",
    "csp",
    "accounts.mfa_apps.Account",
    "accounts.mfa_apps.Factors",
    "captcha",
    "lib",
    "accounts",
    "mailstore",
    "connectivity",
    "filtering",
    "retrieval",
    "smtp_accounts",
    "webmail",
]
MIDDLEWARE = [
    "webmail.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "webmail.limits.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonalMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
SILENCED_SYSTEM_CHECKS = [
    "templates.W003",  # lib.quick_tags stands in for the tags of Django's own i18n, on purpose
    # Preloading binds a whole domain for months and cannot be taken back quickly: an operator's
    # decision (HSTS_PRELOAD), nothing a product may assume.
    "security.W021",
]
ROOT_URLCONF = "webmail.urls"
WSGI_APPLICATION = "webmail.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "lib.folding.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            # The same tags as Django's own, quicker.
            "libraries": {"i18n": "lib.quick_tags", "static": "lib.quick_tags"},
            "builtins": ["lib.quick_tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webmail.context.shell",
            ],
        },
    }
]

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'tributary.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN: without it two writers deadlock at once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            # No mmap_size: it gains nothing that can be measured, and what is mapped of a large
            # database counts as memory of every process. No temp_store=MEMORY: sorting the rows of
            # a million messages would take 60 MB that a file can hold.
            "PRAGMA cache_size=-32768;"
        ),
    }
else:
    _OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
    _OPTIONS["pool"] = {
        "min_size": 1,
        "max_size": env.number("DATABASE_POOL_SIZE", 12, least=1),
    }
    _OPTIONS["prepare_threshold"] = None
    if env.flag("DATABASE_PREPARED", default=True):
        # What lib.prepared asks is planned at the second time on each connection.
        _OPTIONS["prepare_threshold"] = 1
        # A helper costs the server a process, 12 ms and more, for queries that take as long.
        # (Poolers refuse such words.)
        _GIVEN = _OPTIONS.get("options") or os.environ.get("PGOPTIONS", "")
        _OPTIONS["options"] = f"-c max_parallel_workers_per_gather=0 {_GIVEN}".strip()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "display_name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.own_words.OwnWordsValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "mail"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = env.number("SIGN_IN_FAILURE_LIMIT", 10, least=1)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "username"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "accounts.callers.network_of"
# Who signed in is remembered by ourselves, for three days; this would keep it for good.
AXES_DISABLE_ACCESS_LOG = True
# Second factors of django-allauth, under pages of our own (accounts/services/second_factor.py).
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
MFA_ADAPTER = "accounts.adapter.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_DIGITS = 12
MFA_WEBAUTHN_USER_VERIFICATION = "preferred"
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, least=0)
# Where addresses are on earth: a file in the format of MaxMind DB; empty: nobody is told.
GEOIP_FILE: str = env.text("GEOIP_FILE")

# Who forgot a password types what a picture says, hears it where this machine can speak, or
# answers a question in words. Letters are chosen by accounts.services.captchas: what the package
# has of its own asks a generator that can be foretold.
CAPTCHA_CHALLENGE_FUNCT = "accounts.services.captchas.letters"
CAPTCHA_TIMEOUT = 10  # minutes
CAPTCHA_FONT_SIZE = 38
CAPTCHA_LETTER_ROTATION = (-25, 25)
# Drawn on the page itself, in a tone that can be read on a light and on a dark one.
CAPTCHA_BACKGROUND_COLOR = "transparent"
CAPTCHA_FOREGROUND_COLOR = "#6f8482"
CAPTCHA_NOISE_FUNCTIONS = ("captcha.helpers.noise_arcs",)
CAPTCHA_FILTER_FUNCTIONS = ("captcha.helpers.post_smooth",)
# Programs that speak the code; without flite no sound is offered, sox adds noise to it.
CAPTCHA_FLITE_PATH = which("flite")
CAPTCHA_SOX_PATH = which("sox")

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_SUBDOMAINS", default=True)
    SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD")
    SECURE_SSL_REDIRECT = True
    # Asked by what stands beside us on the same machine, without the proxy in between.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "media-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 30 * 1024 * 1024
# A field for each message that is acted on; see webmail.wishing.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 6000

LANGUAGE_CODE = "en"
# Each under its own name, so that whoever landed in the wrong one finds the way back.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# Our scripts and fonts are for our own pages.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATICFILES_DIRS = [BASE_DIR / "static"]
if not DEBUG:
    # Names with a hash: a browser keeps a file for good, and a new version has a new name.
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "webmail.hashed.HashedStaticFiles"},
    }

# The mail store
BLOB_DIR = env.folder("BLOB_DIR", DATA_DIR / "blobs")
MAX_MESSAGE_SIZE = env.number("MAX_MESSAGE_SIZE", 150 * 1024 * 1024, least=65536)  # bytes
MAX_SEND_SIZE = env.number("MAX_SEND_SIZE", 36 * 1024 * 1024, least=65536)  # a file of 25 MiB
MAX_DRAFT_FILES = env.number("MAX_DRAFT_FILES", 1024 * 1024 * 1024, least=65536)

# Whether pictures of mail that lie elsewhere come through this server, which keeps from their
# senders who reads, where and with what. Off: the browser asks them itself.
IMAGE_PROXY = env.flag("IMAGE_PROXY", default=True)

# Reaching other people's servers
CONNECTIVITY_ALLOWED_NETWORKS: list[str] = env.words("CONNECTIVITY_ALLOWED_NETWORKS", [])
CONNECTIVITY_CA_FILE: str = env.text("CONNECTIVITY_CA_FILE")
# Further ports than those of mail are for installations whose partners use odd ones.
CONNECTIVITY_PORTS: list[str] = env.words("CONNECTIVITY_PORTS", [])
CONNECTIVITY_NAMESERVERS: list[str] = env.words("CONNECTIVITY_NAMESERVERS", [])
# Other ports than the usual ones for looking servers up, such as https=8443: for tests only.
CONNECTIVITY_LOOKUP_PORTS: list[str] = env.words("CONNECTIVITY_LOOKUP_PORTS", [])
# Tiles of this installation's own, in the form of connectivity/data/providers.json.
CONNECTIVITY_PROVIDERS_FILE: str = env.text("CONNECTIVITY_PROVIDERS_FILE")
# Connection tests in an hour, so that the forms are no port scanner: of one person, of all the
# people of a domain, and of one server by everybody.
CONNECTIVITY_TESTS_PER_HOUR = env.number("CONNECTIVITY_TESTS_PER_HOUR", 60, least=1)
CONNECTIVITY_DOMAIN_TESTS_PER_HOUR = env.number("CONNECTIVITY_DOMAIN_TESTS_PER_HOUR", 1000, least=1)
CONNECTIVITY_TARGET_TESTS_PER_HOUR = env.number("CONNECTIVITY_TARGET_TESTS_PER_HOUR", 300, least=1)
# smtp://, smtp+starttls:// or smtps:// user:password@host:port; empty: no way out for local From.
RELAY_URL: str = env.text("RELAY_URL")

# Mail the system writes itself, such as links to choose a new password: through RELAY_URL, or the
# SMTP account of a system administrator that sends from this address.
SYSTEM_MAIL_ACCOUNT: str = env.text("SYSTEM_MAIL_ACCOUNT")
# Who it comes from where a domain names nobody; empty: no-reply@ the domain.
SYSTEM_SENDER: str = env.text("SYSTEM_SENDER")
# By name, as it belongs to a room above the one that calls it.
ACCOUNT_NEWS = "connectivity.services.account_news.tell"
ACCOUNT_NEWS_WORDS = "connectivity.account_words.sentence"

# Spam filters of the operator's own, beside what is judged here: rspamd:http://127.0.0.1:11333,
# spamd:127.0.0.1:783. And a ClamAV, by its socket (/run/clamav/clamd.ctl) or host:port.
SPAM_SCORERS: list[str] = env.words("SPAM_SCORERS", [])
CLAMAV: str = env.text("CLAMAV")
# Whether DNS is asked about senders when mail comes in, or only when it is opened.
SPAM_DNS: bool = env.flag("SPAM_DNS", default=True)

# Days for which the audit log is kept; the database itself keeps thirty at the least.
AUDIT_DAYS = env.number("AUDIT_DAYS", 400, least=30)

# Workers
# What `manage.py serve` starts itself; any other value is somebody else's server.
BUNDLED_BROKER_SOCKET = DATA_DIR / "run" / "valkey.sock"
BROKER_URL = env.text("BROKER_URL") or f"redis+socket://{BUNDLED_BROKER_SOCKET}"
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "unacked_restore_interval": 10,
    "socket_timeout": 15,
    "socket_connect_timeout": 5,
    # A hint that cannot be given is not worth waiting for: the row is found on the next round.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "housekeeping"
CELERY_TASK_ROUTES = {
    "retrieval.tasks.pull": {"queue": "polls"},
    "retrieval.tasks.first_pull": {"queue": "imports"},
    "smtp_accounts.tasks.*": {"queue": "outgoing"},
    # As long as a first pass: nothing that is waited for stands behind them.
    "webmail.tasks.write_export": {"queue": "imports"},
    "webmail.tasks.purge_accounts": {"queue": "imports"},
}
CELERY_BEAT_SCHEDULE = dict(SCHEDULE)
CELERY_BEAT_SCHEDULER = "webmail.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "run" / "beat-schedule")
# Seconds between automatic pulls of one task (A45).
RETRIEVAL_INTERVAL = env.number("RETRIEVAL_INTERVAL", 600, least=5)
# Claimed at once at most, polls and first passes apart: more would only wait in the queue.
RETRIEVAL_IN_FLIGHT = env.number("RETRIEVAL_IN_FLIGHT", 200, least=1)
# How many polls of one person are in flight at once at most, and a third of that in first passes.
RETRIEVAL_USER_CONNECTIONS = env.number("RETRIEVAL_USER_CONNECTIONS", 6, least=1)
# What one server may see of us, where it is no big provider (retrieval/profiles.py).
RETRIEVAL_HOST_CONNECTIONS = env.number("RETRIEVAL_HOST_CONNECTIONS", 8, least=1)
RETRIEVAL_HOST_LOGINS = env.number("RETRIEVAL_HOST_LOGINS", 1, least=1)  # a second
# Connections held open to hear of new mail at once: in all (0: none), and to one such server.
PUSH_CONNECTIONS = env.number("PUSH_CONNECTIONS", 1000, least=0, most=100_000)
PUSH_HOST_CONNECTIONS = env.number("PUSH_HOST_CONNECTIONS", 4, least=1)

# Telling browsers of new mail: the key `manage.py vapid` makes, empty: off; and where the makers
# of browsers reach the operator.
VAPID_PRIVATE_KEY: str = env.text("VAPID_PRIVATE_KEY")
VAPID_CONTACT: str = env.text("VAPID_CONTACT") or f"mailto:{ADMIN_EMAIL}"
if VAPID_PRIVATE_KEY:
    CELERY_BEAT_SCHEDULE["send-pushes"] = {
        "task": "connectivity.tasks.send_pushes",
        "schedule": 5.0,
        "options": {"expires": 5},
    }

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", "INFO")},
    "loggers": {
        "axes": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # Every address they ask, which may name a person, and every header.
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
    },
}
