"""Commands of `qingdan`, one module for each group of them."""
