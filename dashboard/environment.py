"""How the values of two variables are read; a sentence says what cannot be."""

from urllib.parse import urlsplit

from environs import EnvValidationError

_LIKE_THIS = "Write it like icco=ghp_…,acme=github_pat_…: each owner with a token."


def owners_tokens(text: str) -> dict[str, str]:
    """`owner=token`, several by commas or lines. What cannot be read is not repeated: it may be a token."""
    pairs = [each.partition("=") for each in text.replace("\n", ",").split(",") if each.strip()]
    if not all(owner.strip() and token.strip() for owner, _, token in pairs):
        raise EnvValidationError(_LIKE_THIS, [_LIKE_THIS])
    return {owner.strip(): token.strip() for owner, _, token in pairs}


def web_side(api_url: str) -> str:
    """Where people look at a GitHub whose API lies there: GitHub Enterprise Server has both on one host."""
    parts = urlsplit(api_url)
    return "https://github.com" if parts.hostname == "api.github.com" else f"{parts.scheme}://{parts.netloc}"
