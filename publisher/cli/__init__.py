"""The ``qingdan`` command. Its logic is in the packages that the commands call."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def main() -> None:
    """Entry point of the ``qingdan`` script."""
    # A file name in a broken encoding is printed with escapes instead of raising an error.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code (see :mod:`publisher.cli.terminal.exit_codes`).

    Internal errors of the program are raised.
    """
    import click

    from publisher.cli.root import root
    from publisher.cli.terminal import failures, language, usage_errors

    language.set_language(language.choose_language(os.environ))
    try:
        code = root.main(list(arguments), prog_name="qingdan", standalone_mode=False)
    except click.exceptions.Exit as exit_request:
        return exit_request.exit_code
    except (click.Abort, KeyboardInterrupt):
        failures.show_failure(failures.INTERRUPTED)
        return int(failures.INTERRUPTED.exit)
    except click.ClickException as usage_error:
        usage_errors.show_usage_error(usage_error)
        return usage_error.exit_code
    except BrokenPipeError:
        # The reader of our output (head, less) has closed it; another flush at exit would raise an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        failure = failures.explain(error)
        if failure is None:
            raise
        failures.show_failure(failure)
        return int(failure.exit)
    return code if isinstance(code, int) else 0
