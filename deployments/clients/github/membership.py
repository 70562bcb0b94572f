"""Whether the owner of a token belongs to an organisation.

https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
"""

from urllib.parse import quote

from deployments.clients.github.accounts import Account
from deployments.clients.github.errors import GitHubNotFound, GitHubRefused, GitHubTokenRefused
from deployments.clients.github.transport import Transport

_ADVICE = "GitHub no longer accepts this login. Log in with GitHub again."


def is_member(organisation: str, *, token: str, api_url: str, timeout_seconds: float) -> bool:
    """Return whether the membership is active; one that GitHub does not show to this token does not count.

    Raises GitHubTokenRefused for a token that is expired or revoked, any other GitHubError where GitHub does not answer.
    """
    transport = Transport(timeout_seconds=timeout_seconds)
    try:
        account = Account("a person's login", _ADVICE, token)
        url = f"{api_url.rstrip('/')}/user/memberships/orgs/{quote(organisation, safe='')}"
        return transport.send("GET", url, account=account).json().get("state") == "active"
    except GitHubTokenRefused:
        raise
    except (GitHubNotFound, GitHubRefused):
        return False
    finally:
        transport.close()
