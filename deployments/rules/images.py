"""What an image is called, and which commit its tag carries.

The grammar is that of github.com/distribution/reference (`regexp.go`, `normalize.go`), which Docker, containerd and the
kubelet read image names by: https://pkg.go.dev/github.com/distribution/reference.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from deployments.rules.versions import as_image_tag, number_of

# A page of a thousand sites asks for the same few thousand names again and again.
_REMEMBERED = 8192
_DEFAULT_REGISTRY = "docker.io"
_FORMER_DEFAULT_REGISTRY = "index.docker.io"
_OFFICIAL = "library/"
_LONGEST_PATH = 255
_SHORT, _WHOLE = 7, 40
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"([a-z0-9]+):([0-9a-f]+)")
_FULL_SHA = re.compile(r"[0-9a-f]{40}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TAG_OF_TEMPLATE = re.compile(r"(.*?)(?::((?:[^:{}]|\{[^{}]*\})*))?", re.DOTALL)
"""What lies before the last colon that is not a placeholder's own, and what behind it."""
_NUMBER_OF_VERSION, _WHOLE_VERSION = "version", "tag"
_COMMIT_PLACEHOLDER = re.compile(r"sha|short_sha(?::([0-9]{1,2}))?")


class UnableToParseImage(ValueError):
    """The sentence says which part of the image's name is wrong."""


class UnableToParseTemplate(ValueError):
    """The sentence says what to change in the template."""


def is_full_sha(text: str) -> bool:
    """True for 40 lower-case hexadecimal digits: a whole commit, as git and GitHub print it."""
    return _FULL_SHA.fullmatch(text) is not None


@dataclass(frozen=True)
class ImageReference:
    """One image: `registry` with its port, `path` without a leading slash, and a tag, a digest, both or neither."""

    registry: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """Registry and path, such as `registry.example.com/my-team/cron`; the same for every spelling of one image repository."""
        return f"{self.registry}/{self.path}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


@lru_cache(maxsize=_REMEMBERED)
def parse_image(reference: str) -> ImageReference:
    """The parts of an image's name, Docker Hub's short names spelt out (`nginx` is `docker.io/library/nginx`).

    Raises UnableToParseImage.
    """
    named, at, digest = reference.partition("@")
    name, tag = _split_tag(named)
    if re.fullmatch(r"[a-f0-9]{64}", reference):
        raise UnableToParseImage(f"“{reference}” is an image's id. Give its name and tag.")
    registry, path = _split_registry(name)
    if not _REGISTRY.fullmatch(registry):
        raise UnableToParseImage(
            f"“{registry}” in “{reference}” is not a registry's host. Write it like gcr.io."
        )
    _check_path(path, reference)
    if tag is not None and not _TAG.fullmatch(tag):
        raise UnableToParseImage(
            f"“{tag}” in “{reference}” is not a tag: up to 128 letters, digits, “_”, “.” and “-”, and no “.” or “-” first."
        )
    if at:
        _check_digest(digest, reference)
    return ImageReference(registry=registry, path=path, tag=tag, digest=digest if at else None)


def version_shown(image: str) -> str:
    """The tag of an image, for pages; empty where its name cannot be read."""
    try:
        return parse_image(image).tag or ""
    except UnableToParseImage:
        return ""


def _split_tag(named: str) -> tuple[str, str | None]:
    before, colon, after = named.rpartition(":")
    if not colon or "/" in after:
        return named, None
    return before, after


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = first == "localhost" or "." in first or ":" in first or first.lower() != first
    registry, path = (first, rest) if slash and is_host else (_DEFAULT_REGISTRY, name)
    if registry == _FORMER_DEFAULT_REGISTRY:
        registry = _DEFAULT_REGISTRY
    if registry == _DEFAULT_REGISTRY and "/" not in path:
        path = f"{_OFFICIAL}{path}"
    return registry, path


