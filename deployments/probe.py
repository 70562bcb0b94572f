"""Whether the worker gave a sign of life lately; for the kubelet, so nothing but the standard library is imported.

python -m deployments.probe FILE --within SECONDS
"""

import argparse
import sys
from pathlib import Path

from deployments.queue.heartbeat import age_seconds


def main() -> None:
    """Exit with 0 where FILE was touched within so many seconds, else with 1 and a line that says how long ago it was."""
    parser = argparse.ArgumentParser(prog="python -m deployments.probe")
    parser.add_argument("file", type=Path, help="the worker's HEARTBEAT_FILE")
    parser.add_argument("--within", type=float, default=300, metavar="SECONDS")
    options = parser.parse_args()
    age = age_seconds(options.file)
    if age > options.within:
        sys.exit(f"The worker's last sign of life is {age:.0f} s old.")


if __name__ == "__main__":
    main()
