"""Commands of `qingdan`, one module per group."""
