"""`manage.py run` for `make demo`: it ends with the demo, even with one that is killed."""

import os
import signal
import sys
from pathlib import Path

from deployments.management.parent import end_with_the_parent

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"

if __name__ == "__main__":
    _, parent, *arguments = sys.argv
    end_with_the_parent(signal.SIGTERM, parent=int(parent))
    os.execv(sys.executable, [sys.executable, str(MANAGE), "run", *arguments])  # noqa: S606
