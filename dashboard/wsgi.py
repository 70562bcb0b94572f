"""What gunicorn serves."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup(set_prefix=False)

from dashboard.well_formed import Handler  # noqa: E402  after the settings

application = Handler()
