"""A repository's releases and tags, queried with its head: https://docs.github.com/en/graphql/reference/objects#release.

One connection for each such question, so that a request of 25 still costs 1 point.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deployments.rules.images import is_full_sha
from deployments.rules.versions import Version, search_for

LISTED = 30
_NEWEST_FIRST = "orderBy: {field: CREATED_AT, direction: DESC}"
_FRAGMENTS = {
    "Release": """fragment Release on Release { tagName isDraft isPrerelease tagCommit { oid } }""",
    "Peeled": """fragment Peeled on Ref { name target { __typename oid ... on Tag {
  target { __typename oid ... on Tag { target { __typename oid } } } } } }""",
}


@dataclass(frozen=True, kw_only=True)
class VersionQuestion:
    """What a site by release needs to know. Without a `pattern` releases are listed, else tags."""

    pattern: str = ""
    prereleases: bool = False
    named: tuple[str, ...] = ()
    """Tags whose commits are queried, wherever they are in the list."""
    older: bool = False
    """Whether those before the newest are queried, too; a list of tags has them anyway."""


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What a repository has published: `listed` newest first, and the tags named in the question, as far as there are any."""

    listed: tuple[Version, ...] = ()
    named: Mapping[str, str] | None = None
    older: tuple[Version, ...] = ()
    """Where the question asks for them, those that may come before the newest; the newest may be among them."""


NO_VERSIONS = Versions()


def version_fields(number: int, question: VersionQuestion) -> str:
    """The fields within a repository's own, by variables that `version_variables` gives."""
    named = "".join(
        f" t{place}: ref(qualifiedName: $t{number}_{place}) {{ ...Peeled }}"
        for place in range(len(question.named))
    )
    return f" {_listed(number, question)}{named}"


def _listed(number: int, question: VersionQuestion) -> str:
    if question.pattern:
        return (
            f'tags: refs(refPrefix: "refs/tags/", query: $q{number}, first: {LISTED}, '
            "orderBy: {field: TAG_COMMIT_DATE, direction: DESC}) { nodes { ...Peeled } }"
        )
    if question.prereleases:
        return f"releases(first: {LISTED}, {_NEWEST_FIRST}) {{ nodes {{ ...Release }} }}"
    # GitHub's own: neither a draft nor a pre-release, and the one that its owner calls the latest.
    older = f" older: releases(first: {LISTED}, {_NEWEST_FIRST}) {{ nodes {{ ...Release }} }}"
    return f"latestRelease {{ ...Release }}{older if question.older else ''}"


def version_variables(number: int, question: VersionQuestion) -> dict[str, str]:
    named = {f"t{number}_{place}": f"refs/tags/{name}" for place, name in enumerate(question.named)}
    return named | ({f"q{number}": search_for(question.pattern)} if question.pattern else {})


def version_fragments(questions: Sequence[VersionQuestion]) -> str:
    """Those that the questions use: GraphQL refuses one that is not used."""
    releases = any(not each.pattern for each in questions)
    tags = any(each.pattern or each.named for each in questions)
    used = [text for text, is_used in zip(_FRAGMENTS.values(), (releases, tags), strict=True) if is_used]
    return "".join(f"\n{text}" for text in used)


def read_versions(node: Mapping[str, Any], question: VersionQuestion) -> Versions:
    """Of a repository's answer. A draft, and what leads to no commit, is left out."""
    releases = [node.get("latestRelease"), *((node.get("releases") or {}).get("nodes") or ())]
    tags = (node.get("tags") or {}).get("nodes") or ()
    listed = tuple(each for each in (*map(_of_release, releases), *map(_of_tag, tags)) if each)
    older = tuple(each for each in map(_of_release, (node.get("older") or {}).get("nodes") or ()) if each)
    found = {name: _of_tag(node.get(f"t{place}")) for place, name in enumerate(question.named)}
    return Versions(
        listed=listed,
        named={name: each.sha for name, each in found.items() if each},
        older=(*listed, *older) if question.older else (),
    )


def _of_release(release: Mapping[str, Any] | None) -> Version | None:
    if release is None or release["isDraft"]:
        return None
    commit = release.get("tagCommit") or {}
    return _version(release["tagName"], commit.get("oid"), is_prerelease=bool(release["isPrerelease"]))


def _of_tag(ref: Mapping[str, Any] | None) -> Version | None:
    return _version(ref["name"], peeled(ref.get("target")).get("oid")) if ref else None


def peeled(target: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The commit of a tag, through the tag objects of annotated tags; empty where it is not a commit."""
    found = target or {}
    while found.get("__typename") == "Tag":
        found = found.get("target") or {}
    return found if found.get("__typename") == "Commit" else {}


def _version(name: Any, sha: Any, *, is_prerelease: bool | None = None) -> Version | None:
    is_known = isinstance(name, str) and isinstance(sha, str) and is_full_sha(sha)
    return Version(name=name, sha=sha, is_prerelease=is_prerelease) if is_known else None
