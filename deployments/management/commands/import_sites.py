import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import BooleanField
from django.utils import timezone

from deployments.management.shell import shell_user
from deployments.models import Site
from deployments.models.site import mapping_fields
from deployments.operations.sites.save import save_mapping
from deployments.queue import enqueue

REQUIRED = ("host", "owner", "repository", "deployment")
# the original script's table calls the repository "repo".
ALIASES = {"repo": "repository"}


class Command(BaseCommand):
    help = (
        "Add or change sites from a CSV file. Its heading line names the columns: "
        f"{', '.join(REQUIRED)}, and optionally {', '.join(sorted(mapping_fields().keys() - set(REQUIRED)))}. "
        "An empty cell means the default; a column that is left out changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = sys.stdin.read() if options["file"] == "-" else _read(Path(options["file"]))
        rows = csv.DictReader(lines.splitlines())
        _check_columns(rows.fieldnames or ())
        created = changed = 0
        problems: list[str] = []
        hosts: list[str] = []
        with transaction.atomic():
            for row in rows:
                try:
                    is_new = _save({ALIASES.get(name, name): value for name, value in row.items()}, hosts)
                except (ValidationError, CommandError) as error:
                    problems.append(f"line {rows.line_num}: {_message(error)}")
                    continue
                created, changed = created + is_new, changed + (not is_new)
            if problems:
                # Half a table would hide the mistake: all of it, or nothing.
                transaction.set_rollback(True)
            elif hosts:
                enqueue.sync(hosts=hosts, trigger="mapping")
        if problems:
            raise CommandError("Nothing was imported.\n" + "\n".join(problems))
        self.stdout.write(f"{created} sites added, {changed} updated.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _check_columns(names: Iterable[str]) -> None:
    columns = {ALIASES.get(name, name) for name in names}
    if unknown := sorted(columns - mapping_fields().keys()):
        known = ", ".join(mapping_fields())
        raise CommandError(
            f"Nothing was imported. Unknown columns: {', '.join(unknown)}. There are: {known}."
        )


def _save(row: dict[str, str], hosts: list[str]) -> bool:
    """Save one mapping, and add its host where it is new or has changed; return whether it is new."""
    if None in row:
        raise CommandError("It has more cells than the heading line.")
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise CommandError(f"{', '.join(missing)} must not be empty.")
    values = {name: _value(name, (text or "").strip()) for name, text in row.items()}
    values["host"] = values["host"].lower()
    site = Site.objects.filter(host=values["host"]).first() or Site()
    is_new = site.pk is None
    before = {} if is_new else {name: getattr(site, name) for name in values}
    for name, value in values.items():
        setattr(site, name, value)
    site.full_clean()
    changed = {name: was for name, was in before.items() if was != getattr(site, name)}
    if is_new or changed:
        user, name = shell_user()
        save_mapping(site=site, before=changed, by=user, by_name=name, now=timezone.now())
        hosts.append(site.host)
    return is_new


def _value(name: str, text: str) -> Any:
    """What the model's own validation reads: it makes numbers of digits, but of a spreadsheet's TRUE and of `true` nothing."""
    field = mapping_fields()[name]
    if not text:
        return field.get_default()
    return text.capitalize() if isinstance(field, BooleanField) else text


def _message(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(f"{name}: {' '.join(message)}" for name, message in error.message_dict.items())
    return str(error)
