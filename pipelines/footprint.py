"""Which process did a task, and the most memory that it held meanwhile. Nothing of it decides what a run writes."""

import os
import platform
import resource
from contextlib import suppress
from pathlib import Path
from typing import Any

_own = False


def own_process() -> None:
    """Lets peaks of this process begin anew with every task; for worker processes only, since whoever started this process
    may measure it too."""
    global _own
    _own = True


def begin_peak() -> None:
    """Forgets the peak so far, where Linux allows it."""
    if _own:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")


def process_name(process: int | None = None) -> str:
    """`machine:process id`, of this process or of one of this machine."""
    return f"{platform.node()}:{process or os.getpid()}"


def footprint() -> dict[str, Any]:
    """What a done record says of the process: its name, and the largest resident memory in bytes since `begin_peak`, or
    since the process began where that was not allowed."""
    return {"worker": process_name(), "peak_bytes": _peak_bytes()}


def _peak_bytes() -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except OSError:  # no Linux, or none that shows it
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
