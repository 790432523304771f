"""Limits for hostile files: each is read in a process of its own, and native parsers in a further one.

:mod:`.fork_server` runs a function of this project, :mod:`.run` one of the scripts beside it.
"""
