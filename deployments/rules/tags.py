"""The tags that people group their sites by."""

import re

TAG = r"[a-z0-9][a-z0-9._-]{0,29}"
TAGS = rf"^({TAG}( {TAG})*)?$"


def parse_tags(text: str) -> str:
    """Return tags as they are kept: in lower case, each once, in order, with one space between; commas separate them too."""
    return " ".join(sorted(set(re.split(r"[\s,;]+", text.lower())) - {""}))
