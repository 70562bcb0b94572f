"""What could be a site: workloads of one image repository, with all that is known about them. Kept as JSON in Discovery's row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from hashlib import blake2b
from typing import Any

from deployments.rules.discovery import Candidate
from deployments.rules.images import parse_image
from deployments.rules.targets import UnableToParseReferences, format_references, parse_references

KEY_BYTES = 6


@dataclass(frozen=True, kw_only=True)
class FoundApp:
    key: str
    """The same each time that these workloads are found with this image repository."""
    name: str
    workloads: str
    """As `format_references` writes them."""
    image: str
    hosts: tuple[str, ...] = ()
    owner: str = ""
    repository: str = ""
    commit: str = ""
    """In full where GitHub knows it, else empty."""
    headline: str = ""
    """Of the branch's newest commit."""
    is_by_label: bool = False
    problems: tuple[str, ...] = field(default_factory=tuple)
    """Why it is not proposed without a look; none where everything was confirmed."""

    @property
    def slug(self) -> str:
        return f"{self.owner}/{self.repository}" if self.owner else self.repository

    @property
    def host(self) -> str:
        return self.hosts[0] if self.hosts else ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "FoundApp":
        """Read what `as_dict` has written, and JSON has kept; what another version has added is left out."""
        known = {each.name: values[each.name] for each in fields(cls) if each.name in values}
        lists = {name: tuple(known.get(name, ())) for name in ("hosts", "problems")}
        return cls(**{**known, **lists})


def read_apps(rows: Any) -> list[FoundApp]:
    """Those that can be read: another version may have written the others."""
    apps = []
    for row in rows if isinstance(rows, list) else ():
        try:
            app = FoundApp.of(row)
            parse_references(app.workloads)
        except (TypeError, AttributeError, UnableToParseReferences):
            continue
        apps.append(app)
    return apps


def key_of(app: Sequence[Candidate]) -> str:
    text = f"{parse_image(app[0].image).repository} {format_references(each.reference for each in app)}"
    return blake2b(text.encode(), digest_size=KEY_BYTES).hexdigest()
