"""A thousand webhooks in ten seconds, from its own process: `python -m bench.storm URL SECRET`, with the pushes as JSON in its input."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep
from typing import Any

import requests

from simulators.github.webhooks import signed

MESSAGES, SECONDS, AT_ONCE = 1000, 10, 16


def main() -> None:
    url, secret = sys.argv[1:]
    pushes: list[dict[str, Any]] = json.load(sys.stdin)
    start = perf_counter()
    with requests.Session() as session, ThreadPoolExecutor(AT_ONCE) as senders:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=AT_ONCE))

        def send(number: int) -> tuple[int, float]:
            sleep(max(start + number * SECONDS / MESSAGES - perf_counter(), 0))
            began = perf_counter()
            # With a number, or it would be a replay.
            body, headers = signed("push", pushes[number % len(pushes)] | {"number": number}, secret)
            status = session.post(url, body, headers=headers, timeout=60).status_code
            return status, perf_counter() - began

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
