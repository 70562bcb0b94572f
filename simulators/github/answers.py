"""JSON as GitHub sends it: compressed for those who take it, errors with a message and the documentation's address."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulators.loopback import Request, Response

_WORTH_COMPRESSING = 1000


def json_response(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status=status,
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        body=json.dumps(body, ensure_ascii=False).encode(),
    )


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"message": text, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
    return json_response(body, status=status, headers=headers)


def compressed(request: Request, response: Response) -> Response:
    """The same response, gzipped when the client accepts that and it is worth it."""
    if "gzip" not in request.headers.get("accept-encoding", "") or len(response.body) < _WORTH_COMPRESSING:
        return response
    headers = {**response.headers, "Content-Encoding": "gzip"}
    return replace(response, body=gzip.compress(response.body, 1), headers=headers)
