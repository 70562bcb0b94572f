"""What a log line looks like: JSON in a cluster, a readable line on a laptop. One line per event, and no secrets.

Code logs through the standard library, with what belongs to the event in `extra`. Which request, site or Deploy it happened in
is bound to the context where that begins (dashboard/request_log.py, deployments/queue/log.py), and added here.
"""

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

import structlog
from django.core.exceptions import SuspiciousOperation
from structlog.typing import EventDict, Processor, WrappedLogger

EXTRA = (
    "site",
    "site_id",
    "deploy",
    "status",
    "detail",
    "trigger",
    "by",
    "method",
    "path",
    "seconds",
    "user",
)
"""What may be logged besides the event. Libraries put whole requests into `extra`, and those contain cookies."""
SHORTEST_SECRET = 6
_TOKEN_IN_URL = re.compile(r"(/hooks/image/|/invited/)[^\s\"'/?]+")


def without_token(text: str) -> str:
    """A path, or a text with URLs in it, as it may be written down: those of the images' door and of invitations contain a secret."""
    return _TOKEN_IN_URL.sub(r"\1…", text)


class Hide:
    """Replace secrets in a finished line, wherever they came from: an exception's text is written by others, and so are the addresses that Django logs."""

    def __init__(self, secrets: Iterable[str | None]) -> None:
        known = {each for each in secrets if each and len(each) >= SHORTEST_SECRET}
        self._hidden = known | {json.dumps(each)[1:-1] for each in known}

    def __call__(self, _logger: WrappedLogger, _name: str, line: str) -> str:
        return self.out_of(line)

    def out_of(self, line: str) -> str:
        for each in self._hidden:
            line = line.replace(each, "[hidden]")
        return without_token(line)


class AsWarning(logging.Filter):
    """One line at WARNING, where Django logs an error with its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = None
        return True


def configuration(*, level: str, is_pretty: bool, secrets: Iterable[str | None]) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error, one line per event, `secrets` replaced."""
    formatter: dict[str, Any] = {
        "()": "structlog.stdlib.ProcessorFormatter",
        "foreign_pre_chain": _gathered(),
        "processors": [*(_pretty() if is_pretty else _json()), Hide(secrets)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "filters": {"warn": {"()": AsWarning}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would say it a second time.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A refused request already has a line of ours; one that raised gets its traceback from here.
            "django.request": {"level": "ERROR"},
            # A wrong Host, a form that is too large: the sender's fault, and Django's answer is 400.
            **{
                f"django.security.{each.__name__}": {"filters": ["warn"]}
                for each in SuspiciousOperation.__subclasses__()
            },
            # Says every task thrice; deployments/queue/log.py says it once.
            "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }


def _gathered() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=EXTRA),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _json() -> list[Any]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def _pretty() -> list[Any]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _plain_traceback,
        _without_controls,
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
    ]


def _plain_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    return structlog.processors.format_exc_info(logger, name, event)


def _without_controls(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Escape what would start a new line, or move the reader's terminal; only a traceback keeps its lines."""
    return {
        name: _spelt_out(value, keep="\n\t" if name == "exception" else "")
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }


def _spelt_out(text: str, *, keep: str) -> str:
    return "".join(
        each if each.isprintable() or each in keep else each.encode("unicode_escape").decode()
        for each in text
    )
