"""Commands of `qingdan`, one module a group."""
