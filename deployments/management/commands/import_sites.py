import csv
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from deployments.management.shell import shell_user
from deployments.models import Site
from deployments.operations.sites.save import save_mapping

REQUIRED = ("host", "owner", "repository", "deployment")
OPTIONAL = ("branch", "namespace", "container", "image_template")
CHECKED = "check_enabled"
YES_OR_NO = dict.fromkeys(("true", "yes", "on", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "0"), False
)
# the original script's table calls the repository "repo".
ALIASES = {"repo": "repository"}


class Command(BaseCommand):
    help = "Add or change sites from a CSV file with a heading line: host, owner, repository, deployment, and optionally branch, namespace, container, image_template, check_enabled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = sys.stdin.read() if options["file"] == "-" else _read(Path(options["file"]))
        rows = csv.DictReader(lines.splitlines())
        created = changed = 0
        problems = []
        with transaction.atomic():
            for row in rows:
                try:
                    is_new = _save({ALIASES.get(name, name): value for name, value in row.items()})
                except (ValidationError, CommandError) as error:
                    problems.append(f"line {rows.line_num}: {_message(error)}")
                    continue
                created, changed = created + is_new, changed + (not is_new)
            if problems:
                # Half a table would hide the mistake: all of it, or nothing.
                transaction.set_rollback(True)
        if problems:
            raise CommandError("Nothing was imported.\n" + "\n".join(problems))
        self.stdout.write(f"{created} sites added, {changed} updated.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _save(row: dict[str, str]) -> bool:
    if None in row:
        raise CommandError("It has more cells than the heading line.")
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise CommandError(f"{', '.join(missing)} must not be empty.")
    values: dict[str, Any] = {
        name: (row.get(name) or "").strip() for name in (*REQUIRED, *OPTIONAL) if name in row
    }
    values["host"] = values["host"].lower()
    if written := (row.get(CHECKED) or "").strip():
        values[CHECKED] = _yes_or_no(written)
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
    return is_new


def _yes_or_no(written: str) -> bool:
    if written.lower() not in YES_OR_NO:
        raise CommandError(f"{CHECKED} is “{written}”: write yes or no.")
    return YES_OR_NO[written.lower()]


def _message(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(f"{name}: {' '.join(message)}" for name, message in error.message_dict.items())
    return str(error)
