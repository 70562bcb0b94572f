"""Links for details: the web pages of a commit, a comparison, an image and a Kubernetes object."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from string import Formatter

from deployments.rules.links import https_link
from deployments.rules.targets import WorkloadReference

_MERGED = re.compile(r"^Merge pull request #(\d{1,9}) |\(#(\d{1,9})\)\s*$")
# Each of these hosts answers a browser at the image's own name with the page of that image.
_NAMED_LIKE_THE_IMAGE = ("ghcr.io", "gcr.io", ".gcr.io", ".pkg.dev")
_CONSOLE_FIELDS = frozenset({"kind", "resource", "namespace", "name"})


@dataclass(frozen=True)
class WebPage:
    label: str
    address: str


class UnableToReadConsoleLink(ValueError):
    """The sentence says what is wrong with the template."""


def commit_pages(repository: str, *, running: str, head: str, headline: str) -> tuple[WebPage, ...]:
    """The pages of a GitHub repository that show the commits to deploy; `repository` is its address, and empty SHAs are not known."""
    return tuple(_commit_pages(repository, running=running, head=head, headline=headline))


def _commit_pages(repository: str, *, running: str, head: str, headline: str) -> Iterator[WebPage]:
    if running and head and running != head:
        yield WebPage("Compare", f"{repository}/compare/{running}...{head}")
    if head:
        yield WebPage("CI run", f"{repository}/commit/{head}/checks")
    if number := pull_request_number(headline):
        yield WebPage(f"Pull request #{number}", f"{repository}/pull/{number}")
    if head:
        yield WebPage("Commit", f"{repository}/commit/{head}")


def pull_request_number(headline: str) -> str:
    """The number of the pull request that GitHub's merge or squash button wrote into a commit's first line; empty where there is none."""
    found = _MERGED.search(headline)
    return next((number for number in found.groups() if number), "") if found else ""


def image_page(repository: str) -> str:
    """The page that a registry has for people to read about an image repository; empty for one that has none, or is not known."""
    host, _, path = repository.partition("/")
    if not path:
        return ""
    if host.endswith(_NAMED_LIKE_THE_IMAGE[2:]) or host in _NAMED_LIKE_THE_IMAGE[:2]:
        return https_link(f"https://{repository}")
    if host == "quay.io":
        return https_link(f"https://quay.io/repository/{path}?tab=tags")
    if host in {"docker.io", "index.docker.io"}:
        page = f"_/{path.removeprefix('library/')}" if path.startswith("library/") else f"r/{path}"
        return https_link(f"https://hub.docker.com/{page}/tags")
    return ""


def check_console_link(template: str) -> None:
    """Raise UnableToReadConsoleLink where CONSOLE_LINK is not an https URL with only these fields: kind, resource, namespace and name."""
    try:
        fields = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise UnableToReadConsoleLink(f"A brace is left open: {error}.") from error
    if unknown := fields - _CONSOLE_FIELDS:
        known = ", ".join(f"{{{name}}}" for name in sorted(_CONSOLE_FIELDS))
        raise UnableToReadConsoleLink(f"“{min(unknown)}” is not a field. The fields are {known}.")
    if not https_link(_FIELD.sub("x", template)):
        raise UnableToReadConsoleLink("It must begin with https:// and a host, without spaces.")


_FIELD = re.compile(r"{[^{}]*}")


def console_page(template: str, workload: WorkloadReference) -> str:
    """The page of a workload in the cloud's console, by the template of CONSOLE_LINK; empty where there is none."""
    if not template:
        return ""
    address = template.format(
        kind=workload.kind.lower(),
        resource=workload.kind.resource,
        namespace=workload.namespace,
        name=workload.name,
    )
    return https_link(address)
