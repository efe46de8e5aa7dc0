"""Settings. Everything that differs between machines comes from the environment (see .env.example)."""

import logging
import sys
from decimal import Decimal
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from volbal_site.addresses import is_loopback
from volbal_site.logs import logging_settings
from volbal_site.secret_key import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")  # what the real environment says wins

DEBUG = env.bool("DEBUG", default=False)
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'volbal.sqlite3'}")
IS_SQLITE = DATABASE_URL.startswith("sqlite")

GIVEN_SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY = secret_key(GIVEN_SECRET_KEY, VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

# `manage.py up`: where it listens, and how many requests it answers at a time, processes x threads. Each
# thread keeps a connection to the database.
BIND = env.str("BIND", default="127.0.0.1:8000")
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1)
WEB_THREADS = env.int("WEB_THREADS", default=16)
# How many of a process's threads work at a time (volbal_site/turns.py).
WEB_AT_ONCE = env.int("WEB_AT_ONCE", default=2)

# Whoever can be reached from other machines is spoken to over TLS only. That ends at a proxy, which must set
# X-Forwarded-Proto; calls of the API that come without are refused instead of redirected, so that a key that
# was sent in the clear is noticed. What says how things are is asked from inside, without TLS.
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=not (DEBUG or is_loopback(BIND)))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if HTTPS_ONLY else 0  # who tries passwords is told apart by X-Forwarded-For
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^v1/", r"^metrics$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 60 * 60) if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
# A place on the browsers' preload list is the domain's owner's to ask for: it can't be given back for months.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

INSTALLED_APPS = [
    "volbal_site",
    "simulation",
    "dividends",
    "orders",
    "configs",
    "market",
    "positions",
    "alerts",
    "accounts",
    "ninja",
    "django_celery_beat",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "volbal_site.middleware.request_id",
    "volbal_site.middleware.access_log",
    "volbal_site.request_times.request_times",
    "django.middleware.security.SecurityMiddleware",
    "volbal_site.middleware.api_edge",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "volbal_site.page_middleware.never_stored",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "volbal_site.page_middleware.EndingSessions",
    "volbal_site.page_middleware.LoginFirst",
    "volbal_site.page_middleware.SecondFactorOfStaff",
    "volbal_site.page_middleware.Refusals",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "volbal_site.urls"
WSGI_APPLICATION = "volbal_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "volbal_site.pages.frame.frame",
            ],
            "builtins": [
                "volbal_site.templatetags.addresses",
                "volbal_site.templatetags.amounts",
                "volbal_site.templatetags.cells",
                "volbal_site.templatetags.drawings",
            ],
        },
    },
]
FORM_RENDERER = "volbal_site.form_renderer.QuickForms"

# The ledger's promises stand on these: a writer takes the write lock at once, a commit is on the disk
# when it returns, REPLACE fires the triggers that guard history. See docs/adr/0002. The last two are for
# speed: 8 MB of pages a connection hold a chunk of the schedule, and what was written is carried over into
# the file when it has come to 32 MB, so that a tick isn't held up by that several times.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA foreign_keys=ON;PRAGMA recursive_triggers=ON;"
        "PRAGMA cache_size=-8000;PRAGMA wal_autocheckpoint=8000;"
    ),
}
POSTGRESQL_OPTIONS = {
    "options": (
        "-c lock_timeout=5s -c statement_timeout=15s -c idle_in_transaction_session_timeout=15s"
        " -c default_transaction_isolation=read\\ committed"
    ),
}
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS if IS_SQLITE else POSTGRESQL_OPTIONS)
# A thread keeps its connection, and looks whether it still stands before it is used again.
DATABASES["default"] |= {"ATOMIC_REQUESTS": False, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
if IS_SQLITE:
    # Tests run on a file too: an in-memory database locks differently, and races are what they are after.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
    VAR_DIR.mkdir(exist_ok=True)
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# Logging in: by name and password, a second factor for who turned one on and for all staff.
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ALLOW_SIGNUP = env.bool("ALLOW_SIGNUP", default=False)
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Volatility Balancing] "
ACCOUNT_SESSION_REMEMBER = False  # the cookie ends with the browser, the session by the limits below
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/10m/key,50/10m/ip"}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Volatility Balancing"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS: dict[str, str] = {}

