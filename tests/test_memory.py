"""Freed memory is kept for the next step, and users may decide otherwise."""

import os
import platform
import subprocess
import sys

import pytest

# Faults of pages in ten rounds of making and freeing 20 x 0.8 MB, too small for huge pages.
PROGRAM = """
import resource, sys
import minigrad as mg

def round():
    arrays = [mg.full((200_000,), 1.0) for _ in range(20)]

round()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    round()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(**variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")} | variables
    command = [sys.executable, "-c", PROGRAM]
    return int(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library decides itself")
def test_freed_memory_is_kept_unless_the_user_decides():
    assert faults() < 1000 < faults(MALLOC_TRIM_THRESHOLD_="0", MALLOC_MMAP_THRESHOLD_="65536")
