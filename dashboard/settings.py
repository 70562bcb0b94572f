"""The only reader of the environment. docs/operate.md says what each variable means; NAME_FILE may replace NAME (a mounted secret).

A value that cannot be read does not end the process here: its sentence is kept in ENVIRONMENT_PROBLEMS, and the system
checks of deployments/system_checks.py name all of them at once, each with a hint.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from environs import EnvValidationError
from marshmallow.validate import OneOf, Range

from dashboard import embedded_postgres, logs
from dashboard.accounts.settings import *  # noqa: F403  each of its names is a setting
from dashboard.accounts.settings import APPS, github_provider, oidc_provider, social_apps
from dashboard.body_limits import LARGEST_BODY
from dashboard.content_security import policy
from dashboard.environment import (
    Environment,
    actions_issuer,
    console_link,
    database_login,
    folders,
    hook_secrets,
    namespaces,
    networks,
    origin_of,
    owners_tokens,
    postgresql,
    registries,
    secrets_in,
    sentry_address,
    subscription,
    web_address,
    web_side,
)
from dashboard.queue_settings import QUEUE, WORKERS
from deployments.rules.image_prefixes import prefixes_of

BASE_DIR = Path(__file__).resolve().parent.parent


env = Environment(eager=False, strip_whitespace=True)
env.add_parser("owners_tokens", owners_tokens)
env.add_parser("postgresql", postgresql)
env.add_parser("database_login", database_login)

# --- Where we are ----------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
ON_LAPTOP = not env.str("DATABASE_URL", "")
DATABASE_IS_MISSING = ON_LAPTOP and not embedded_postgres.is_installed()
PUBLIC_URL = env.str("PUBLIC_URL", "http://localhost:8000", validate=web_address) or "http://localhost:8000"
PUBLIC_URL = PUBLIC_URL.rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", [urlsplit(PUBLIC_URL).hostname, "localhost", "127.0.0.1", "[::1]"])
SECRET_KEY = env.str("SECRET_KEY", "")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
SECRET_KEY_IS_MISSING = not SECRET_KEY and not ON_LAPTOP
if not SECRET_KEY:
    SECRET_KEY = embedded_postgres.remembered_secret() if ON_LAPTOP else secrets.token_urlsafe(50)

# --- What Headway watches. Another GitHub, cluster or registry, the demo's too, is named by these same settings --------
GITHUB_TOKEN = env.str("GITHUB_TOKEN", "")
GITHUB_TOKENS: dict[str, str] = env.owners_tokens("GITHUB_TOKENS", "")
GITHUB_APP_ID = env.str("GITHUB_APP_ID", "")
GITHUB_APP_PRIVATE_KEY = env.str("GITHUB_APP_PRIVATE_KEY", "")
GITHUB_API_URL = env.str("GITHUB_API_URL", "https://api.github.com", validate=web_address)
GITHUB_URL = env.str("GITHUB_URL", web_side(GITHUB_API_URL or ""), validate=web_address)
CONSOLE_LINK = env.str("CONSOLE_LINK", "", validate=console_link)
KUBECONFIG = env.path("KUBECONFIG", None)
DOCKER_CONFIG = env.path("DOCKER_CONFIG", None)
INSECURE_REGISTRIES: list[str] = env.list("INSECURE_REGISTRIES", [], validate=registries)
IMAGE_TEMPLATE = env.str("IMAGE_TEMPLATE", "")
IMAGE_PREFIXES: list[str] = env.list("IMAGE_PREFIXES", prefixes_of(IMAGE_TEMPLATE or ""), validate=folders)
NAMESPACES: list[str] = env.list("NAMESPACES", [], validate=namespaces)
STABILITY_SECONDS = env.int("STABILITY_SECONDS", 30, validate=Range(0, 600))
ROLLOUT_TIMEOUT_SECONDS = env.int("ROLLOUT_TIMEOUT_SECONDS", 900, validate=Range(30, 86_400))
CHECK_HOSTS = env.bool("CHECK_HOSTS", True)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0, validate=Range(0, 10))
SYNC_RUNS_KEPT_DAYS = env.int("SYNC_RUNS_KEPT_DAYS", 30, validate=Range(1, 3650))
PING_URL = env.str("PING_URL", "", validate=lambda url: url and web_address(url))
CI_BEGINS_WITHIN_MINUTES = env.int("CI_BEGINS_WITHIN_MINUTES", 15, validate=Range(0, 24 * 60))
WAIT_FOR_IMAGE_MINUTES = env.int("WAIT_FOR_IMAGE_MINUTES", 60, validate=Range(1, 24 * 60))
VAPID_PUBLIC_KEY = env.str("VAPID_PUBLIC_KEY", "")
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", "")
VAPID_SUBJECT = env.str("VAPID_SUBJECT", "") or (
    PUBLIC_URL if PUBLIC_URL.startswith("https://") else "mailto:headway@localhost"
)
# --- Doors for hooks, and the check of heads between the syncs -----------------------------------------------------------
HEAD_CHECK_SECONDS = env.int("HEAD_CHECK_SECONDS", 120, validate=Range(0, 86_400))
GITHUB_HOOK_SECRETS: list[str] = env.list("GITHUB_HOOK_SECRETS", [], validate=hook_secrets)
ACTIONS_HOOK = env.bool("ACTIONS_HOOK", False)
ACTIONS_ISSUER = env.str("ACTIONS_ISSUER", actions_issuer(GITHUB_URL or ""), validate=web_address)
PUBSUB_PUSH_ACCOUNT = env.str("PUBSUB_PUSH_ACCOUNT", "")
PUBSUB_PUSH_AUDIENCE = env.str("PUBSUB_PUSH_AUDIENCE", f"{PUBLIC_URL}/hooks/google")
PUBSUB_SUBSCRIPTION = env.str("PUBSUB_SUBSCRIPTION", "", validate=subscription)
PUBSUB_URL = "https://pubsub.googleapis.com"
GOOGLE_ISSUER = "https://accounts.google.com"
TOKEN_ISSUERS = [
    *([ACTIONS_ISSUER.rstrip("/")] if ACTIONS_HOOK and ACTIONS_ISSUER else []),
    *([GOOGLE_ISSUER] if PUBSUB_PUSH_ACCOUNT else []),
]

HEARTBEAT_FILE = env.path("HEARTBEAT_FILE", BASE_DIR / ".headway" / "heartbeat")

# --- Django ----------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "dashboard.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    *APPS,
    "csp",
    "django_htmx",
    "dashboard.apps.DashboardConfig",
    "django_q",
    "deployments",
]
MIDDLEWARE = [
    "dashboard.request_log.RequestLogMiddleware",
    "dashboard.health.HealthMiddleware",
    "dashboard.live.lean_middleware",
    "dashboard.metrics.MetricsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "dashboard.well_formed.well_formed_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dashboard.accounts.anonymous_sessions.frugal_sessions_middleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dashboard.addresses.AddressMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.accounts.sessions.listed_sessions_middleware",
    "dashboard.accounts.proxy_login.ProxyLoginMiddleware",
    "dashboard.accounts.reauthentication.ReauthenticationMiddleware",
    "dashboard.wrong_method.wrong_method_middleware",
]
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
    }
]
DATABASES = {"default": env.postgresql("DATABASE_URL", embedded_postgres.EmbeddedPostgres().url) or {}}
# What `manage.py upgrade` makes, or finds, for web and the worker. Each of them has its own as DATABASE_URL.
WEB_DATABASE_LOGIN: tuple[str, str] | None = env.database_login("WEB_DATABASE_URL", "")
WORKER_DATABASE_LOGIN: tuple[str, str] | None = env.database_login("WORKER_DATABASE_URL", "")
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "dashboard.formats"
USE_TZ = True
USE_I18N = False

# --- People (dashboard/accounts/settings.py says the rest) -------------------------------------------------------------
TRUSTED_USER_HEADER = env.str("TRUSTED_USER_HEADER", "")
TRUSTED_SECRET_HEADER = env.str("TRUSTED_SECRET_HEADER", "X-Headway-Proxy-Secret")
TRUSTED_SECRET = env.str("TRUSTED_SECRET", "")
TRUSTED_NETWORKS: list[str] = env.list("TRUSTED_NETWORKS", [])
GITHUB_LOGIN_CLIENT_ID = env.str("GITHUB_LOGIN_CLIENT_ID", "")
GITHUB_LOGIN_CLIENT_SECRET = env.str("GITHUB_LOGIN_CLIENT_SECRET", "")
GITHUB_LOGIN_ALLOWED: list[str] = env.list("GITHUB_LOGIN_ALLOWED", [])
GITHUB_LOGIN_URL = env.str("GITHUB_LOGIN_URL", "https://github.com", validate=web_address)
SOCIALACCOUNT_PROVIDERS = github_provider(
    client_id=GITHUB_LOGIN_CLIENT_ID or "",
    secret=GITHUB_LOGIN_CLIENT_SECRET or "",
    url=GITHUB_LOGIN_URL or "",
    allowed=GITHUB_LOGIN_ALLOWED or [],
)
OIDC_URL = env.str("OIDC_URL", "", validate=lambda url: url and web_address(url)) or ""
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")
OIDC_NAME = env.str("OIDC_NAME", "single sign-on")
OIDC_SCOPES: list[str] = env.list("OIDC_SCOPES", ["openid", "profile", "email"])
OIDC_ROLES_CLAIM = env.str("OIDC_ROLES_CLAIM", "groups")
OIDC_ADMINS: list[str] = env.list("OIDC_ADMINS", [])
OIDC_DEPLOYERS: list[str] = env.list("OIDC_DEPLOYERS", [])
OIDC_VIEWERS: list[str] = env.list("OIDC_VIEWERS", [])
SOCIALACCOUNT_PROVIDERS |= oidc_provider(
    client_id=OIDC_CLIENT_ID or "",
    secret=OIDC_CLIENT_SECRET or "",
    url=OIDC_URL,
    name=OIDC_NAME or "",
    scopes=OIDC_SCOPES or [],
)
if GITHUB_LOGIN_CLIENT_ID:
    # Once it is known who asks, and before anything else.
    MIDDLEWARE.insert(
        MIDDLEWARE.index("dashboard.accounts.proxy_login.ProxyLoginMiddleware") + 1,
        "dashboard.accounts.github_list.StillListedMiddleware",
    )
INSTALLED_APPS += social_apps(github=bool(GITHUB_LOGIN_CLIENT_ID), oidc=bool(OIDC_CLIENT_ID))

# --- What is sent to a browser ---------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "dashboard.components.Bundles",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# dashboard/well_formed.py refuses larger bodies before; nothing is ever uploaded, so no byte of one lies on disk.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = LARGEST_BODY
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = policy(
    forms_lead_to=[
        *([GITHUB_LOGIN_URL] if GITHUB_LOGIN_CLIENT_ID else []),
        *([origin_of(OIDC_URL)] if OIDC_CLIENT_ID else []),
    ]
)
if PUBLIC_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Subdomains are the owner's own sites, and preloading is theirs to ask for: so neither is switched on here.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# --- The queue (docs/decisions/0002-queue.md: each value is there for a measured reason) -----------------------------
# The child that pulls from Pub/Sub always waits there: the others are as many as without.
Q_CLUSTER = QUEUE | ({"workers": WORKERS + 1} if PUBSUB_SUBSCRIPTION else {})

# --- How Headway is seen from outside: logs, metrics, errors ------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO", validate=OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])) or "INFO"
LOG_FORMAT = env.str("LOG_FORMAT", "pretty" if ON_LAPTOP else "json", validate=OneOf(["json", "pretty"]))
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
METRICS_NETWORKS: list[str] = env.list("METRICS_NETWORKS", [], validate=networks)
SENTRY_DSN = env.str("SENTRY_DSN", "", validate=sentry_address)
OTEL_EXPORTER_OTLP_ENDPOINT = env.str(
    "OTEL_EXPORTER_OTLP_ENDPOINT", "", validate=lambda url: url and web_address(url)
)
OTEL_EXPORTER_OTLP_HEADERS = env.str("OTEL_EXPORTER_OTLP_HEADERS", "")
OTEL_SERVICE_NAME = env.str("OTEL_SERVICE_NAME", "headway")
HIDDEN_SECRETS = [
    *(
        SECRET_KEY,
        *(SECRET_KEY_FALLBACKS or []),
        GITHUB_TOKEN,
        *(GITHUB_TOKENS or {}).values(),
        GITHUB_APP_PRIVATE_KEY,
        VAPID_PRIVATE_KEY,
        *(GITHUB_HOOK_SECRETS or []),
    ),
    *(METRICS_TOKEN, SENTRY_DSN, *secrets_in(OTEL_EXPORTER_OTLP_HEADERS or ""), PING_URL),
    *(GITHUB_LOGIN_CLIENT_SECRET, OIDC_CLIENT_SECRET, TRUSTED_SECRET, DATABASES["default"].get("PASSWORD")),
    *(login[1] for login in (WEB_DATABASE_LOGIN, WORKER_DATABASE_LOGIN) if login),
]
LOGGING = logs.configuration(level=LOG_LEVEL, is_pretty=LOG_FORMAT == "pretty", secrets=HIDDEN_SECRETS)

ENVIRONMENT_PROBLEMS: dict[str, list[str]] = {}
try:
    env.seal()
except EnvValidationError as error:
    if isinstance(error.error_messages, dict):
        ENVIRONMENT_PROBLEMS = error.error_messages
