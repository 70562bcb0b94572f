"""WATCH: the history from one revision on, then whatever happens, with bookmarks and 410."""

import time
from collections.abc import Callable, Iterator

from simulators.cluster.errors import ApiError, bad_request, expired
from simulators.cluster.kinds import Json
from simulators.cluster.lists import matcher
from simulators.cluster.requests import Request, Target
from simulators.cluster.selectors import Matcher
from simulators.cluster.store import Change, Store

DEFAULT_SECONDS = 1800
BOOKMARK_SECONDS = 60.0
_ALIVE_SECONDS = 5.0


class Watches:
    def __init__(self, store: Store, *, bookmark_seconds: float = BOOKMARK_SECONDS) -> None:
        self.bookmark_seconds = bookmark_seconds
        self._store = store
        self._closed = False

    def close(self) -> None:
        """Ends every watch."""
        with self._store.changed:
            self._closed = True
            self._store.changed.notify_all()

    def answer(self, request: Request, target: Target) -> Iterator[Json | None]:
        """The stream of events; None now and then, so that the sender notices who hung up. Raises 400."""
        wanted = matcher(request, target)
        text = request.query.get("resourceVersion", "")
        if text and not text.isdigit():
            raise bad_request(f'invalid resourceVersion: "{text}"')
        seconds = request.number("timeoutSeconds") or DEFAULT_SECONDS
        stream = _Stream(self._store, target, wanted, bookmarks=request.is_true("allowWatchBookmarks"))
        return stream.run(int(text or 0), seconds, self.bookmark_seconds, lambda: self._closed)


class _Stream:
    def __init__(self, store: Store, target: Target, wanted: Matcher, *, bookmarks: bool) -> None:
        self._store = store
        self._target = target
        self._wanted = wanted
        self._bookmarks = bookmarks
        self._revision = 0

    def run(
        self, revision: int, seconds: float, bookmark_seconds: float, is_closed: Callable[[], bool]
    ) -> Iterator[Json | None]:
        end = time.monotonic() + seconds
        next_bookmark = time.monotonic() + bookmark_seconds
        try:
            yield from self._begin(revision)
            while not is_closed() and time.monotonic() < end:
                pause = min(end, next_bookmark, time.monotonic() + _ALIVE_SECONDS) - time.monotonic()
                yield from self._next(max(0.0, pause), is_closed)
                if self._bookmarks and time.monotonic() >= min(next_bookmark, end):
                    next_bookmark = time.monotonic() + bookmark_seconds
                    yield self._bookmark()
        except ApiError as error:
            yield {"type": "ERROR", "object": error.status()}

    def _begin(self, revision: int) -> Iterator[Json]:
        """Without a revision the present state comes first, as ADDED."""
        if revision:
            self._revision = revision
            return
        with self._store.lock:
            self._revision = self._store.revision
            things = self._store.all_of(self._target.kind.plural, self._target.namespace)
        for thing in things:
            if self._wanted(thing):
                yield {"type": "ADDED", "object": thing}

    def _next(self, pause: float, is_closed: Callable[[], bool]) -> Iterator[Json | None]:
        with self._store.changed:
            self._store.changed.wait_for(lambda: is_closed() or self._store.revision > self._revision, pause)
            if self._revision < (oldest := self._store.forgotten_revision):
                raise expired(f"too old resource version: {self._revision} ({oldest})")
            changes = list(self._store.changes_after(self._revision))
            if changes:
                self._revision = changes[-1].revision
        if not changes:
            yield None
        for change in changes:
            if event := self._event(change):
                yield event

    def _event(self, change: Change) -> Json | None:
        """The change as this watcher sees it: leaving its selection is DELETED, entering it is ADDED."""
        namespace = change.new["metadata"].get("namespace", "")
        if change.plural != self._target.kind.plural or self._target.namespace not in ("", namespace):
            return None
        was = change.old is not None and self._wanted(change.old)
        now = change.type != "DELETED" and self._wanted(change.new)
        if not was and not now:
            return None
        word = "MODIFIED" if was and now else "ADDED" if now else "DELETED"
        return {"type": word, "object": change.new}

    def _bookmark(self) -> Json:
        kind = self._target.kind
        metadata = {"resourceVersion": str(self._revision), "creationTimestamp": None}
        return {
            "type": "BOOKMARK",
            "object": {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata},
        }
