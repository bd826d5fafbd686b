"""The forge's workflow files, as far as they can be read here: they have never been run."""

from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")


@pytest.fixture(scope="module")
def workflows(repository: Path) -> dict[str, Any]:
    folder = repository / ".github" / "workflows"
    return {path.name: yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("*.yml")}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job.get("steps", ())]


def test_jobs_have_what_the_forge_asks_for(workflows: dict[str, Any]) -> None:
    assert set(workflows) == {"checks.yml", "release.yml"}
    for workflow in workflows.values():
        assert workflow["name"]
        assert workflow[True]  # the key `on`, which YAML 1.1 reads as a truth value
        for job in workflow["jobs"].values():
            # A job is a call of a workflow or has a machine and steps; no other key is known.
            assert ("uses" in job) != ("runs-on" in job and "steps" in job)
            for needed in [job.get("needs", [])] if isinstance(job.get("needs"), str) else []:
                assert needed in workflow["jobs"]
        for step in steps(workflow):
            assert ("uses" in step) != ("run" in step), step
            if "uses" in step:
                name, at, version = step["uses"].partition("@")
                assert "/" in name
                assert at
                assert version.startswith(("v", "release/v")), step


def test_the_matrix_is_what_is_promised(workflows: dict[str, Any], pyproject: Any) -> None:
    matrix = workflows["checks.yml"]["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    assert {system.split("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}
    prefix = "Programming Language :: Python :: 3."
    classified = {
        line.removeprefix("Programming Language :: Python :: ")
        for line in pyproject["project"]["classifiers"]
        if line.startswith(prefix)
    }
    assert classified <= set(matrix["python"])


def test_what_is_run_is_in_the_repository(workflows: dict[str, Any], repository: Path) -> None:
    for workflow in workflows.values():
        for step in steps(workflow):
            for word in step.get("run", "").split():
                if word.startswith(".ci/"):
                    assert (repository / word).is_file(), word


def test_a_release_needs_the_checks_and_no_password(workflows: dict[str, Any]) -> None:
    release = workflows["release.yml"]
    assert release[True] == {"push": {"tags": ["v*"]}}
    assert release["jobs"]["publish"]["needs"] == "checks"
    assert release["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    published = [
        step for step in steps(release) if "gh-action-pypi-publish" in step.get("uses", "")
    ]
    assert len(published) == 1
    assert "with" not in published[0]
    made = {
        s["with"]["name"]
        for s in steps(workflows["checks.yml"])
        if "upload-artifact" in s.get("uses", "")
    }
    asked = {s["with"]["name"] for s in steps(release) if "download-artifact" in s.get("uses", "")}
    assert asked <= made
