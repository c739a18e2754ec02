"""What the figures were measured on, and whether it was quiet."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent

# Above this share of all cores busy with something else, figures would measure that.
QUIET = 0.10


def busy_share(seconds: float = 1.0) -> float | None:
    """The share of all cores that is busy now, 0 to 1; None where the system does not say."""
    stat = Path("/proc/stat")
    if stat.exists():
        before = _cpu_times(stat)
        time.sleep(seconds)
        total, idle = (b - a for a, b in zip(before, _cpu_times(stat), strict=True))
        return 1 - idle / total if total else 0.0
    if hasattr(os, "getloadavg"):
        return os.getloadavg()[0] / cores()
    return None


def _cpu_times(stat: Path) -> tuple[int, int]:
    """(total, idle) since the start; time stolen by other guests of the host counts as busy."""
    fields = [int(n) for n in stat.read_text().splitlines()[0].split()[1:9]]
    return sum(fields), fields[3] + fields[4]


def cores() -> int:
    """The cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def description() -> dict[str, Any]:
    """Machine, system and versions, for the record."""
    return {
        "cpu": _cpu_field("model name") or platform.processor() or platform.machine(),
        "simd": [f for f in ("avx2", "avx512f") if f in (_cpu_field("flags") or "").split()],
        "cores": cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "commit": commit(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": sys.argv[1:],
    }


def _cpu_field(name: str) -> str | None:
    """A field of /proc/cpuinfo, where there is one."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)


def commit() -> str:
    """The short git commit, with ``+`` if files differ from it; empty outside a repository."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        return ""
    return found.stdout.strip()
