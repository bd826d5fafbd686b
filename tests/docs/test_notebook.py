"""The notebook runs from its first cell to its last, with tiny settings."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
for _needed in ("ipykernel", "matplotlib", "onnxruntime", "stable_baselines3"):
    pytest.importorskip(_needed)

NOTEBOOK = Path(__file__).parents[2] / "docs" / "notebooks" / "ten_minutes.ipynb"
MAX_BYTES = 300_000


def outputs(notebook: object, kind: str) -> list[str]:
    """What the cells of a notebook have put out, of one MIME type or of the stream's text."""
    found = []
    for cell in notebook.cells:  # type: ignore[attr-defined]
        for output in cell.get("outputs", ()):
            if kind == "text" and output.output_type == "stream":
                found.append(output.text)
            elif kind in output.get("data", {}):
                found.append(output.data[kind])
    return found


def test_it_runs_with_tiny_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MARIO_NOTEBOOK", "tiny")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    text = "".join(outputs(notebook, "text"))
    assert "512 steps in" in text
    assert "mean distance:" in text
    assert len(outputs(notebook, "image/png")) == 3


def test_it_is_stored_with_the_outputs_of_a_whole_run_and_small() -> None:
    assert NOTEBOOK.stat().st_size < MAX_BYTES
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert len(outputs(notebook, "image/png")) == 3
    text = "".join(outputs(notebook, "text"))
    assert "150,000 steps in" in text
    before, after = (
        int(part.split(" px")[0].split()[-1])
        for part in text.split("mean distance: ")[1].split(",")[:2]
    )
    assert after > before, "the agent of the stored run has learned nothing"
    way_px = int(text.split(" px to the right in 48 dreamt frames")[0].split()[-1])
    assert way_px > 150, "it is asked to run, and once it pressed UP"
    assert "/home/" not in text
    for cell in notebook.cells:
        assert not [o for o in cell.get("outputs", ()) if o.output_type == "error"]
