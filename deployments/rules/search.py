"""Which sites match a search."""

import re
from collections.abc import Iterable

_BEGINNING_OF_A_SHA = re.compile("[0-9a-f]{4,40}")


def finds(word: str, *, text: str, shas: Iterable[str]) -> bool:
    """Whether a word in lower case is in the text, or is the beginning of a commit's SHA: four characters at least."""
    if word in text:
        return True
    return bool(_BEGINNING_OF_A_SHA.fullmatch(word)) and any(sha.startswith(word) for sha in shas)
