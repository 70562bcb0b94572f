"""The demo's settings: those of production, and the address that its QR code opens."""

from pathlib import Path

from dashboard.settings import *  # noqa: F403  Django's own way of adding to settings
from dashboard.settings import TEMPLATES

ROOT_URLCONF = "demo.urls"
TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], Path(__file__).with_name("templates")]  # type: ignore[misc]
