"""algok dashboard: run directories in a browser."""

from collections.abc import Callable

import click


@click.command("dashboard")
@click.argument("directories", nargs=-1, required=True)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; beyond this machine a token is needed."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True)
@click.option(
    "--token", envvar="ALGOK_DASHBOARD_TOKEN", help="What a browser must know [default: none here, else a random one]."
)
def command(directories, host, port, token) -> None:
    """Serve the runs below DIRECTORIES (local or fsspec paths), read only: an index, runs that are going, the report of any
    run, comparisons, trends, shards and documents. Needs the extra: pip install 'algok[dashboard]'.

    /metrics is for Prometheus, /api/openapi.json describes the JSON.

    \b
    Examples:
      algok dashboard runs/
      algok dashboard runs/ s3://bucket/runs --port 9000
    """
    import secrets

    if host not in ("127.0.0.1", "localhost", "::1") and not token:
        token = secrets.token_urlsafe(16)
    server, address = server_of(list(directories), host, port, token)
    from algok.dashboard.report_data import give_memory_back

    give_memory_back()  # of this process alone: beside a run it would take the run's allocator away
    click.echo(f"dashboard: {address}")
    server.run()


def server_of(directories: list[str], host: str, port: int, token: str | None):
    """A server that does not run yet, and its address; raises AlgokError where the extra is not installed."""
    from algok.errors import AlgokError

    try:
        from algok.dashboard.server import prepare
    except ModuleNotFoundError as error:
        raise AlgokError(f"the dashboard needs {error.name}: pip install 'algok[dashboard]'") from None
    return prepare(directories, host, port, token)


def metrics_server_of(directories: list[str], port: int, crew: Callable):
    """A server of /metrics alone that does not run yet; raises AlgokError where the extra is not installed or the port is
    taken."""
    import socket

    from algok.errors import AlgokError

    try:
        from algok.dashboard.server import prepare_metrics
    except ModuleNotFoundError as error:
        raise AlgokError(f"--metrics-port needs {error.name}: pip install 'algok[dashboard]'") from None
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("0.0.0.0", port))
        except OSError as error:
            raise AlgokError(f"--metrics-port {port}: {error.strerror}; choose another port") from None
    return prepare_metrics(directories, port, crew)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
