"""Between two syncs: check only the heads, and the registry for heads not known to be built. A site's sync follows if something is new.

Where nothing is new this costs two SQL statements, and leaves no record.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models.functions import JSONObject

from deployments.clients.clients import Clients
from deployments.clients.deadline import within
from deployments.clients.github import Answers, Head, HeadQuestion
from deployments.models import Build, GitHubPause, HeadCheck, Site
from deployments.operations.github_limits import Pauses, remember
from deployments.operations.sync.gather_images import RegistryQuestions
from deployments.operations.sync.gather_versions import is_newest, question_by_release
from deployments.queue import enqueue
from deployments.queue.broker import SOON
from deployments.rules.head_checks import (
    WATCH_EVERY,
    Known,
    Unread,
    Watch,
    is_new,
    is_under_way,
    must_ask_for_image,
    pause_for,
    watches,
)
from deployments.rules.times import parse_time

TRIGGER = "head"
LONGEST_SECONDS = 60
"""For all that a check asks outside."""
LATE_SECONDS = 0.5
"""The clocks of worker and database are not quite one."""
_CLAIM = """
    UPDATE deployments_headcheck SET {column} = %s + {pause} WHERE id = 1 AND {column} <= %s
    RETURNING pause, watched, unread
"""
_CLAIM_ALL = _CLAIM.format(column="next_at", pause="pause")
_CLAIM_WATCHED = _CLAIM.format(column="watch_at", pause="interval '1 minute'")
_COLUMNS = (
    *("owner", "repository", "branch", "image_template", "name", "former_repository"),
    *("observation__head_sha", "observation__running_sha", "observation__check_state"),
    *("observation__head_image_built", "observation__repository_id", "observation__branch"),
    *("commit_source", "moving_tag", "tag_pattern", "prereleases", "observation__head_version"),
)


@dataclass(frozen=True)
class _Turn:
    """Whose turn it is: that of all sites, or of those that are watched."""

    is_of_all: bool
    pause: timedelta
    watched: dict[int, Watch]
    unread: dict[int, Unread]


@dataclass(frozen=True)
class _Images:
    built: dict[int, bool]
    """Whether the heads are built that are not known to be, by the site's key; one that the registry does not answer for is left out."""
    unread: dict[int, Unread]
    """By label, what no sync has read; each has had a sync queued for it, or gets one now."""


@dataclass
class _Seen:
    changed: list[str] = field(default_factory=list)
    """Hosts of sites that a sync will find changed."""
    has_new_head: bool = False
    under_way: dict[int, str] = field(default_factory=dict)
    """Heads of which something is to come, by the site's key."""
    unknown: set[int] = field(default_factory=set)
    """Keys of sites that GitHub did not answer for."""


def check_heads(*, clients: Clients, interval: timedelta, now: datetime) -> list[str]:
    """Ask what is due, and queue a sync of the sites that have something new; return their names."""
    turn = _take_turn(interval, now=now)
    if turn is None:
        return []
    sites, pauses = _sites(turn, now=now)
    with within(LONGEST_SECONDS):
        questions = [_question(site) for site in sites]
        answers = clients.github.heads(questions, paused=pauses.standing(now=now))
        images = _ask_for_images(sites, answers, turn, clients, now=now)
        seen = _see(sites, answers, images.built)
    remember(answers.limits, pauses, now=now)
    if seen.changed:
        enqueue.sync(names=seen.changed, trigger=TRIGGER)
    _plan(turn, seen, images, answers, asked=len(sites), interval=interval, now=now)
    return seen.changed


