"""One deadline for a whole call to an external service, however the service delays it.

A timeout of requests or urllib3 counts from one byte to the next, so a server that sends a byte now and then, `100 Continue` without
end, or one redirect after another, is waited for without end. Every client asks through the connections of
deployments/clients/timely_http.py instead:

    with within(10):
        session.get(...)

Names, connecting, TLS, the request, the head and the body all end when the block's time is up; what is raised is the library's own
timeout. The innermost block counts where it ends first. Without a block, an answer may take its read timeout as a whole.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from math import inf
from time import monotonic
from typing import TypeVar

T = TypeVar("T")
_ends_at: ContextVar[float] = ContextVar("ends_at", default=inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What this thread asks in the block ends in this time, or earlier where a block around it does."""
    token = _ends_at.set(min(_ends_at.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left() -> float:
    """Until the end of the block; infinite outside of any, never below zero."""
    return max(_ends_at.get() - monotonic(), 0)


def in_a_thread(call: Callable[[], T]) -> Future[T]:
    """The call's result, from a thread that no process waits for when it ends."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001 -- raised again where the result is read
            future.set_exception(error)

    threading.Thread(target=copy_context().run, args=(work,), name="question", daemon=True).start()
    return future


class TooLate(Exception):
    """The call did not end in time; its thread is left behind."""


def in_time(call: Callable[[], T], *, late: Callable[[T], object] = lambda _: None) -> T:
    """What a call that knows no deadline returns, if it does so in this block's time; `late` is given what comes after it.

    Raises TooLate.
    """
    left = seconds_left()
    if left == inf:
        return call()
    if not left:
        raise TooLate
    future = in_a_thread(call)
    try:
        return future.result(timeout=left)
    except TimeoutError as error:
        if future.done() and future.exception() is error:
            raise
        future.add_done_callback(lambda each: None if each.exception() else late(each.result()))
        raise TooLate from None