# A login ends after so many seconds without use, which polls are not, and after so many in all.
SESSION_ENGINE = "accounts.sessions"
SESSION_IDLE_S = env.int("SESSION_IDLE_S", default=30 * 60)
SESSION_COOKIE_AGE = env.int("SESSION_LONGEST_S", default=12 * 60 * 60)
# Cookies go over TLS only, unless the site is one's own machine's.
SECURE_COOKIES = env.bool("SECURE_COOKIES", default=HTTPS_ONLY)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "volbal_site.pages.errors.form_too_old"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Of installed packages only the files that pages use are exposed.
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "volbal_site.package_files.PackageFiles",
]
# `manage.py up` collects them into var/static, compressed and named by their content, and says so to the web
# server. Everything else that serves pages takes them from where they are: nothing has to be collected first.
STATIC_COLLECTED = env.bool("STATIC_COLLECTED", default=False)
STATIC_ROOT = VAR_DIR / "static" / "files" if STATIC_COLLECTED else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": f"volbal_site.static_storage.{'Collected' if STATIC_COLLECTED else 'AsTheyAre'}"
    },
}
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
WHITENOISE_ALLOW_ALL_ORIGINS = False

# One line a request and one an event: JSON, unless a person reads along. See docs/adr/0007.
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="text" if DEBUG or sys.stderr.isatty() else "json")
LOGGING = logging_settings(for_people=LOG_FORMAT == "text", level=LOG_LEVEL)

