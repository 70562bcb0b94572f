"""Ends the processes that a killed pytest can no longer end: `python keeper.py PID-OF-PYTEST`, which reads each from standard input.

A line is `+PID` for the leader of a process group that runs now, and `-PID` for one that is gone. The kernel's parent-death
signal would not do: it comes when the thread that started a process ends, and some tests start theirs in threads.
"""

import os
import select
import signal
import sys
from contextlib import suppress

CHECK_EVERY_SECONDS = 1


def main(parent: int) -> None:
    running: set[int] = set()
    rest = b""
    while True:
        if not select.select([0], [], [], CHECK_EVERY_SECONDS)[0]:
            # A fork of pytest's may hold the pipe open for longer than pytest lives.
            if os.getppid() == parent:
                continue
            break
        if not (read := os.read(0, 65536)):
            break
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            (running.add if line.startswith(b"+") else running.discard)(int(line[1:]))
    for pid in running:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
