"""Addresses of doors, one of which has a secret in it."""

import re

_DOOR = "/hooks/image/"
_TOKEN = re.compile(rf"({_DOOR})[^\s\"'/?]+")


def without_token(text: str) -> str:
    """A path, or a text with addresses in it, as it may be written down."""
    return _TOKEN.sub(r"\1…", text)
