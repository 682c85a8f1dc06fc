"""Every setting, read from the environment; every name stands in .env.example."""

import os
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))  # the environment wins

# Where everything that is not code lives: database, files, secret key, compiled kernels.
# By its real name, which is the only one that a box knows.
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY and (key_file := DATA_DIR / "secret_key").is_file():
    SECRET_KEY = key_file.read_text().strip()
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        f"Set SECRET_KEY to at least 50 random characters, or keep it in {DATA_DIR}/secret_key."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# Addresses
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_HOST, *LOCAL_HOSTS])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])
# How many proxies of ours stand in front and write X-Forwarded-For and -Proto.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Development: mails stay here and can be read at /development/mail/, by anyone who reaches the
# site from this machine. So never on a site that others reach.
DEVELOPMENT_MAIL = env.bool("DEVELOPMENT_MAIL", default=False)
if DEVELOPMENT_MAIL and SITE_HOST not in ("localhost", "127.0.0.1", "::1"):
    raise ImproperlyConfigured("DEVELOPMENT_MAIL is for a SITE_URL on localhost only.")

# Parts
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site is ours
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "billing",
    "references",
    "mastering",
]

MIDDLEWARE = [
    "config.middleware.WatchMiddleware",
    "config.middleware.RetryAfterMiddleware",
    "config.middleware.BrokenUploadsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.PrivatePagesMiddleware",
    "config.middleware.SessionAgeMiddleware",
    "config.middleware.EvenPaceMiddleware",
    "config.middleware.LostFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.middleware.PermissionsPolicyMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

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
            ],
        },
    },
]

# Database
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR}/lacquer.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",  # a reader that turns writer would fail at once
        "timeout": 20,  # s; each connection caches 512 kB, the system the rest for all
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA cache_size=-512;"
        "PRAGMA foreign_keys=ON;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # A machine that is gone closes no connection: both ends ask, and give a line up after 25 s.
    _given = DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 25_000,  # ms; of what was sent and not received
        "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
        " -c tcp_keepalives_count=3 -c tcp_user_timeout=25000"
        " -c idle_in_transaction_session_timeout=60000",
        **_given,
    }
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_KEEP_SECONDS", default=0)  # the site: 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Files
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# With a bucket, an S3 service keeps the files instead, and hands them out by signed addresses.
S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
S3_REGION = env.str("S3_REGION", default="us-east-1")
S3_ACCESS_KEY = env.str("S3_ACCESS_KEY", default="")
S3_SECRET_KEY = env.str("S3_SECRET_KEY", default="")
S3_ADDRESSING_STYLE = env.str("S3_ADDRESSING_STYLE", default="virtual")
if S3_ADDRESSING_STYLE not in ("virtual", "path"):
    raise ImproperlyConfigured("S3_ADDRESSING_STYLE must be virtual or path.")
FILE_ORIGINS = []  # other than the site's own
if S3_BUCKET:
    from config import s3  # only here: it is large, and most sites do without

    bucket = {
        "bucket": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL,
        "region": S3_REGION,
        "addressing_style": S3_ADDRESSING_STYLE,
    }
    FILE_ORIGINS = s3.origins(**bucket)
    STORAGES["default"] = s3.storage(**bucket, access_key=S3_ACCESS_KEY, secret_key=S3_SECRET_KEY)
STATIC_URL = "static/"
# Style sheets and scripts as they are served; in an image they are beside the code.
STATIC_ROOT = Path(env.str("STATIC_DIR", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]

# Cache: counts of the rate limits, so it must be one for all processes.
REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "config.cache.FileCache",
        "LOCATION": DATA_DIR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    "none": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}

# Uploads: bytes go to disk as they arrive, never whole into memory.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_BYTES", default=500_000_000)
MAX_AUDIO_SECONDS = env.int("MAX_AUDIO_SECONDS", default=15 * 60)
MIN_AUDIO_SECONDS = env.int("MIN_AUDIO_SECONDS", default=3)

# Limits: of one person, apart for uploads and masters; and of all, for each of the two.
PLAN_LIMITS = env.bool("PLAN_LIMITS", default=True)  # a person's plan may allow fewer masters
MAX_RUNNING_PER_PERSON = env.int("MAX_RUNNING_PER_PERSON", default=3)
MAX_OPEN_UPLOADS_PER_PERSON = env.int("MAX_OPEN_UPLOADS_PER_PERSON", default=6)
MAX_OPEN_MASTERS_PER_PERSON = env.int("MAX_OPEN_MASTERS_PER_PERSON", default=60)
MAX_OPEN_EXPORTS_PER_PERSON = env.int("MAX_OPEN_EXPORTS_PER_PERSON", default=10)
MAX_BACKLOG = env.int("MAX_BACKLOG", default=500)

# Files made on demand are kept so long after they were last asked for.
EXPORT_DAYS = env.int("EXPORT_DAYS", default=7)

