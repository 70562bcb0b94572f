"""Where the image comes from that would be deployed, as GitHub lists it."""

from deployments.facts import provenance_from_json, slugs_of
from deployments.queries import SiteRow
from deployments.rules.provenance import Provenance, built_by, contradiction, why_not
from deployments.rules.wording import sentences


def origin_of(row: SiteRow, sha: str) -> str:
    """Return which workflow built the image of a commit; empty where that is not known."""
    known = _known(row, sha)
    return sentences(built_by(known.attestation)) if known and known.attestation else ""


def provenance_of(row: SiteRow, sha: str) -> str:
    """Return the same; where that is not known and an attestation is required, why not."""
    if origin := origin_of(row, sha):
        return origin
    is_required = row.site.requires_provenance and sha
    return why_not(_known(row, sha), sha=sha, slugs=slugs_of(row.site)) if is_required else ""


def provenance_warning(row: SiteRow, sha: str) -> str:
    """Return that GitHub lists the image as another commit's or repository's; empty where it does not."""
    return sentences(contradiction(_known(row, sha), slugs=slugs_of(row.site)))


def _known(row: SiteRow, sha: str) -> Provenance | None:
    known = provenance_from_json(row.seen.provenance)
    return known if known and known.sha == sha else None
