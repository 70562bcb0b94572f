#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL started first where no DATABASE_URL is given."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line

    from dashboard import embedded_postgres

    if not os.environ.get("DATABASE_URL") and embedded_postgres.is_installed():
        embedded_postgres.EmbeddedPostgres().start()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