def watch(sites: Iterable[Site], *, now: datetime) -> None:
    """Have those of these sites watched that have something under way: at once, and not from the next check of all on.

    The sites carry what a sync has just seen. No statement where nothing of theirs is under way; none is watched where heads were never checked.
    """
    found = {site.pk: _watch_of(site, now=now) for site in sites if _is_under_way(site)}
    active = {key: each for key, each in found.items() if not each.is_over(now=now)}
    if not active:
        return
    with transaction.atomic():
        row = HeadCheck.objects.select_for_update().filter(pk=1).first()
        known = _watched_in(json.dumps(row.watched)) if row else active
        new = {key: each for key, each in active.items() if key not in known or known[key].sha != each.sha}
        if row and new:
            soon = now + WATCH_EVERY
            watched = _as_json(known | new)
            HeadCheck.objects.filter(pk=1).update(watched=watched, watch_at=min(row.watch_at or soon, soon))
            enqueue.check_heads(after_seconds=WATCH_EVERY.total_seconds() + LATE_SECONDS)


def _is_under_way(site: Site) -> bool:
    known = _known(site)
    return bool(known.head_sha and known.running_sha) and is_under_way(
        known, sha=known.head_sha, check_state=known.check_state, is_built=known.is_built
    )


def _watch_of(site: Site, *, now: datetime) -> Watch:
    seen = site.observation
    return Watch(seen.head_sha, seen.head_seen_at or now)


def _as_json(watched: Mapping[int, Watch]) -> dict[str, list[str]]:
    return {str(key): [each.sha, each.since.isoformat()] for key, each in watched.items()}


def _unread_as_json(unread: Mapping[int, Unread]) -> dict[str, list[str]]:
    return {str(key): [each.digest, each.since.isoformat()] for key, each in unread.items()}


def _take_turn(interval: timedelta, *, now: datetime) -> _Turn | None:
    """What is due, taken by this process alone. Runs one SQL query where all sites are, which come first."""
    for is_of_all, statement in ((True, _CLAIM_ALL), (False, _CLAIM_WATCHED)):
        with connection.cursor() as cursor:
            cursor.execute(statement, [now, now])
            row = cursor.fetchone()
        if row:
            unread = {key: Unread(*each) for key, each in _pairs_in(row[2]).items()}
            return _Turn(is_of_all, row[0], _watched_in(row[1]), unread)
    # The first one: all sites have just been asked by a sync, or are about to be.
    HeadCheck.objects.get_or_create(pk=1, defaults={"next_at": now + interval, "pause": interval})
    return None


def _watched_in(stored: str) -> dict[int, Watch]:
    return {key: Watch(*each) for key, each in _pairs_in(stored).items()}


def _pairs_in(stored: str) -> dict[int, tuple[str, datetime]]:
    """Nothing, where the column holds something else."""
    try:
        found = {
            int(key): (str(what), parse_time(since)) for key, (what, since) in json.loads(stored).items()
        }
    except (AttributeError, TypeError, ValueError):
        return {}
    return {key: (what, since) for key, (what, since) in found.items() if since}


def _sites(turn: _Turn, *, now: datetime) -> tuple[Sequence[Site], Pauses]:
    """The sites, with GitHub's pauses. Runs one SQL query."""
    pauses = GitHubPause.objects.values(
        json=JSONObject(pk="pk", who="who", until="until", in_a_row="in_a_row")
    )
    query = Site.objects.select_related("observation").only(*_COLUMNS).annotate(pauses=ArraySubquery(pauses))
    watched = [key for key, watch in turn.watched.items() if not watch.is_over(now=now)]
    sites = list(query.filter(observation__isnull=False) if turn.is_of_all else query.filter(pk__in=watched))
    rows: Iterable[dict[str, Any]] = sites[0].pauses if sites else ()  # type: ignore[attr-defined]  # annotated above
    read = [GitHubPause(**each | {"until": parse_time(each["until"])}) for each in rows]
    return sites, Pauses(tuple(each for each in read if each.until))


def _question(site: Site) -> HeadQuestion:
    asked = HeadQuestion(key=site.pk, owner=site.owner, repository=site.repository, branch=site.branch)
    return question_by_release(site, asked)


def _known(site: Site) -> Known:
    seen = site.observation
    return Known(seen.head_sha, seen.running_sha, seen.check_state, is_built=bool(seen.head_image_built))


