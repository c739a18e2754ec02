"""What every test shares: the stand-in for CUDA, the devices, hypothesis's profiles."""

import os

os.environ["MINIGRAD_CUDA"] = "standin"  # before the first use of device="cuda"

import pytest
from hypothesis import settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> str:
    """Each device in turn; "cuda" is the NumPy-backed stand-in."""
    return request.param
