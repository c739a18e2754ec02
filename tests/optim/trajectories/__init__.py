"""What the optimizers and schedulers of minigrad and PyTorch are run on, to compare them."""
