"""Which migrations the database lacks, found by their names: Django's own loader imports every one, and a process never forgets them."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# As Django's loader has it: what begins like this is no migration.
_IS_NONE = ("_", "~")


def missing_migrations() -> list[tuple[str, str]]:
    """Return each by its app's label and its name. Two SQL statements; raises DatabaseError."""
    applied = MigrationRecorder(connection).applied_migrations()
    return [each for each in _migrations() if each not in applied]


def _migrations() -> Iterator[tuple[str, str]]:
    for app in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(app.label)
        try:
            package = import_module(name or "")
        except (ModuleNotFoundError, ValueError):
            # An app without tables.
            continue
        for module in iter_modules(package.__path__):
            if not module.ispkg and not module.name.startswith(_IS_NONE):
                yield app.label, module.name
