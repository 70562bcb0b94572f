"""Our credentials, re-read when the API server no longer accepts them: tokens and certificates are renewed while we run."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deployments.clients.cluster.errors import ClusterError

logger = logging.getLogger(__name__)
_AGAIN_SECONDS = 5
"""Credentials that are refused, and are the same when they are re-read, are not read again before."""


class SignedIn:
    """The present ApiClient, made by `sign_in`, which raises ClusterError. Threads may share it."""

    def __init__(self, sign_in: Callable[[], Any]) -> None:
        self.client = sign_in()
        self._sign_in = sign_in
        self._lock = threading.Lock()
        self._again_at = 0.0

    def renew(self, refused: Any) -> bool:
        """Sign in again where `refused` is still the current client; say whether there is now another one to use."""
        with self._lock:
            if self.client is not refused:
                return True
            if time.monotonic() < self._again_at:
                return False
            renewed = self._renewed()
            if renewed is None:
                self._again_at = time.monotonic() + _AGAIN_SECONDS
                return False
            # Not closed: other threads may be asking with it.
            self.client = renewed
            return True

    def _renewed(self) -> Any:
        try:
            client = self._sign_in()
        except ClusterError as error:
            logger.warning("The cluster's credentials cannot be re-read: %s", error)
            return None
        return None if _secrets(client) == _secrets(self.client) else client


def _secrets(client: Any) -> tuple[object, ...]:
    """What distinguishes one sign-in from another; a certificate by its file's content."""
    configuration = client.configuration
    files = (configuration.cert_file, configuration.key_file)
    return dict(configuration.api_key), *(_content(file) for file in files)


def _content(file: str | None) -> bytes | None:
    try:
        return Path(file).read_bytes() if file else None
    except OSError:
        return None
