"""The ``qingdan`` command: the log on a terminal. Thin; what it does lives in the rooms below."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Entry point of the ``qingdan`` script."""
    # A file name in a broken encoding is shown with escapes instead of ending the command.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (see :mod:`publisher.cli.terminal.exit_codes`).

    Faults of the program itself are raised.
    """
    import click

    from publisher.cli.root import root
    from publisher.cli.terminal import failures

    try:
        code = root.main(list(arguments), prog_name="qingdan", standalone_mode=False)
    except click.exceptions.Exit as asked:
        return asked.exit_code
    except (click.Abort, KeyboardInterrupt):
        failures.show(failures.INTERRUPTED)
        return int(failures.INTERRUPTED.exit)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except BrokenPipeError:
        # Who read our output (head, less) has seen enough; flushing again at exit would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        failure = failures.explain(error)
        if failure is None:
            raise
        failures.show(failure)
        return int(failure.exit)
    return code if isinstance(code, int) else 0