def _check_path(path: str, reference: str) -> None:
    if not _PATH.fullmatch(path):
        shown = path.removeprefix(_OFFICIAL)
        raise UnableToParseImage(
            f"“{shown}” in “{reference}” is not an image's name: lower-case letters and digits, "
            "with “.”, “_”, “__” or “-” between them and “/” between its parts."
        )
    if len(path) > _LONGEST_PATH:
        raise UnableToParseImage(
            f"The image's name in “{reference[:40]}…” is longer than {_LONGEST_PATH} characters."
        )


def _check_digest(digest: str, reference: str) -> None:
    match = _DIGEST.fullmatch(digest)
    if match is None or _DIGEST_LENGTHS.get(match[1]) != len(match[2]):
        raise UnableToParseImage(
            f"“{digest}” in “{reference}” is not a digest: sha256: and 64 hexadecimal digits."
        )


@dataclass(frozen=True)
class ImageTemplate:
    """How a site's images are named, such as `registry.example.com/my-team/{repository}:{sha}`; made by `parse`."""

    text: str

    @classmethod
    @lru_cache(maxsize=_REMEMBERED)
    def parse(cls, text: str) -> Self:
        """The template, checked by filling it in once. Raises UnableToParseTemplate."""
        template = cls(text.strip())
        _check_placeholders(template._repository_text, template._tag_text)
        try:
            if template.names_version:
                template.image_for_version(owner="owner", repository="repository", version="v1.0.0")
            else:
                template.image_for(owner="owner", repository="repository", sha="0" * 40)
        except UnableToParseImage as error:
            raise UnableToParseTemplate(f"Filled in, this template names no image. {error}") from error
        return template

    @property
    def _repository_text(self) -> str:
        return _split_template(self.text)[0]

    @property
    def _tag_text(self) -> str:
        return _split_template(self.text)[1]

    def repository_for(self, *, owner: str, repository: str) -> str:
        """The image repository of a GitHub repository, in lower case, which the grammar demands.

        Raises UnableToParseImage when that GitHub repository's name cannot be part of an image's name.
        """
        filled = self._repository_text.format(owner=owner.lower(), repository=repository.lower())
        return parse_image(filled).repository

    @property
    def names_version(self) -> bool:
        """Whether its tag is for a version rather than a commit."""
        return bool(_version_placeholder(self._tag_text))

    @property
    def names_number(self) -> bool:
        """Whether its tag has a version without what git's tag has before it: `1.4.2` of v1.4.2."""
        return _version_placeholder(self._tag_text) == _NUMBER_OF_VERSION

    def image_for_version(self, *, owner: str, repository: str, version: str) -> ImageReference:
        """The image that a build of git's tag `version` is pushed as: with that tag where the template names a commit. Raises UnableToParseImage."""
        text = self._tag_text if self.names_version else f"{{{_WHOLE_VERSION}}}"
        named = as_image_tag(number_of(version) if self.names_number else version)
        tag = _PLACEHOLDER.sub(lambda _: named, text)
        return parse_image(f"{self.repository_for(owner=owner, repository=repository)}:{tag}")

    def version_in(self, tag: str) -> str:
        """What an image's tag has in the place of the version; empty where it is tagged otherwise."""
        text = self._tag_text if self.names_version else f"{{{_WHOLE_VERSION}}}"
        before, _, after = _PLACEHOLDER.sub("\0", text).partition("\0")
        found = re.fullmatch(f"{re.escape(before)}(.+){re.escape(after)}", tag)
        return found[1] if found else ""

    def image_for(self, *, owner: str, repository: str, sha: str) -> ImageReference:
        """The image that a build of commit `sha` (40 hexadecimal digits) is pushed as. Raises UnableToParseImage."""
        if self.names_version:
            raise UnableToParseImage(
                f"The image template ends with a version, {{{_version_placeholder(self._tag_text)}}}: let commits be known by release, "
                "or end it with :{sha}."
            )
        if not is_full_sha(sha):
            raise UnableToParseImage(f"“{sha}” is not a whole commit. Give its 40 hexadecimal digits.")
        tag = _PLACEHOLDER.sub(lambda found: sha[: _digits(found[1])], self._tag_text)
        return parse_image(f"{self.repository_for(owner=owner, repository=repository)}:{tag}")

    def sha_in(self, tag: str) -> str | None:
        """The commit that a tag carries, 7 to 40 hexadecimal digits, or None.

        The tag is the template's own, or has more behind it, as in `main-3f9c2a1-1700000000`.
        """
        if self.names_version:
            return None
        before, _, after = _PLACEHOLDER.sub("\0", self._tag_text).partition("\0")
        shape = f"{re.escape(before)}([0-9a-f]{{7,40}}){re.escape(after)}"
        match = re.fullmatch(shape, tag) or re.fullmatch(rf"{shape}[-._].*", tag)
        return match[1] if match else None

    def gives(self, tag: str) -> bool:
        """Whether some commit's image has this very tag: with no other number of digits, and nothing behind it."""
        commit = self.sha_in(tag)
        return commit is not None and tag == _PLACEHOLDER.sub(
            lambda found: commit if len(commit) == _digits(found[1]) else "", self._tag_text
        )


