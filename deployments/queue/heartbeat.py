"""The worker's heartbeat: a file that is touched when a task has ended, at least every 30 s. A probe and the watchdog read its age.

For the kubelet, so nothing but the standard library is imported: python -m deployments.queue.heartbeat FILE --within SECONDS
"""

import argparse
import sys
from pathlib import Path
from time import time


def beat(file: Path) -> None:
    """Touch the file, making its folder first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()


def age_seconds(file: Path) -> float:
    """Seconds since the last beat; infinite where there was none."""
    try:
        return time() - file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def main() -> None:
    """Exit with 0 where FILE was touched within so many seconds, else with 1 and a line that says how long ago it was."""
    parser = argparse.ArgumentParser(prog="python -m deployments.queue.heartbeat")
    parser.add_argument("file", type=Path, help="the worker's HEARTBEAT_FILE")
    parser.add_argument("--within", type=float, default=300, metavar="SECONDS")
    options = parser.parse_args()
    age = age_seconds(options.file)
    if age > options.within:
        sys.exit(f"The worker's last heartbeat is {age:.0f} s old.")


if __name__ == "__main__":
    main()
