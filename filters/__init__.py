"""The steps of the web filter, one file each, on the contract of `algok/step.py` and the kernels in `algok.kernels`."""
