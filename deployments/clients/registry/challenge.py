"""What a registry asks for with a 401 (RFC 9110 §11.6.1, https://distribution.github.io/distribution/spec/auth/token/)."""

import re
from dataclasses import dataclass

# Each character is read once, whatever the header holds: an unclosed quote extends to the end.
_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+', re.DOTALL)
_WORD = re.compile(r"\s*([\w-]*)\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)', re.DOTALL)
_SCHEMES = frozenset({"bearer", "basic"})


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
    """Each scheme, in lower case, with its parameters; schemes and parameters alike are separated by commas."""
    found: list[tuple[str, dict[str, str]]] = []
    for element in _ELEMENT.findall(header):
        name, rest = _split(element)
        if not rest.startswith("=") and (rest or name.lower() in _SCHEMES):
            found.append((name.lower(), {}))
            name, rest = _split(rest)
        if rest.startswith("=") and found:
            found[-1][1][name.lower()] = _value(rest[1:].strip())
    return found


def _split(text: str) -> tuple[str, str]:
    """The word that a text begins with, and what follows it."""
    word = _WORD.match(text)
    return (word[1], text[word.end() :]) if word else ("", text)


def _value(text: str) -> str:
    quoted = _QUOTED.match(text)
    return re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else text.partition(" ")[0]