# Who may read /metrics: whoever brings this as a bearer token; empty is nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
}
# What never changes once it is drawn, kept by `{% cache %}` in each process; a restart forgets it.
CACHES["template_fragments"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "fragments",
    "TIMEOUT": 3600,
    "OPTIONS": {"MAX_ENTRIES": 5_000},
}
# Whole lists, drawn anew whenever something comes on top.
CACHES["lists"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "lists",
    "TIMEOUT": 60,
    "OPTIONS": {"MAX_ENTRIES": 1_000},
}
if REDIS_URL:
    CACHES["default"] = {
        "BACKEND": "volbal_site.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "volbal",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
# What runs by itself (docs/operations.md, "Workers"). Messages go through Redis, without one through files
# beside the SQLite file.
QUEUE_DIR = VAR_DIR / "queue"
if IS_SQLITE:
    QUEUE_DIR = Path(f"{DATABASES['default']['NAME']}.queue")
WORKER_THREADS = env.int("WORKER_THREADS", default=4)
WORKER_POOL = env.str("WORKER_POOL", default="threads")
# Whether workers run, which `manage.py up` says to its children: then `/v1/readyz` and an alert tell when
# none was heard of for so many seconds, and requests wake them.
WORKER_EXPECTED = env.bool("WORKER_EXPECTED", default=False)
WORKER_SILENT_S = env.int("WORKER_SILENT_S", default=30)
# Only tasks that fail are told of; not those that come and go, nor messages that have expired.
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = DJANGO_STRUCTLOG_CELERY_TASK_RETRY_LOG_LEVEL = logging.DEBUG

# Requests that one key may make in a minute; 0 is no limit. Counted in the cache.
API_RATE_LIMIT_PER_MINUTE = env.int("API_RATE_LIMIT_PER_MINUTE", default=60_000)

# Rooms for third parties: a name, and the dotted path of what implements it.
BROKERS = {
    "paper": "orders.brokers.paper.PaperBroker",
    "manual": "orders.brokers.manual.ManualBroker",
    "paper_http": "orders.brokers.paper_http.PaperHttpBroker",
    "alpaca": "orders.brokers.alpaca.AlpacaBroker",
    **env.dict("BROKERS", default={}),
}
# How long one call to a broker may take in all, how soon an order is asked about again, and how long a broker
# is left alone after five errors in a row; seconds.
BROKER_TIMEOUT_S = env.float("BROKER_TIMEOUT_S", default=10.0)
BROKER_ASK_S = env.float("BROKER_ASK_S", default=1.0)
BROKER_PAUSE_S = env.float("BROKER_PAUSE_S", default=15.0)
PAPER_HTTP_URL = env.str("PAPER_HTTP_URL", default="")
ALPACA_PAPER_URL = env.str("ALPACA_PAPER_URL", default="https://paper-api.alpaca.markets")
ALPACA_LIVE_URL = env.str("ALPACA_LIVE_URL", default="https://api.alpaca.markets")
ALPACA_DATA_URL = env.str("ALPACA_DATA_URL", default="https://data.alpaca.markets")
ALPACA_FEED = env.str("ALPACA_FEED", default="iex")
# What logins at brokers are encrypted with; the first is for new ones, the others are still read.
CREDENTIALS_KEYS = env.list("CREDENTIALS_KEYS", default=[])
MARKET_PROVIDERS = {
    "yfinance": "market.providers.yfinance.YfinanceProvider",
    "replay": "market.providers.replay.ReplayProvider",
    "static": "market.providers.static.StaticProvider",
    **env.dict("MARKET_PROVIDERS", default={}),
}
MARKET_PROVIDER = env.str("MARKET_PROVIDER", default="static")
# What tells rooms below the market's what time it is there.
MARKET_NOW = "market.providers.registry.now_on"

# A feed's prices: how long one is handed out again, and how old it may be while the session is open.
QUOTE_TTL_S = env.float("QUOTE_TTL_S", default=15)
QUOTE_MAX_AGE_S = env.float("QUOTE_MAX_AGE_S", default=300)
# What a feed may take: seconds to connect, seconds in all, bytes of an answer.
FEED_CONNECT_TIMEOUT_S = env.float("FEED_CONNECT_TIMEOUT_S", default=3)
FEED_TIMEOUT_S = env.float("FEED_TIMEOUT_S", default=10)
FEED_MAX_BYTES = env.int("FEED_MAX_BYTES", default=1_000_000)
YAHOO_HOSTS = env.list(
    "YAHOO_HOSTS", default=["query1.finance.yahoo.com", "query2.finance.yahoo.com", "fc.yahoo.com"]
)
YAHOO_BASE_URL = env.str("YAHOO_BASE_URL", default="")
YAHOO_CACHE_DIR = VAR_DIR / "yfinance"

# Where workers keep the compiled rules, if numba is installed; see docs/simulation.md.
COMPILED_DIR = VAR_DIR / "compiled"

# Providers whose prices are history: what happens on them is shown, and sent to nobody.
REPLAYED_PROVIDERS = ["replay", *env.list("REPLAYED_PROVIDERS", default=[])]

# How many seconds a trading day of a new demo takes; 0 is as fast as it can.
DEMO_PACE_S = Decimal(env.str("DEMO_PACE_S", default="1"))

# Alerts by e-mail and webhook.
EMAIL_CONFIGURED = bool(env.str("EMAIL_URL", default=""))
if EMAIL_CONFIGURED:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
ALERT_EMAIL_FROM = env.str("ALERT_EMAIL_FROM", default="volbal@localhost")
ALERT_SIGNING_KEY = env.str("ALERT_SIGNING_KEY", default="") or SECRET_KEY
ALERT_WEBHOOK_ALLOW_HTTP = env.bool("ALERT_WEBHOOK_ALLOW_HTTP", default=False)
ALERT_WEBHOOK_ALLOW_PRIVATE = env.bool("ALERT_WEBHOOK_ALLOW_PRIVATE", default=False)

# The schedule: how often all positions are evaluated, in seconds, and which evaluations are recorded, those
# that are news (changes) or all.
EVALUATE_EVERY_S = env.float("EVALUATE_EVERY_S", default=60)
RECORD_EVALUATIONS = env.str("RECORD_EVALUATIONS", default="changes")

# Breakers: how many, within how many minutes. 0 turns one off.
BREAKER_SAME_ORDERS = env.int("BREAKER_SAME_ORDERS", default=3)
BREAKER_SAME_ORDERS_MINUTES = env.int("BREAKER_SAME_ORDERS_MINUTES", default=10)
BREAKER_BROKER_ERRORS = env.int("BREAKER_BROKER_ERRORS", default=5)
BREAKER_BROKER_ERRORS_MINUTES = env.int("BREAKER_BROKER_ERRORS_MINUTES", default=5)
BREAKER_EVALUATION_ERRORS = env.int("BREAKER_EVALUATION_ERRORS", default=3)
BREAKER_EVALUATION_ERRORS_MINUTES = env.int("BREAKER_EVALUATION_ERRORS_MINUTES", default=10)
# What a day's trading may cost against having held, in percent of the position's value. 0 turns it off.
BREAKER_DAY_LOSS_PCT = Decimal(env.str("BREAKER_DAY_LOSS_PCT", default="0"))
