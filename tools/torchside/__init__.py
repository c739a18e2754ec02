"""The parts of tools/torch_parity.py, which need PyTorch."""
