"""Which token is used for which owner's repositories, and what a person has to do when GitHub does not accept it."""

from dataclasses import dataclass, field

from deployments.clients.github.errors import GitHubRefused

_MAKE_ANOTHER = "GitHub does not accept the token: it is wrong, expired or revoked. Make a new one and set"


@dataclass(frozen=True)
class Account:
    """`name` says which credential it is, is not secret, and does not change with the token."""

    name: str
    advice: str
    """What to do when GitHub does not accept the token."""
    token: str = field(default="", repr=False)


NOBODY = Account(
    "no token", "GitHub wants a token. Make one that can read these repositories and set GITHUB_TOKEN."
)


def name_of(owner: str) -> str:
    """The setting that a token came from; no owner: the one for all."""
    return f"GITHUB_TOKENS, {owner}" if owner else "GITHUB_TOKEN"


def account_of(token: str, *, owner: str = "") -> Account:
    """The account of a token that was set, for all owners or for one. Raises GitHubRefused when it cannot be a token."""
    token = token.strip()
    name = name_of(owner)
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise GitHubRefused(f"{name} holds characters that no token has. Paste it again, on one line.")
    return Account(name, f"{_MAKE_ANOTHER} {name}.", token) if token else NOBODY
