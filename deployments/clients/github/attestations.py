"""What GitHub lists for a digest: https://docs.github.com/en/rest/repos/attestations#list-attestations.

Read is the statement alone, as actions/attest-build-provenance writes it (https://slsa.dev/spec/v1.0/provenance). No signature is checked.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from deployments.clients.github.answer import Answer
from deployments.rules.images import is_full_sha
from deployments.rules.provenance import Attestation
from deployments.rules.wording import printable

PAGE = "per_page=30&predicate_type=provenance"
_PROVENANCE = "https://slsa.dev/provenance/"
_LONGEST = 300


def read_attestation(answer: Answer, *, digest: str) -> Attestation | None:
    """The first that is a build of this digest; None where there is none that can be read."""
    listed = answer.json().get("attestations")
    found = (_read(each, digest) for each in listed if isinstance(each, dict)) if listed else ()
    return next((each for each in found if each), None)


def _read(entry: Mapping[str, Any], digest: str) -> Attestation | None:
    try:
        envelope = entry["bundle"]["dsseEnvelope"]
        statement = json.loads(base64.b64decode(envelope["payload"], validate=True))
        subjects = [each["digest"]["sha256"] for each in statement["subject"]]
        definition = statement["predicate"]["buildDefinition"]
        workflow = definition["externalParameters"]["workflow"]
        commit = definition["resolvedDependencies"][0]["digest"]["gitCommit"]
        kind, repository, path = statement["predicateType"], workflow["repository"], workflow["path"]
    except (KeyError, TypeError, ValueError, IndexError, RecursionError, binascii.Error):
        return None
    is_its_own = digest.removeprefix("sha256:") in subjects and str(kind).startswith(_PROVENANCE)
    if not (is_its_own and isinstance(commit, str) and is_full_sha(commit)):
        return None
    slug = "/".join(str(repository).rstrip("/").split("/")[-2:])
    return Attestation(
        repository=printable(slug)[:_LONGEST], workflow=printable(str(path))[:_LONGEST], commit=commit
    )
