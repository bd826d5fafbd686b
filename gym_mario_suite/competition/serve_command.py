"""`mario serve`."""

# No `from __future__ import annotations`: Typer reads the annotations.

from typing import Annotated

import typer

from gym_mario_suite.errors import OptionError, as_number

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario serve --port 4242")
def serve(
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for any that is free.")] = 4242,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is for this machine alone.")
    ] = "127.0.0.1",
    json_lines: Annotated[
        bool, typer.Option("--json", help="Speak JSON lines instead of the protocol of 2009.")
    ] = False,
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Serve standard input and output; implies --json.")
    ] = False,
    connections: Annotated[int, typer.Option(help="Clients at a time.")] = 8,
    idle: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long a client may be silent.")
    ] = 60.0,
) -> None:
    """Let programs in any language play: a server for controllers."""
    if not 0 <= port < 1 << 16:
        raise OptionError(f"--port must be 0 to 65535, got {port}")
    if connections < 1:
        raise OptionError(f"--connections must be at least 1, got {connections}")
    # A socket's clock counts no further than some 292 years.
    as_number("--idle (seconds)", idle, 0.001, 1e9)

    from gym_mario_suite.competition import protocol_json
    from gym_mario_suite.competition.server import PlayServer, StreamWire, print_log
    from gym_mario_suite.competition.sessions import serve_2009, serve_json

    if stdio:
        serve_json(StreamWire(), lambda line: None)
        return
    session, protocol, options = serve_2009, "the protocol of 2009", {}
    if json_lines:
        session, protocol = serve_json, "JSON lines"
        options = {"refusal": protocol_json.encode(protocol_json.error("too many clients"))}
    server = PlayServer(
        session, host, port, connections=connections, idle_s=idle, log=print_log, **options
    )
    print_log(f"listening on {server.address[0]}:{server.address[1]}, {protocol}")
    try:
        server.serve()
    finally:
        server.close()
