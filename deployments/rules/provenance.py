"""What GitHub lists about an image's origin. Nothing is verified here: neither a signature, nor who signed.

https://docs.github.com/en/actions/concepts/security/artifact-attestations
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from deployments.rules.wording import sentences, short

ASKED_AGAIN_FOR = timedelta(minutes=30)
"""An attestation follows its image: a workflow pushes first."""


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """One build according to its attestation: `repository` is `owner/name`, `commit` 40 digits, `workflow` a path in that repository."""

    repository: str
    workflow: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What GitHub answered about the image of `sha`, whose digest was `digest`; no attestation where it lists none."""

    sha: str
    digest: str
    first_asked_at: datetime | None = None
    attestation: Attestation | None = None
    problem: str = ""
    """Why it could not be asked."""

    def is_due(self, sha: str, *, now: datetime) -> bool:
        """Whether to ask about the image of `sha`: until there is an attestation, for a while."""
        if self.sha != sha:
            return True
        if self.attestation or self.first_asked_at is None:
            return False
        return now - self.first_asked_at < ASKED_AGAIN_FOR


def built_by(attestation: Attestation) -> str:
    """Which workflow built an image from which commit, without a full stop."""
    return f"Built by {attestation.workflow} of {attestation.repository} from {short(attestation.commit)}, as GitHub lists it"


def contradiction(provenance: Provenance | None, *, slugs: Collection[str]) -> str:
    """That GitHub lists an image as that of another commit or repository, without a full stop; empty where it does not."""
    if provenance is None or provenance.attestation is None:
        return ""
    found = provenance.attestation
    if found.repository.lower() not in {each.lower() for each in slugs}:
        return f"GitHub lists this image as built by {found.repository}, which is not this site's repository"
    if found.commit != provenance.sha:
        return (
            f"GitHub lists this image as built from {short(found.commit)}, not from {short(provenance.sha)}"
        )
    return ""


def why_not(provenance: Provenance | None, *, sha: str, slugs: Collection[str]) -> str:
    """Why a site that requires an attestation does not get `sha` automatically; empty where GitHub lists one that fits."""
    if provenance is None or provenance.sha != sha:
        return f"Whether GitHub lists an attestation for the image of {short(sha)} is not known yet."
    if provenance.problem:
        return sentences(
            f"Whether GitHub lists an attestation for the image of {short(sha)} is not known",
            provenance.problem,
        )
    if provenance.attestation is None:
        return f"GitHub lists no attestation for the image of {short(sha)}, and this site requires one. Attest it in its workflow, or deploy it manually."
    return sentences(contradiction(provenance, slugs=slugs))


def pushed_anew(image: str) -> str:
    """That an image is no longer the one that GitHub lists an attestation for."""
    return f"{image} was pushed again since GitHub listed an attestation for it: the next sync asks about the new image."
