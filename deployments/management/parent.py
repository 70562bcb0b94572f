"""Processes that end with the one that started them, whatever ended that one: orphans would keep serving and taking tasks."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_the_parent(by: signal.Signals, *, parent: int) -> None:
    """Ask the kernel to send us `by` when `parent`, our parent, dies. Only Linux knows this; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    # It may have died before we asked.
    if os.getppid() != parent:
        os.kill(os.getpid(), by)
