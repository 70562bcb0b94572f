import csv
import sys
from collections.abc import Iterable, Mapping
from io import StringIO
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
from deployments.operations.sites.save import check_workloads, save_mapping
from deployments.queue import enqueue
from deployments.rules.targets import UnableToParseReferences, WorkloadReference, parse_references

REQUIRED = ("owner", "repository")
# the original script's table calls the repository "repo".
ALIASES = {"repo": "repository"}
WORKLOADS = "workloads"
ONE_DEPLOYMENT = ("namespace", "deployment", "container")
"""Columns that name a site's one Deployment, instead of `workloads`."""


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
        lines = sys.stdin.read() if options["file"] == "-" else _read(Path(options["file"]))
        # Lines as CSV has them: str.splitlines() would end one at U+2028, too, which a branch's name can have.
        rows = csv.DictReader(StringIO(lines))
        _check_columns(rows.fieldnames or ())
        created = changed = 0
        problems: list[str] = []
        saved: list[str] = []
        with transaction.atomic():
            for row in rows:
                try:
                    is_new = _save({ALIASES.get(name, name): value for name, value in row.items()}, saved)
                except (ValidationError, CommandError) as error:
                    problems.append(f"line {rows.line_num}: {_message(error)}")
                    continue
                created, changed = created + is_new, changed + (not is_new)
            if problems:
                # Half a table would hide the mistake: all of it, or nothing.
                transaction.set_rollback(True)
            elif saved:
                enqueue.sync(names=saved, trigger="mapping")
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
    all_columns = (*mapping_fields(), WORKLOADS, *ONE_DEPLOYMENT)
    if unknown := sorted(columns - set(all_columns)):
        known = ", ".join(all_columns)
        raise CommandError(
            f"Nothing was imported. Unknown columns: {', '.join(unknown)}. There are: {known}."
        )


def _save(row: dict[str, str], saved: list[str]) -> bool:
    """Save one mapping, and add its host where it is new or has changed; return whether it is new."""
    if None in row:
        raise CommandError("It has more cells than the header line.")
    if missing := [name for name in REQUIRED if not row.get(name)]:
        raise CommandError(f"{', '.join(missing)} must not be empty.")
    if not (row.get("name") or row.get("host")):
        raise CommandError("Fill in name or host.")
    texts = {name: (text or "").strip() for name, text in row.items()}
    workloads = _workloads(texts)
    values = {name: _value(name, text) for name, text in texts.items() if name in mapping_fields()}
    name = (texts.get("name") or texts["host"]).lower()
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
        return " ".join(f"{name}: {' '.join(message)}" for name, message in error.message_dict.items())
    return str(error)
