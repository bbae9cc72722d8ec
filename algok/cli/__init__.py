"""The command line: one file per command, imported only when it is called, so that `algok --help` answers at once."""

import sys
from importlib import import_module

import click

from algok import __version__
from algok.errors import AlgokError

# Command -> its line in `algok --help`. The command's own file has the rest.
COMMANDS = {
    "run": "Run a recipe: inputs in, curated Parquet shards out. The same command resumes.",
    "clean": "Clean one source without a recipe.",
    "annotate": "Run a recipe that computes every signal and drops nothing.",
    "redecide": "Apply other bounds to the stored signals of an annotated run.",
    "explain": "Show what every step says of one document.",
    "pii": "List the personal data found in a file, masked.",
    "recipe": "Show, check and compare recipes.",
    "verify": "Prove that a run's account adds up.",
    "stats": "Show a run's table per step, drop reasons and sources.",
    "report": "Write a run, or what changed between two, as one HTML page.",
    "compare": "Show what changed between two runs; an exit code for CI.",
    "dashboard": "Serve run directories to a browser, read only.",
    "models": "List, show and verify models.",
    "train": "Train a model on your own data.",
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
    missing or damaged · 9 runs differ more than allowed · 130 interrupted
    """


def main() -> None:
    """Entry point; every deliberate error becomes one message and its exit code."""
    try:
        cli(standalone_mode=False)
    except AlgokError as error:
        _say(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("algok: interrupted; the same command goes on from here", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    except OSError as error:  # of a file that the command names, or of a damaged run directory
        _say(error)
        sys.exit(AlgokError.exit_code)


def _say(error: Exception) -> None:
    """The message, line by line; it may quote names from data."""
    from algok.cli.shared import printable

    click.echo("\n".join(map(printable, f"algok: {error}".split("\n"))), err=True)
