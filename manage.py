#!/usr/bin/env python
"""Django's command line, with the embedded PostgreSQL started first where no DATABASE_URL is given."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    from dashboard import embedded_postgres
    from dashboard.postgres_programs import UnableToStartPostgres

    is_given = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")
    try:
        if not is_given and embedded_postgres.is_installed():
            embedded_postgres.EmbeddedPostgres().start()
        execute_from_command_line(sys.argv)
    except UnableToStartPostgres as error:
        sys.exit(str(error))
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv or not (message := _what_helps(error)):
            raise
        sys.exit(message)


def _what_helps(error: Exception) -> str:
    """A sentence where the database is not reached, or has no tables yet; empty for any other error."""
    from django.db import OperationalError
    from psycopg.errors import UndefinedTable

    if isinstance(error.__cause__, UndefinedTable):
        return "The database lacks Headway's tables: run `python manage.py upgrade` first."
    if isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) is None:
        return f"PostgreSQL does not answer: {error}\nCheck DATABASE_URL, and that PostgreSQL runs."
    return ""


if __name__ == "__main__":
    main()
