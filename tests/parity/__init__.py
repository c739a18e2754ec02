"""Agreement with PyTorch: recorded cases, replayed on minigrad without PyTorch.

`tools/torch_parity.py` draws and records the cases, and needs PyTorch; nothing here does.
"""
