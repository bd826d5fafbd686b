"""What is installed of each extra, and whether it is new enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from gym_mario_suite.doctor.finding import Finding, State

DISTRIBUTION = "gym-mario-suite"
CORE = ""
# The names of other extras: all that a user wants, and what contributors need.
_GATHERED = frozenset({"all", "docs", "test"})
# Extras of which one does for all.
_ALTERNATIVES = (frozenset({"fceumm", "nes"}),)
# Extras that only some have a use for: the NES has an emulator of its own.
_SPECIAL = frozenset({"gpu", "fceumm", "nes"})

VersionOf = Callable[[str], str]


def requirements_by_extra(texts: Iterable[str]) -> dict[str, list[Requirement]]:
    """The requirements of each extra that apply to this Python and system.

    Args:
        texts: Requirements as the metadata of a distribution has them.

    Returns:
        By name of the extra, those of the core under `CORE`. An extra none of whose requirements
        apply here (a marker excludes this Python, say) has an empty list.
    """
    found: dict[str, list[Requirement]] = {CORE: []}
    for text in texts:
        requirement = Requirement(text)
        if requirement.name == DISTRIBUTION:
            continue
        extra = _extra_of(requirement)
        rows = found.setdefault(extra, [])
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            rows.append(requirement)
    return found


def _extra_of(requirement: Requirement) -> str:
    """The extra that a marker names: `extra == "play"`, alone or after other conditions."""
    _, found, rest = str(requirement.marker or "").partition('extra == "')
    return rest.partition('"')[0] if found else CORE


def check_extras(
    texts: Iterable[str] | None = None, version_of: VersionOf = metadata.version
) -> list[Finding]:
    """One finding for the core's requirements and one for each extra.

    Args:
        texts: Requirements; those of the installed distribution by default.
        version_of: Version of a distribution; raises `PackageNotFoundError` where there is none.
    """
    if texts is None:
        try:
            texts = metadata.requires(DISTRIBUTION) or ()
        except metadata.PackageNotFoundError:
            return [
                Finding(
                    "requirements",
                    State.WARNING,
                    "this package runs from its sources and is not installed",
                    "pip install -e . in the folder that holds pyproject.toml",
                )
            ]
    groups = requirements_by_extra(texts)
    faults = {extra: _faults(rows, version_of) for extra, rows in groups.items()}
    # An extra of which nothing applies here lacks nothing, but is not there.
    there = {extra for extra, rows in groups.items() if rows and not faults[extra]}
    return [
        _finding(extra, rows, faults[extra], there, version_of)
        for extra, rows in groups.items()
        if extra not in _GATHERED
    ]


def _faults(rows: list[Requirement], version_of: VersionOf) -> list[str]:
    """What is missing or too old, in words."""
    found = []
    for row in rows:
        version = _version(row.name, version_of)
        if version is None:
            found.append(f"{row.name} is missing")
        elif not _satisfied(row, version):
            found.append(f"{row.name} {version} is not {row.specifier}")
    return found


def _satisfied(row: Requirement, version: str) -> bool:
    try:
        return row.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True  # a build of somebody's own: nothing can be said


def _finding(
    extra: str,
    rows: list[Requirement],
    faults: list[str],
    there: set[str],
    version_of: VersionOf,
) -> Finding:
    name = f"extra {extra}" if extra else "requirements"
    versions = ((row.name, _version(row.name, version_of)) for row in rows)
    installed = ", ".join(f"{name} {version}" for name, version in versions if version)
    target = f"{DISTRIBUTION}[{extra}]" if extra else DISTRIBUTION
    install = f'pip install --upgrade "{target}"'
    wrong = "; ".join(faults)
    text = f"{wrong} (there: {installed})" if wrong and installed else wrong or installed
    if not rows:
        return Finding(name, State.NOTE, "not for this Python or system")
    if not wrong:
        return Finding(name, State.OK, text)
    if extra == CORE:
        return Finding(name, State.ERROR, text, install)
    others = {other for group in _ALTERNATIVES if extra in group for other in group} - {extra}
    for other in sorted(others & there):
        return Finding(name, State.NOTE, f"{wrong}; {other} is installed in its place")
    if extra in _SPECIAL:
        return Finding(name, State.NOTE, wrong, install)
    return Finding(name, State.WARNING, text, install)


def _version(name: str, version_of: VersionOf) -> str | None:
    try:
        return version_of(name)
    except metadata.PackageNotFoundError:
        return None
