import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import BooleanField
from django.utils import timezone

from deployments.management.mapping_table import UnableToReadTable, rows_of
from deployments.management.shell import shell_user
from deployments.models import Site
from deployments.models.site import mapping_fields
from deployments.operations.sites.save import check_workloads, save_mapping
from deployments.queue import enqueue
from deployments.rules.targets import UnableToParseReferences, WorkloadReference, parse_references
from deployments.rules.wording import counted

REQUIRED = ("owner", "repository")
# the original script's table calls the repository "repo".
ALIASES = {"repo": "repository"}
WORKLOADS = "workloads"
ONE_DEPLOYMENT = ("namespace", "deployment", "container")
"""Columns that name a site's one Deployment, instead of `workloads`."""
COLUMNS = (*mapping_fields(), WORKLOADS, *ONE_DEPLOYMENT)


class Command(BaseCommand):
    help = (
        "Add or change sites from a CSV file. Its heading line names the columns: "
        f"name or host, {', '.join(REQUIRED)}, {WORKLOADS} (like “Deployment shop/web; CronJob shop/tick”) or {', '.join(ONE_DEPLOYMENT)}, "
        f"and optionally {', '.join(sorted(mapping_fields().keys() - {'name', 'host', *REQUIRED}))}. "
        "An empty cell means the default; a column that is left out changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        data = sys.stdin.buffer.read() if options["file"] == "-" else _read(Path(options["file"]))
        try:
            rows = list(rows_of(data, columns=COLUMNS, aliases=ALIASES))
        except UnableToReadTable as error:
            raise CommandError(f"Nothing was imported. {error}") from error
        created = 0
        problems: list[str] = []
        saved: list[str] = []
        lines: dict[str, int] = {}
        with transaction.atomic():
            for line, row in rows:
                try:
                    created += _save(_checked(row, line, lines), saved)
                except (ValidationError, CommandError) as error:
                    problems.append(f"line {line}: {_message(error)}")
            if problems:
                # Half a table would hide the mistake: all of it, or nothing.
                transaction.set_rollback(True)
            elif saved:
                enqueue.sync(names=saved, trigger="mapping")
        if problems:
            raise CommandError("Nothing was imported.\n" + "\n".join(problems))
        changed, unchanged = len(saved) - created, len(rows) - len(saved)
        self.stdout.write(f"{counted(created, 'site')} added, {changed} updated, {unchanged} unchanged.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _checked(row: dict[str, str] | None, line: int, lines: dict[str, int]) -> dict[str, str]:
    """The row; raises CommandError for one that cannot be read, and for a second one of a site, which would overwrite the first."""
    if row is None:
        raise CommandError("It has more cells than the heading line.")
    name = _name(row)
    if name and lines.setdefault(name, line) != line:
        raise CommandError(f"{name} is in line {lines[name]} already.")
    return row


def _name(row: Mapping[str, str]) -> str:
    return (row.get("name") or row.get("host") or "").lower()


def _save(row: dict[str, str], saved: list[str]) -> bool:
    """Save one mapping, and add its host where it is new or has changed; return whether it is new."""
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise CommandError(f"{', '.join(missing)} must not be empty.")
    if not (row.get("name") or row.get("host")):
        raise CommandError("name and host must not both be empty.")
    workloads = _workloads(row)
    values = {name: _value(name, text) for name, text in row.items() if name in mapping_fields()}
    name = _name(row)
    values |= {"name": name} | ({"host": values["host"].lower()} if "host" in values else {})
    site = Site.objects.filter(name=name).first() or Site()
    is_new = site.pk is None
    if is_new and not workloads:
        raise CommandError(f"Fill in {WORKLOADS} or deployment.")
    before = {} if is_new else {name: getattr(site, name) for name in values}
    for name, value in values.items():
        setattr(site, name, value)
    site.full_clean()
    check_workloads(site, workloads or ())
    changed = {name: was for name, was in before.items() if was != getattr(site, name)}
    if is_new or changed or (workloads is not None and workloads != site.references):
        user, by_name = shell_user()
        save_mapping(
            site=site, before=changed, workloads=workloads, by=user, by_name=by_name, now=timezone.now()
        )
        saved.append(site.name)
    return is_new


def _workloads(texts: Mapping[str, str]) -> tuple[WorkloadReference, ...] | None:
    """None where no column names any: the site keeps those that it has."""
    if texts.get(WORKLOADS) and texts.get("deployment"):
        raise CommandError(f"Fill in only one of {WORKLOADS} and deployment.")
    namespace = texts.get("namespace") or "default"
    if text := texts.get(WORKLOADS):
        return _parsed(text, namespace)
    if name := texts.get("deployment"):
        container = texts.get("container", "")
        only = f" [{container}]" if container and container != name.split(".")[0] else ""
        return _parsed(f"Deployment {name}{only}", namespace)
    return None


def _parsed(text: str, namespace: str) -> tuple[WorkloadReference, ...]:
    try:
        return parse_references(text, namespace=namespace)
    except UnableToParseReferences as error:
        raise CommandError(str(error)) from error


def _value(name: str, text: str) -> Any:
    """What the model's own validation reads: it makes numbers of digits, but of a spreadsheet's TRUE and of `true` nothing."""
    field = mapping_fields()[name]
    if not text:
        return field.get_default()
    return text.capitalize() if isinstance(field, BooleanField) else text


def _message(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(_of_field(name, errors) for name, errors in error.error_dict.items())
    return str(error)


def _of_field(name: str, errors: Iterable[ValidationError]) -> str:
    sentences = " ".join(_sentence(name, each) for each in errors)
    return sentences if name == NON_FIELD_ERRORS else f"{name}: {sentences}"


def _sentence(name: str, error: ValidationError) -> str:
    if error.code == "invalid_choice" and error.params:
        choices = ", ".join(str(value) for value, _ in mapping_fields()[name].flatchoices)
        return f"“{error.params['value']}” is not one of {choices}."
    if isinstance(mapping_fields().get(name), BooleanField):
        return "Write true or false."
    return " ".join(error.messages)