# Queue: the rows are the truth, this only rings.
WORKER_GROUPS = env.int("WORKER_GROUPS", default=2)  # jobs at a time on this machine
JOB_TIMEOUT_SECONDS = env.int("JOB_TIMEOUT_SECONDS", default=1260)
ALLOW_WEAK_SANDBOX = env.bool("ALLOW_WEAK_SANDBOX", default=False)
Q_CLUSTER = {
    "name": "lacquer",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "cache": "none",  # a status twice a second, which nobody reads
    "scheduler": False,  # the supervisor sweeps by itself: a stuck queue runs no schedule
    "workers": 1,
    "queue_limit": 1,
    "bulk": 1,
    "timeout": JOB_TIMEOUT_SECONDS,
    "retry": JOB_TIMEOUT_SECONDS + 60,  # a bell is taken when its work can begin
    "max_attempts": 1,
    "ack_failures": True,  # the job's row decides retries
    "recycle": 500,  # renews the whole group
    "save_limit": -1,
    "poll": 0.1,  # someone waits to hear what they changed
    "catch_up": False,
}

# Money: without a key nothing is sold, and everyone is on the free plan.
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
# The ids of prices at Stripe, by the code of a plan or pack.
STRIPE_PRICES = env.dict("STRIPE_PRICES", default={})
if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRET:
    raise ImproperlyConfigured("STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET beside it.")
PAYMENT_ORIGINS = (
    ["https://checkout.stripe.com", "https://billing.stripe.com"] if STRIPE_SECRET_KEY else []
)
LEDGER_TITLES = "mastering.services.titles_of"  # by name: money knows nothing of what it pays

# Webhooks: what we may call for people beside public servers, as networks (10.0.0.0/8).
WEBHOOK_TRUSTED_NETWORKS = env.list("WEBHOOK_TRUSTED_NETWORKS", default=[])
for network in WEBHOOK_TRUSTED_NETWORKS:
    try:
        ip_network(network)
    except ValueError as error:
        raise ImproperlyConfigured(f"WEBHOOK_TRUSTED_NETWORKS: {error}") from error

# Accounts
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.InTurnArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.forms.GuessablePasswordValidator"},
]
ACCOUNT_RATE_LIMITS = {"verify": "60/h/ip"}  # beside allauth's own: files hashed for strangers
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignUpForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True  # one address each; a new one replaces the old once confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_LOGOUT_REDIRECT_URL = "mastering:home"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.LogInCodeForm",
    "reauthenticate": "accounts.forms.ReauthenticationCodeForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Lacquer"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "mastering:new"

# The API: what each caller may ask in a minute, apart for reading and for changing.
API_READS_PER_MINUTE = env.int("API_READS_PER_MINUTE", default=600)
API_WRITES_PER_MINUTE = env.int("API_WRITES_PER_MINUTE", default=120)
REST_FRAMEWORK = {"EXCEPTION_HANDLER": "config.api.problems.handler"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lacquer API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Reference-based mastering: everything that the site does.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVERS": [{"url": SITE_URL}],
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [],  # choices stand where they are made, not under invented names
}

# Mail
_MAIL = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(_MAIL)
EMAIL_BACKEND = _MAIL["EMAIL_BACKEND"]
if DEVELOPMENT_MAIL:
    EMAIL_BACKEND = "config.development.MailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
# Whether what plans keep no longer is deleted: only where mails go out that tell of it before.
RETENTION = env.bool(
    "RETENTION", default=PLAN_LIMITS and EMAIL_BACKEND.endswith(".smtp.EmailBackend")
)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Lacquer <lacquer@localhost>")
EMAIL_TIMEOUT = 20  # of each word of the mail server's

# Language and time
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_CODE = "en"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# Browser rules
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 30 * 24 * 3600  # the longest a log-in lasts
SESSION_IDLE_SECONDS = 14 * 24 * 3600  # and the longest between two visits
STAFF_IDLE_SECONDS = 30 * 60  # the same, on the operator's pages
# How long the answers take that would else tell by their time whether an address has an account.
EVEN_PACE_SECONDS = 0.6
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # htmx takes the token from the page
if HTTPS:  # the prefix binds a cookie to this host; browsers accept it from HTTPS only
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
DEVICE_COOKIE_NAME = "__Host-known_device" if HTTPS else "known_device"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

# The operator's pages
UNFOLD = {
    "SITE_TITLE": "Lacquer",
    "SITE_HEADER": "Lacquer",
    "SITE_SUBHEADER": "Operations",
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"navigation": "config.navigation.navigation"},
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *FILE_ORIGINS],
        "media-src": [SELF, "blob:", *FILE_ORIGINS],
        "worker-src": [SELF, "blob:"],
        "form-action": [SELF, *PAYMENT_ORIGINS],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Watching
LOG_FORMAT = env.str("LOG_FORMAT", default="plain")
if LOG_FORMAT not in ("plain", "json"):
    raise ImproperlyConfigured("LOG_FORMAT must be plain or json.")
LOGGING = logs.to_console(LOG_FORMAT, level=env.str("LOG_LEVEL", default="INFO"))
# Who may read /metrics: who brings the token, or comes from one of the networks.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=[])
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured("METRICS_TOKEN must have at least 20 characters.")
METRICS_DIR = DATA_DIR / "metrics"  # of this machine's web processes
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(METRICS_DIR))
SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    from config import sentry  # only here: it is large, and most sites do without

    sentry.begin(SENTRY_DSN, environment=SITE_HOST)

# Sound: one thread a process, since there are as many processes as cores; compiled kernels kept.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("NUMBA_CACHE_DIR", str(DATA_DIR / "kernels"))
