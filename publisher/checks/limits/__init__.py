"""Checks of time limits: longer than before, longer than the law allows, missing where others say one."""
