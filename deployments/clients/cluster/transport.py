"""One API server over HTTPS: JSON in, JSON out, every call with its timeouts, no hidden retries."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from deployments.clients.cluster.credentials import SignedIn
from deployments.clients.cluster.errors import ClusterError, ClusterRefused, ClusterUnavailable, error_for
from deployments.clients.deadline import within

Timeouts = tuple[float, float]
Query = Mapping[str, str | int]
Json = dict[str, Any]
_SUCCESS = range(200, 300)
_LONGEST_ANSWER_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_STRATEGIC = "application/strategic-merge-patch+json"


@dataclass(frozen=True, kw_only=True)
class _Request:
    method: str
    path: str
    query: Query
    body: Json | None = None
    content_type: str = ""
    accept: str = "application/json"

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": self.accept} | ({"Content-Type": self.content_type} if self.content_type else {})


class Transport:
    """`timeout_seconds` are those to connect and between two reads, `longest_answer_seconds` those of a whole question.

    `sign_in` makes the ApiClient that signs the requests in: at first, and again when the server says 401.
    """

    def __init__(
        self, sign_in: Callable[[], Any], *, timeout_seconds: Timeouts, longest_answer_seconds: float
    ) -> None:
        self._signed_in = SignedIn(partial(_timely, sign_in))
        self._timeouts = timeout_seconds
        self._longest_answer_seconds = longest_answer_seconds

    def close(self) -> None:
        """Closes the connections."""
        self._signed_in.client.close()

    def in_time(self) -> AbstractContextManager[None]:
        """What is asked in this block is one question: the pages of a list."""
        return within(self._longest_answer_seconds)

    def get(self, path: str, **query: str | int) -> Json:
        """The object at this path. Raises ClusterError."""
        return read_json(self._read(_Request(method="GET", path=path, query=query)))

    def text(self, path: str, **query: str | int) -> str:
        """What is at this path as text, unreadable bytes replaced. Raises ClusterError."""
        request = _Request(method="GET", path=path, query=query, accept="*/*")
        return self._read(request).decode(errors="replace")

    def patch(self, path: str, body: Json, **query: str | int) -> Json:
        """The object after a strategic merge patch. Raises ClusterError."""
        request = _Request(method="PATCH", path=path, query=query, body=body, content_type=_STRATEGIC)
        return read_json(self._read(request))

    def post(self, path: str, body: Json, **query: str | int) -> Json:
        """What the server makes of the object. Raises ClusterError."""
        request = _Request(method="POST", path=path, query=query, body=body, content_type="application/json")
        return read_json(self._read(request))

    def _read(self, request: _Request) -> bytes:
        client = self._signed_in.client
        try:
            return self._ask(client, request)
        except ClusterRefused as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED or not self._signed_in.renew(client):
                raise
        return self._ask(self._signed_in.client, request)

    def _ask(self, client: Any, request: _Request) -> bytes:
        with self.in_time(), self._translated():
            response = self._send(client, request, timeouts=self._timeouts)
            body = self._body(response.response)
        if response.status not in _SUCCESS:
            raise error_for(response.status, headers=response.headers, body=body)
        return body

    def _body(self, answer: Any) -> bytes:
        """What urllib3's answer holds. One without end is given up."""
        chunks, size = [], 0
        while chunk := answer.read1(_CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > _LONGEST_ANSWER_BYTES:
                answer.close()
                raise ClusterUnavailable(
                    f"The cluster at {self._signed_in.client.configuration.host} sends an answer without end. Try again."
                )
        answer.release_conn()
        return b"".join(chunks)

    def _send(self, client: Any, request: _Request, *, timeouts: Timeouts) -> Any:
        serialized = client.param_serialize(
            request.method,
            request.path,
            query_params=list(request.query.items()),
            header_params=request.headers,
            body=request.body,
            auth_settings=["BearerToken"],
        )
        return client.call_api(*serialized, _request_timeout=timeouts)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from kubernetes.client.exceptions import ApiException
        from kubernetes.config import ConfigException
        from urllib3.exceptions import HTTPError, NewConnectionError
        from urllib3.exceptions import TimeoutError as NoAnswerInTime

        host = self._signed_in.client.configuration.host
        try:
            yield
        except ClusterError:
            raise
        except (HTTPError, OSError, ValueError) as error:
            # urllib3 counts a refused connection among the timeouts.
            is_late = isinstance(error, NoAnswerInTime) and not isinstance(error, NewConnectionError)
            if is_late:
                raise ClusterUnavailable(
                    f"The cluster at {host} did not answer in time. Try again."
                ) from error
            raise ClusterUnavailable(f"The cluster at {host} cannot be reached: {_reason(error)}") from error
        except ApiException as error:
            raise ClusterUnavailable(
                f"There is no safe connection to the cluster at {host}: {_reason(error.reason)}"
            ) from error
        except ConfigException as error:
            raise ClusterUnavailable(f"The token for the cluster cannot be read: {_reason(error)}") from error


def _timely(sign_in: Callable[[], Any]) -> Any:
    from deployments.clients.timely_http import keep_in_time

    client = sign_in()
    keep_in_time(client.rest_client.pool_manager)
    return client


def read_json(body: bytes) -> Json:
    """The object in an answer or an event. Raises ClusterUnavailable when it is not an object."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ClusterUnavailable("The cluster's answer cannot be read. Is this an API server?") from error
    if not isinstance(answer, dict):
        raise ClusterUnavailable("The cluster's answer is not an object. Is this an API server?")
    return answer


def _reason(error: object) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
