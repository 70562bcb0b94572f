"""What a registry asks for with a 401 (RFC 9110 §11.6.1, https://distribution.github.io/distribution/spec/auth/token/)."""

import re
from dataclasses import dataclass

_SCHEME = re.compile(r"(?:^|,)\s*(bearer|basic)(?:\s+(?=[\w-]+\s*=)|\s*(?=,|$))", re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True)
class Challenge:
    """`scheme` is `bearer`, `basic`, or empty for one we do not speak; the rest is for `bearer`."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse_challenge(header: str) -> Challenge:
    """The challenge of a WWW-Authenticate header; of several, `bearer` before `basic`."""
    found = dict(_challenges(header))
    if "bearer" in found:
        values = found["bearer"]
        return Challenge(
            "bearer", values.get("realm", ""), values.get("service", ""), values.get("scope", "")
        )
    return Challenge("basic" if "basic" in found else "")


def _challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    blanked = _QUOTED.sub(lambda match: "_" * len(match[0]), header)
    starts = list(_SCHEME.finditer(blanked))
    bounds = [*(match.start() for match in starts), len(header)]
    return [
        (match[1].lower(), _parameters(header[match.end() : end]))
        for match, end in zip(starts, bounds[1:], strict=True)
    ]


def _parameters(text: str) -> dict[str, str]:
    return {
        match[1].lower(): re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        for match in _PARAMETER.finditer(text)
    }
