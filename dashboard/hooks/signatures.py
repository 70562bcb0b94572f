"""GitHub's signature over a webhook's raw bytes: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""

import hmac
from collections.abc import Iterable, Sequence

PREFIX = "sha256="


def is_signed(body: Iterable[bytes], signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets made it: while a secret is being changed, there are two. Takes as long whichever does."""
    made = [hmac.new(secret.encode(), digestmod="sha256") for secret in secrets]
    for piece in body:
        for each in made:
            each.update(piece)
    given = signature.encode()
    # All are compared.
    return any([hmac.compare_digest(f"{PREFIX}{each.hexdigest()}".encode(), given) for each in made])  # noqa: C419
