"""`mario doctor`: what works, what does not, and how to mend it."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from typing import Annotated

import typer

from gym_mario_suite.doctor.finding import Finding, State

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
CORE_BROKEN = 1  # exit code
_STYLE = {State.OK: "green", State.NOTE: "dim", State.WARNING: "yellow", State.ERROR: "bold red"}


@app.command(epilog="Example: mario doctor --json")
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what works on this machine, what does not, and how to mend it.

    Exit code 0 where the core works, 1 where it does not; what is optional makes warnings only.
    """
    findings, works = examine()
    if as_json:
        report = {"core_works": works, "findings": [each.to_json() for each in findings]}
        typer.echo(json.dumps(report, indent=1))
    else:
        _show(findings, works)
    if not works:
        raise typer.Exit(CORE_BROKEN)


def examine() -> tuple[list[Finding], bool]:
    """All findings, and whether the core works."""
    from gym_mario_suite.doctor import machine
    from gym_mario_suite.doctor.extras import check_extras

    gpu = machine.GpuProbe()
    findings = [*machine.about_machine()]
    from gym_mario_suite.doctor.core import check_core

    core = check_core()
    findings += core.findings
    findings += machine.safely("extras", check_extras)
    if core.works:
        from gym_mario_suite.doctor.weights import check_weights

        findings += machine.safely("weights", check_weights)
    from gym_mario_suite.doctor.nes import check_nes

    findings += machine.safely("NES", check_nes)
    findings += machine.safely("GPU", gpu.findings)
    findings += machine.safely("display", machine.check_display)
    findings += machine.safely("folders", machine.check_folders)
    return findings, core.works


def _show(findings: list[Finding], works: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        said = Text(each.text)
        if each.mend:
            said.append(f"\n-> {each.mend}", style=_STYLE[State.WARNING])
        table.add_row(Text(str(each.state), style=_STYLE[each.state]), each.name, said)
    console.print(table)
    count = sum(each.state is State.WARNING for each in findings)
    warned = f"{count} warning{'' if count == 1 else 's'}" if count else "no warnings"
    console.print(f"the core {'works' if works else 'does not work'}; {warned}")
