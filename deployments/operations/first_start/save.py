"""Map what was found, as someone has corrected it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from deployments.models import Discovery, Site
from deployments.operations.first_start.apps import FoundApp, read_apps
from deployments.operations.reauthentication import require
from deployments.operations.sites.save import check_workloads, save_mapping
from deployments.queue import enqueue
from deployments.rules.images import ImageTemplate, UnableToParseImage, UnableToParseTemplate, parse_image
from deployments.rules.reauth_reasons import Authentication
from deployments.rules.suggestions import mapping_for
from deployments.rules.targets import WorkloadReference, parse_references

RISK = "New sites decide what Headway deploys."
GONE = "It was not found by the last search. Search again."
TAKEN = "Someone has mapped it at this moment."


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One app that was ticked, with what its fields say."""

    key: str
    name: str
    host: str
    owner: str
    repository: str


@dataclass(frozen=True)
class Mapped:
    names: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why an app was not mapped, by its key."""


def open_apps() -> list[FoundApp]:
    """What the last search found and no site maps since. Runs two SQL queries."""
    apps = read_apps(Discovery.latest().apps)
    if not apps:
        return []
    places = frozenset[str]().union(*(site.places for site in Site.objects.with_workloads()))
    return [each for each in apps if places.isdisjoint(ref.place for ref in parse_references(each.workloads))]


def map_apps(*, choices: Sequence[Choice], by: User, authentication: Authentication, now: datetime) -> Mapped:
    """Map each choice that can be, and have all of them checked by one sync; the others are refused one by one.

    Raises ReauthenticationRequired.
    """
    require((RISK,), authentication, now=now)
    found = {each.key: each for each in open_apps()}
    mapped = Mapped()
    with transaction.atomic():
        # In one order, so that two people who add the same at once wait for each other, and not in a circle.
        for choice in sorted(choices, key=lambda each: each.key):
            reason = _map(choice, found, by=by, now=now)
            if reason:
                mapped.refused[choice.key] = reason
            else:
                mapped.names.append((choice.name or choice.host).lower())
        if mapped.names:
            enqueue.sync(names=mapped.names, trigger="mapping")
    return mapped


def _map(choice: Choice, found: Mapping[str, FoundApp], *, by: User, now: datetime) -> str:
    """Map one; return why not, in a sentence, or nothing."""
    if choice.key not in found:
        return GONE
    app = found[choice.key]
    site = _site(choice, app)
    references: tuple[WorkloadReference, ...] = parse_references(app.workloads)
    try:
        site.full_clean()
        check_workloads(site, references)
        with transaction.atomic():
            save_mapping(site=site, before={}, workloads=references, by=by, now=now)
    except ValidationError as error:
        return _sentence(error)
    except IntegrityError:
        return TAKEN
    return ""


def _site(choice: Choice, app: FoundApp) -> Site:
    site = Site(name=choice.name, host=choice.host, owner=choice.owner, repository=choice.repository)
    if app.is_by_label or not _is_usual(app.image, site):
        for name, value in mapping_for(app.image, repository=choice.repository).items():
            setattr(site, name, value)
    return site


def _is_usual(image: str, site: Site) -> bool:
    """Whether the project's own template gives this very image."""
    try:
        template = ImageTemplate.parse(settings.IMAGE_TEMPLATE)
        reference = parse_image(image)
        place = template.repository_for(owner=site.owner, repository=site.repository)
    except (UnableToParseImage, UnableToParseTemplate):
        return False
    return place == reference.repository and template.gives(reference.tag or "")


def _sentence(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        " ".join(messages)
        if name == "__all__"
        else f"{name.capitalize().replace('_', ' ')}: {' '.join(messages)}"
        for name, messages in error.message_dict.items()
    )
