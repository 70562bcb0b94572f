"""What a process has needed at most."""

from pathlib import Path


def peak_megabytes() -> float:
    """Peak of this program alone (Linux): getrusage would tell the parent's, from before it became this one."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
