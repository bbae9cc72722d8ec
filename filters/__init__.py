"""The steps of the web filter, one file each, on the contract in `base` and the kernels in `algok.kernels`."""