def _ask_for_images(
    sites: Sequence[Site], answers: Answers, turn: _Turn, clients: Clients, *, now: datetime
) -> _Images:
    unknown = {
        site.pk: image
        for site in sites
        if (head := _head(site, answers))
        and site.expected_repository
        and must_ask_for_image(_known(site), sha=head.sha)
        and (image := site.image_of_head(sha=head.sha, version=site.observation.head_version))
    }
    found = RegistryQuestions(clients.registry).digests(unknown.values())
    digests = {key: digest for key, image in unknown.items() if isinstance(digest := found[image], str)}
    by_label = {site.pk for site in sites if site.is_by_label} & digests.keys()
    # A moving tag is always there: it leads to another build where its digest was never seen.
    known = Build.objects.filter(digest__in=[digests[key] for key in by_label])
    seen = set(known.values_list("digest", flat=True)) if by_label else set()
    new = {key for key in by_label if digests[key] not in seen}
    queued = {key for key in new if key in turn.unread and turn.unread[key].is_of(digests[key], now=now)}
    kept = unknown.keys() - digests.keys() if turn.is_of_all else turn.unread.keys() - digests.keys()
    return _Images(
        built={key: key in digests and digests[key] not in seen and key not in queued for key in unknown},
        unread={key: turn.unread[key] for key in queued | (kept & turn.unread.keys())}
        | {key: Unread(digests[key], now) for key in new - queued},
    )


def _head(site: Site, answers: Answers) -> Head | None:
    """None where GitHub did not answer, or with another repository, as the sync will report."""
    head = answers.heads.get(site.pk)
    if not isinstance(head, Head):
        return None
    known = site.observation.repository_id
    return None if known and head.repository_id and head.repository_id != known else head


def _see(sites: Sequence[Site], answers: Answers, built: Mapping[int, bool]) -> _Seen:
    seen = _Seen()
    for site in sites:
        head, known = _head(site, answers), _known(site)
        if head is None:
            seen.unknown.add(site.pk)
            continue
        is_built = built.get(site.pk, known.is_built)
        has_moved_on = not is_newest(site, head)
        if has_moved_on or is_new(known, sha=head.sha, check_state=head.check_state) or built.get(site.pk):
            seen.changed.append(site.name)
        seen.has_new_head |= has_moved_on or head.sha != known.head_sha
        if is_under_way(known, sha=head.sha, check_state=head.check_state, is_built=is_built):
            seen.under_way[site.pk] = head.sha
    return seen


def _plan(
    turn: _Turn,
    seen: _Seen,
    images: _Images,
    answers: Answers,
    *,
    asked: int,
    interval: timedelta,
    now: datetime,
) -> None:
    """Write down when to ask again, and who is watched until then; nothing where that is as it was."""
    limit = answers.budget.limit if answers.budget else None
    values: dict[str, Any] = {"found_at": now} if seen.has_new_head else {}
    if turn.is_of_all:
        pause = pause_for(answers.requests, limit, least=interval)
        if pause != turn.pause:
            values |= {"pause": pause, "next_at": now + pause}
    kept = {
        key: watch.sha
        for key, watch in turn.watched.items()
        # What was not queried, or not answered, stays.
        if key in seen.unknown or (not turn.is_of_all and watch.is_over(now=now))
    }
    watched = watches(turn.watched, kept | seen.under_way, now=now)
    active = [key for key, watch in watched.items() if not watch.is_over(now=now)]
    pause = pause_for(ceil(len(active) * answers.requests / max(asked, 1)), limit, least=WATCH_EVERY)
    if active:
        values["watch_at"] = now + pause
    if watched != turn.watched:
        values["watched"] = _as_json(watched)
    if images.unread != turn.unread:
        values["unread"] = _unread_as_json(images.unread)
    if values:
        HeadCheck.objects.filter(pk=1).update(**values)
    if active and pause < SOON:
        # Else, and where that entry is lost, the tick finds it due.
        enqueue.check_heads(after_seconds=pause.total_seconds() + LATE_SECONDS)
