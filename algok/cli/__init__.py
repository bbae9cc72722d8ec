"""The command line: one file per command, imported only when it is called, so that `algok --help` answers at once."""

import os
import signal
import sys
from importlib import import_module
from io import StringIO
from itertools import pairwise
from typing import NoReturn

import click

from algok import __version__
from algok.errors import AlgokError

# Command -> its line in `algok --help`. The command's own file has the rest.
COMMANDS = {
    "run": "Run a recipe: inputs in, curated Parquet shards out. The same command resumes.",
    "clean": "Clean one source without a recipe.",
    "annotate": "Run a recipe that computes every signal and drops nothing.",
    "redecide": "Apply other bounds to the stored signals of an annotated run.",
    "mix": "Mix finished runs into shards in training order.",
    "explain": "Show what every step says of one document.",
    "pii": "List the personal data found in a file, masked.",
    "sources": "List the shapes of corpora, or look into a file or folder of records.",
    "recipe": "Show, check and compare recipes.",
    "verify": "Prove that a run's account adds up.",
    "stats": "Show a run's table per step, drop reasons and sources.",
    "report": "Write a run, or what changed between two, as one HTML page.",
    "compare": "Show what changed between two runs; an exit code for CI.",
    "dashboard": "Serve run directories to a browser, read only.",
    "models": "List, show and verify models.",
    "decontaminate": "Index benchmarks, to keep them out of the training.",
    "label": "Label the documents of a run that teach most.",
    "train": "Train a model on your own data.",
    "distil": "Teach a fast model what a slow one says.",
    "evaluate": "Measure a recipe and its models on labelled documents.",
    "tune": "Choose a bound from labelled documents.",
}


class _Commands(click.Group):
    """Loads a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return import_module(f"algok.cli.{name}_command").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="algok")
def cli() -> None:
    """Curates Korean text for language-model training.

    Exit codes: 0 done · 1 failed · 2 wrong recipe or usage · 3 wrong input · 4 output directory · 5 tasks failed, resume
    with the same command · 6 error budget exceeded · 7 account does not add up · 8 model
    missing or damaged · 9 runs differ more than allowed · 130 interrupted · 143 terminated. With --json a failure prints an
    object with `error` too.
    """


class _Terminated(BaseException):
    """SIGTERM, as an exception: what a command has begun is cleared away as after Ctrl-C."""


def main() -> None:
    """Entry point; every deliberate error becomes one message and its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    _end(_run())


def _run() -> int:
    """Runs the command; its exit code."""
    try:
        cli(standalone_mode=False)
    except AlgokError as error:
        return _fail(type(error).__name__, str(error), error.exit_code)
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail("Interrupted", "interrupted; the same command goes on from here", 130)
    except _Terminated:
        return _fail("Terminated", "terminated (SIGTERM); the same command goes on from here", 143)
    except click.ClickException as error:
        from algok.pipelines.credentials import without_credentials

        if _logs_json():
            return _fail(type(error).__name__, error.format_message(), error.exit_code)
        shown = StringIO()
        error.show(shown)
        click.echo(without_credentials(shown.getvalue()), err=True, nl=False)
        _print_failure(type(error).__name__, without_credentials(error.format_message()), error.exit_code)
        return error.exit_code
    except (
        SystemExit
    ) as error:  # of a command that has printed its failure, or of click when the reader of a pipe has gone
        return error.code if isinstance(error.code, int) else AlgokError.exit_code
    except BrokenPipeError:
        return 141
    except OSError as error:  # of a file that the command names, or of a damaged run directory
        return _fail(type(error).__name__, str(error), AlgokError.exit_code)
    return 0


def _end(code: int) -> NoReturn:
    """Ends the process without taking the interpreter down around Arrow's threads: one that wants the interpreter at that
    moment, to give a Python object back, is ended by Python in the middle of C++ code, which aborts the process after all
    work is done. Commands close their executors themselves, so that nothing is left to do."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            code = 141
        except (OSError, ValueError, AttributeError):  # closed, or none
            code = code or AlgokError.exit_code
    os._exit(code)


def _terminate(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not end the clearing
    raise _Terminated


def _fail(kind: str, message: str, code: int) -> int:
    """Says what failed on stderr, line by line, and for --json as an object on stdout; gives the exit code. The message may
    quote names from data, and what a user typed."""
    from algok.cli.shared import printable
    from algok.pipelines.credentials import without_credentials

    message = without_credentials(message)
    if _logs_json():
        from algok.pipelines.progress import write_json

        write_json("failed", {"error": kind, "message": message, "exit_code": code}, "error")
    else:
        click.echo("\n".join(map(printable, f"algok: {message}".split("\n"))), err=True)
    _print_failure(kind, message, code)
    return code


def _logs_json() -> bool:
    """Asked for in the arguments themselves, too."""
    words = sys.argv[1:]
    return "--log-format=json" in words or ("--log-format", "json") in pairwise(words)


def _print_failure(kind: str, message: str, code: int) -> None:
    """Asked for in the arguments themselves: a wrong option fails before any option is known."""
    if "--json" in sys.argv[1:]:
        from algok.cli.shared import print_json

        print_json({"ok": False, "error": kind, "message": message, "exit_code": code})
