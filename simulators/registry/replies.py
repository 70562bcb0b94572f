"""Answers in the protocol's form (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes)."""

import json
from collections.abc import Mapping
from typing import Any

from simulators.loopback import Response

_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}


def content(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """JSON, as every answer but a blob's is."""
    mine = {"Content-Type": "application/json; charset=utf-8", **_VERSION, **(headers or {})}
    return Response(status=status, headers=mine, body=json.dumps(value).encode())


def error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    return content(status, {"errors": [{"code": code, "message": message, **more}]}, headers)


def blob(body: bytes, media_type: str, digest: str) -> Response:
    headers = {"Content-Type": media_type, "Docker-Content-Digest": digest, "Etag": f'"{digest}"', **_VERSION}
    return Response(headers=headers, body=body)
