"""Names, hashes and times as Kubernetes makes them."""

import hashlib
import json
import random
import uuid
import zlib
from datetime import UTC, datetime

from simulators.cluster.kinds import Json
from simulators.cluster.simulated_time import now

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def random_suffix() -> str:
    """Five characters of the alphabet that cannot spell a bad word (k8s.io/apimachinery/pkg/util/rand)."""
    return "".join(random.choices(_ALPHABET, k=5))


def template_hash(template: Json) -> str:
    """The pod-template-hash: a 32-bit checksum of the template, written in the safe alphabet."""
    total = zlib.crc32(json.dumps(template, sort_keys=True).encode())
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(total))


def image_digest(image: str) -> str:
    """The imageID of a pulled image: its repository and a digest that depends on the reference alone."""
    if "@" in image:
        return image
    repository = image[: image.rfind(":")] if ":" in image.rpartition("/")[2] else image
    return f"{repository}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def pulled_as(image: str, image_id: str) -> str:
    """The imageID of an image that is spelt so: the repository that it was pulled from, and the digest of what that is."""
    named, at, digest = image.partition("@")
    repository = named[: named.rfind(":")] if ":" in named.rpartition("/")[2] else named
    return f"{repository}@{digest if at else image_id.rpartition('@')[2]}"


def new_uid() -> str:
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def timestamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with whole seconds, as metav1.Time is written; now, unless a moment is given."""
    return (moment or now()).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
