"""External services: GitHub and every repository, the registry and every running image."""

import socket
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from deployments.clients.clients import Clients
from deployments.clients.deadline import TooLate, in_time, within
from deployments.clients.github import GitHubError, Head, HeadProblem, HeadQuestion
from deployments.clients.registry import RegistryError
from deployments.models import Site
from deployments.operations.doctor.findings import Finding, bad, good, merged, warning
from deployments.rules.image_prefixes import begins_with_one_of
from deployments.rules.images import UnableToParseImage, parse_image

LITTLE_BUDGET = 0.1
AT_ONCE = 8
PING_TIMEOUT_SECONDS = 3
FIRST_STEPS = "Add sites in the admin, or with `manage.py import_sites FILE`."


def github_answers(clients: Clients, sites: Sequence[Site]) -> Iterator[Finding]:
    """One line for the token's budget, one for each repository that cannot be read."""
    questions = [
        HeadQuestion(key=site.name, owner=site.owner, repository=site.repository, branch=site.branch)
        for site in sites
    ]
    try:
        answers = clients.github.heads(questions)
    except GitHubError as error:
        yield bad("GitHub", str(error), "Check GITHUB_TOKEN and GITHUB_API_URL.")
        return
    problems = {key: head.error for key, head in answers.heads.items() if isinstance(head, HeadProblem)}
    remedy = "Correct the site's repository, or what the token may read."
    yield from merged(bad(f"GitHub, {host}", str(problem), remedy) for host, problem in problems.items())
    yield from _ci_is_seen(answers.heads)
    if readable := len(questions) - len(problems):
        yield good("GitHub", f"{_number(readable, 'repository', 'repositories')} can be read.")
    if answers.budget is None:
        return
    budget = answers.budget
    left = f"{budget.remaining} of {budget.limit} requests left in this hour."
    if budget.remaining < LITTLE_BUDGET * budget.limit:
        remedy = f"Headway continues automatically after {budget.resets_at:%H:%M} UTC. Check what else uses this token."
        yield warning("GitHub's budget", left, remedy)
    else:
        yield good("GitHub's budget", left)


def _ci_is_seen(heads: Mapping[Hashable, Head | HeadProblem]) -> Iterator[Finding]:
    """What a fine-grained token lacks shows here only: GitHub answers, and leaves the checks out."""
    unseen = [
        str(key) for key, head in heads.items() if isinstance(head, Head) and head.check_state == "unknown"
    ]
    if unseen:
        message = f"CI results are missing for {_number(len(unseen), 'repository', 'repositories')}, first that of {unseen[0]}."
        yield warning(
            "GitHub's checks", message, "Grant the token to read commit statuses (an App: checks too)."
        )


def registry_has_what_runs(clients: Clients, images: Mapping[str, str]) -> Iterator[Finding]:
    """`images` is what each host's container is asked to run: one line for each that the registry does not have."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        problems = [
            each for each in threads.map(lambda pair: _missing(clients, *pair), images.items()) if each
        ]
    yield from merged(problems)
    if found := len(images) - len(problems):
        yield good("Registry", f"{_number(found, 'image', 'images')} that run are there.")


def _missing(clients: Clients, host: str, image: str) -> Finding | None:
    subject = f"Registry, {host}"
    try:
        digest = clients.registry.digest(parse_image(image))
    except (RegistryError, UnableToParseImage) as error:
        return bad(subject, str(error), "Check DOCKER_CONFIG, and who may read this image repository.")
    if digest is None:
        gone = f"{image} runs, and is not in the registry."
        return warning(subject, gone, "Its pods cannot restart. Build it again, or deploy another commit.")
    return None


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def ping_address_answers(url: str) -> Iterator[Finding]:
    """Connect to where good syncs are reported, and send nothing: a ping of the doctor's would hide a dead sync."""
    if not url:
        yield good("Ping", "No PING_URL is set: no external monitor is alerted when syncs stop.")
        return
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        connect = partial(socket.create_connection, (parts.hostname or "", port), PING_TIMEOUT_SECONDS)
        with within(PING_TIMEOUT_SECONDS):
            in_time(connect, late=socket.socket.close).close()
        yield good("Ping", f"{parts.hostname} answers.")
    except (OSError, TooLate) as error:
        reason = (
            getattr(error, "strerror", None) or str(error) or f"not within {PING_TIMEOUT_SECONDS} seconds"
        )
        message = f"{parts.hostname} does not answer: {reason}."
        yield bad("Ping", message, "Correct PING_URL, or let the worker reach that host.")


def mapped(sites: Sequence[Site], *, image_prefixes: Sequence[str]) -> Iterator[Finding]:
    """Warn where nothing is mapped, since everything else would look fine; and where a site has no image location, or one that this worker may not run."""
    if not sites:
        yield warning("Sites", "None is mapped yet.", FIRST_STEPS)
    for site in sites:
        place = site.expected_repository
        if not place:
            message = "Its image template names no image."
            yield bad(f"Sites, {site.name}", message, "Correct the mapping's image template.")
        elif not begins_with_one_of(image_prefixes, place):
            message = f"Its images are in {place}, and this worker runs none from there."
            yield bad(
                f"Sites, {site.name}", message, "Correct the mapping's image template, or IMAGE_PREFIXES."
            )