def _split_template(text: str) -> tuple[str, str]:
    found = _TAG_OF_TEMPLATE.fullmatch(text)
    return (found[1], found[2] or "") if found and found[2] is not None else ("", text)


def _version_placeholder(tag_text: str) -> str:
    """The placeholder for a version; empty where there is none."""
    names = set(_PLACEHOLDER.findall(tag_text))
    return next((each for each in (_NUMBER_OF_VERSION, _WHOLE_VERSION) if each in names), "")


def _digits(placeholder: str) -> int:
    """How many digits of the commit this placeholder takes; 0 where it is not for a commit."""
    found = _COMMIT_PLACEHOLDER.fullmatch(placeholder)
    if found is None:
        return 0
    return _WHOLE if placeholder == "sha" else int(found[1] or _SHORT)


def _check_placeholders(repository_text: str, tag_text: str) -> None:
    if re.search(r"[{}]", _PLACEHOLDER.sub("", repository_text + tag_text)):
        raise UnableToParseTemplate("A brace has no partner. Write placeholders like {sha}.")
    if "@" in repository_text:
        raise UnableToParseTemplate(
            "A digest names one build only. End the template with a tag such as :{sha}."
        )
    in_repository, in_tag = _PLACEHOLDER.findall(repository_text), _PLACEHOLDER.findall(tag_text)
    for name in in_repository + in_tag:
        _check_name(name)
    if (
        "/" in tag_text
        or len(in_tag) != 1
        or in_tag[0] in {"owner", "repository"}
        or not {"owner", "repository"}.issuperset(in_repository)
    ):
        raise UnableToParseTemplate(
            "The commit belongs in the tag, once. End the template with :{sha} or :{short_sha}, as in "
            "registry.example.com/my-team/{repository}:{sha}."
        )


def _check_name(placeholder: str) -> None:
    digits = _digits(placeholder)
    if (
        placeholder in {"owner", "repository", _NUMBER_OF_VERSION, _WHOLE_VERSION}
        or _SHORT <= digits <= _WHOLE
    ):
        return
    if _COMMIT_PLACEHOLDER.fullmatch(placeholder):
        raise UnableToParseTemplate(
            f"{{{placeholder}}} is not a length that a commit has in a tag. Give {_SHORT} to {_WHOLE} digits, as in {{short_sha:8}}."
        )
    raise UnableToParseTemplate(
        f"{{{placeholder}}} is not known here: use {{owner}}, {{repository}} and {{sha}} or {{short_sha}}, "
        "or {short_sha:8} for 8 digits; by release {version} or {tag}."
    )
