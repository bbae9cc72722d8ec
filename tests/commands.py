"""The command line, called inside the process of the tests."""

from click.testing import CliRunner

from algok.cli import cli
from algok.errors import AlgokError


def algok(*arguments, code: int = 0) -> str:
    """What a command writes to standard output; of one that ends with an error, all that it writes and the error."""
    result = CliRunner().invoke(cli, list(map(str, arguments)))
    error = result.exception
    found = error.exit_code if isinstance(error, AlgokError) else result.exit_code
    assert found == code, (found, error, result.output)
    return result.stdout if code == 0 else f"{result.output}{error}"
