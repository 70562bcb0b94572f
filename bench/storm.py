"""A thousand webhooks in ten seconds, from its own process: `python -m bench.storm URL SECRET`, with the pushes as JSON in its input."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import local
from time import perf_counter, sleep
from typing import Any
from urllib.parse import urlsplit

from simulators.github.webhooks import signed

MESSAGES, SECONDS, AT_ONCE = 1000, 10, 16


def main() -> None:
    url, secret = sys.argv[1:]
    pushes: list[dict[str, Any]] = json.load(sys.stdin)
    target = urlsplit(url)
    # With a number, or it would be a replay. Signed before: GitHub does that on its own machines.
    messages = [
        signed("push", pushes[number % len(pushes)] | {"number": number}, secret)
        for number in range(MESSAGES)
    ]
    sender = local()

    def connect() -> None:
        sender.connection = HTTPConnection(target.netloc, timeout=60)

    start = perf_counter()

    def send(number: int) -> tuple[int, float]:
        sleep(max(start + number * SECONDS / MESSAGES - perf_counter(), 0))
        began = perf_counter()
        sender.connection.request("POST", target.path, *messages[number])
        answer = sender.connection.getresponse()
        answer.read()
        return answer.status, perf_counter() - began

    with ThreadPoolExecutor(AT_ONCE, initializer=connect) as senders:
        sent = list(senders.map(send, range(MESSAGES)))
    took = perf_counter() - start
    slowest = max(seconds for _, seconds in sent)
    statuses = sorted({status for status, _ in sent})
    print(
        json.dumps(
            {"statuses": statuses, "took s": round(took, 1), "slowest answer ms": round(slowest * 1000)}
        )
    )


if __name__ == "__main__":
    main()
