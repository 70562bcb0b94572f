"""GitHub on loopback: authentication, the remaining budget, planned failures, and then the answer."""

import threading
from dataclasses import replace
from typing import Self

from simulators.github import git_server, graphql_api, rest_api
from simulators.github.access import TokenHeaders, Tokens
from simulators.github.answers import compressed, error_response, json_response
from simulators.github.catalogue import Catalogue
from simulators.github.failures import RESOURCE_LIMITS_ERROR, Failure, Failures, Limit, Logged, plain_failure
from simulators.github.permissions import TokenPermissions
from simulators.github.query import Query, read_query
from simulators.github.sign_in import SignIn
from simulators.github.webhooks import Webhooks
from simulators.loopback import LoopbackServer, Request, Response

_HANG_SECONDS = 60.0


class DemoGitHub:
    """Speaks GitHub's API at `url` (and at `url/api/v3` with `url/api/graphql`, as GitHub Enterprise Server does).

    Settings, to be changed at any time: `latency_seconds` before each answer, `max_aliases` of one query, `most_answers`
    after which each further alias gets its own error, `patch_bytes` of each
    file in a comparison, `limits` by resource (`graphql`, `core`).
    """

    def __init__(self, port: int = 0, token: str = "demo-token") -> None:  # noqa: S107 -- the demo's own
        self.tokens = Tokens(token)
        self.sign_in = SignIn()
        self.repositories = Catalogue()
        self.webhooks = Webhooks()
        self.git = git_server.GitServer(self.repositories)
        self.requests: list[Logged] = []
        self.latency_seconds = 0.0
        self.max_aliases: int | None = None
        self.most_answers: int | None = None
        self.patch_bytes = 100
        self.limits = {"graphql": Limit(), "core": Limit()}
        self._failures = Failures()
        self.fail_next, self.poison, self.heal = (
            self._failures.fail_next,
            self._failures.poison,
            self._failures.heal,
        )
        self._lock = threading.Lock()
        self._server = LoopbackServer(self._answer, port=port)

    @property
    def token(self) -> str:
        """The one that sees every owner's repositories."""
        return self.tokens.main

    @token.setter
    def token(self, value: str) -> None:
        self.tokens.main = value

    @property
    def url(self) -> str:
        return f"http://{self._server.host}"

    def start(self) -> Self:
        self._server.start()
        return self

    def stop(self) -> None:
        self._server.stop()
        self.git.stop()

    def _answer(self, request: Request) -> Response:
        request = replace(request, path=_plain_path(request.path))
        self._server.stopping.wait(self.latency_seconds)
        if not request.headers.get("user-agent"):
            return error_response(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
            )
        with self._lock:
            failure, response = self._judged(request)
        if failure is Failure.HANG:
            self._server.stopping.wait(_HANG_SECONDS)
            return Response(dropped=True)
        resource = "graphql" if request.path == "/graphql" else "core"
        headers = {**response.headers, "X-GitHub-Request-Id": "0400:3F9C"}
        if response.status != 401:
            headers |= self.limits[resource].headers(resource)
            headers |= self.tokens.headers_of_tokens.get(_token_of(request), TokenHeaders()).headers()
        return compressed(request, replace(response, headers=headers, truncated=failure is Failure.TRUNCATED))

    def _judged(self, request: Request) -> tuple[Failure | None, Response]:
        is_graphql = request.path == "/graphql"
        query = read_query(request) if is_graphql else None
        git = git_server.named(request)
        named = git or (frozenset(query.repositories) if query else rest_api.named(request))
        self.requests.append(Logged(request.method, request.path, named, request=request))
        token = _token_of(request)
        permissions = self.tokens.permissions_of(token)
        own = None if git else self.sign_in.answered(request, token) or self.tokens.answered(request, token)
        refusal = None if git or own else self._unauthorized(request, is_graphql=is_graphql)
        if refusal is not None:
            return None, refusal
        failure = self._failures.due(named)
        limit = self.limits["graphql" if is_graphql else "core"]
        plain = plain_failure(failure, limit) if failure else None
        if plain is not None or failure is Failure.HANG or own is not None:
            return failure, plain or own or Response()
        if git:
            return failure, self.git.answered(request, self.url)
        if is_graphql:
            return failure, self._graphql(query, failure, limit, permissions)
        return failure, self._rest(request, failure, limit, permissions)

    def _unauthorized(self, request: Request, *, is_graphql: bool) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            text = "This endpoint requires you to be authenticated."
            return error_response(401, text) if is_graphql else None
        if scheme.lower() not in {"bearer", "token"} or self.tokens.permissions_of(token) is None:
            return error_response(401, "Bad credentials")
        return None

    def _graphql(
        self, query: Query | None, failure: Failure | None, limit: Limit, permissions: TokenPermissions | None
    ) -> Response:
        if query is None or permissions is None:
            return error_response(400, "Problems parsing JSON")
        if failure and failure is not Failure.TRUNCATED:
            return graphql_api.failed(failure, limit)
        if not limit.spend(query.cost):
            return graphql_api.failed(Failure.RATE_LIMITED, limit)
        if self.max_aliases is not None and len(query.repositories) > self.max_aliases:
            return json_response({"data": None, "errors": [RESOURCE_LIMITS_ERROR]})
        return graphql_api.executed(
            query, self.repositories, limit, permissions=permissions, most=self.most_answers
        )

    def _rest(
        self, request: Request, failure: Failure | None, limit: Limit, permissions: TokenPermissions | None
    ) -> Response:
        if request.path == "/rate_limit":
            resources = {name: each.as_json() for name, each in self.limits.items()}
            return json_response({"resources": resources, "rate": self.limits["core"].as_json()})
        if failure is Failure.RATE_LIMITED or not limit.spend():
            limit.remaining = 0
            return error_response(403, "API rate limit exceeded for user ID 1.")
        if request.path == "/":
            return json_response({"rate_limit_url": f"{self.url}/rate_limit"})
        response = rest_api.answered(
            request, self.repositories, permissions=permissions, patch_bytes=self.patch_bytes, url=self.url
        )
        if response.status == 304 and "authorization" in request.headers:
            limit.used -= 1
        return response


def _token_of(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2]


def _plain_path(path: str) -> str:
    """The path on github.com of one on Enterprise Server, which has its GraphQL at `/api/graphql` and nowhere else."""
    if path in {"/api/graphql", "/api/v3/graphql"}:
        return path.removeprefix("/api")
    return path.removeprefix("/api/v3") or "/"
