"""Google's registries take the token of application-default credentials as the password of `oauth2accesstoken`.

https://cloud.google.com/artifact-registry/docs/docker/authentication#token; where the credentials are searched, workload identity
and the metadata server among it: https://cloud.google.com/docs/authentication/application-default-credentials.
"""

import threading
import time
from functools import partial
from typing import Any

from deployments.clients.deadline import TooLate, in_time, seconds_left, within
from deployments.clients.registry.docker_config import Credentials
from deployments.clients.registry.errors import RegistryRefused, RegistryUnavailable
from deployments.clients.timely_http import session

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_ASKED_AGAIN_SECONDS = 600
_TIMEOUTS_FOR_THE_WHOLE = 2
_UNREACHABLE = "Google's sign-in cannot be reached: it is asked again at the next sync."
_NONE_FOUND = "default credentials were not found"


def is_google(registry: str) -> bool:
    """True for gcr.io, its regions, and Artifact Registry."""
    host = registry.lower()
    return host == "gcr.io" or host.endswith((".gcr.io", ".pkg.dev"))


class GoogleCredentials:
    """One token for a process, renewed when google-auth says so. Threads may share it; google-auth is imported when first used."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._found: Any = None
        self._ask_again_at = 0.0

    def for_registry(self, registry: str) -> Credentials | None:
        """What to sign in with; None for another's registry, or without any credentials of Google's. Raises RegistryError."""
        if not is_google(registry):
            return None
        with within(_TIMEOUTS_FOR_THE_WHOLE * self._timeout_seconds):
            if not self._lock.acquire(timeout=seconds_left()):
                raise RegistryUnavailable(_UNREACHABLE)
            try:
                token = self._token()
            finally:
                self._lock.release()
        return Credentials("oauth2accesstoken", token) if token else None

    def _token(self) -> str:
        from google.auth.exceptions import GoogleAuthError, TransportError

        try:
            # google-auth sleeps between its own attempts.
            found = in_time(self._refreshed)
        except (TransportError, TooLate) as error:
            raise RegistryUnavailable(_UNREACHABLE) from error
        except GoogleAuthError as error:
            raise RegistryRefused(
                "Google's credentials cannot be used. Correct GOOGLE_APPLICATION_CREDENTIALS, or the workload's identity.",
                answer_text=_first_line(error),
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            # google-auth lets these through when something else answers at the metadata server's address.
            raise RegistryUnavailable(
                "Google's sign-in answers with something that cannot be read: it is asked again at the next sync."
            ) from error
        return str(found.token) if found is not None else ""

    def _refreshed(self) -> Any:
        from google.auth.transport.requests import Request

        with session() as asking:
            request = partial(Request(asking), timeout=self._timeout_seconds)
            found = self._credentials(request)
            if found is not None and not found.valid:
                found.refresh(request)
        return found

    def _credentials(self, request: Any) -> Any:
        """Searching takes seconds where there is no metadata server: so that is not done for every image."""
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError

        if self._found is None and time.monotonic() >= self._ask_again_at:
            try:
                self._found, _ = google.auth.default(scopes=[_SCOPE], request=request)
            except DefaultCredentialsError as error:
                if _NONE_FOUND not in str(error):
                    raise
                self._ask_again_at = time.monotonic() + _ASKED_AGAIN_SECONDS
        return self._found


def _first_line(error: Exception) -> str:
    text = str(error.args[0] if error.args else error)
    return text.partition("\n")[0][:200]
