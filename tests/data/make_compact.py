"""Make the small copies of the 2009 recordings that the tests run on by default.

    python tests/data/make_compact.py FOLDER_TRACES FOLDER_GOLDEN

FOLDER_TRACES holds the full recordings (`traces_*.npz`, `levels.npz`, `scores_2009.json`),
FOLDER_GOLDEN the golden files (`episodes.tsv`, `levels.json`, `crafted.txt`). The copies have the
same form. The same input gives the same bytes (with the same zlib).
"""

import json
import shutil
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Meta = dict[str, Any]

HERE = Path(__file__).resolve().parent
TRACES_PER_EVENT = 3
TRACES_PER_FILE = 25
SCORED_AGENTS = (
    "ForwardJumpingAgent",
    "ForwardAgent",
    "ScaredAgent",
    "ScaredSpeedyAgent",
    "TrondEllingsen_LuckyAgent",
)
GOLDEN_FILES = ("episodes.tsv", "levels.json", "crafted.txt")

# Each family of rows: the array of its row ranges, and what its members' names begin with.
PER_TRACE = {
    "map_start": ("map",),
    "tpl_start": ("tpl_x", "tpl_y", "tpl_type", "tpl_winged"),
    "tick_start": ("t_",),
    "chg_start": ("c_",),
    "obs_start": ("o_",),
}
# Ranges inside the rows of another family.
PER_ROW = {"spr_start": ("tick_start", "s_"), "ofloat_start": ("obs_start", "o_float")}


def read(path: Path) -> Arrays:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def metas_of(arrays: Arrays) -> list[Meta]:
    return json.loads(arrays["meta_json"].tobytes())


def demands(meta: Meta) -> list[str]:
    """What a trace is wanted for: its events, and its way of being made."""
    special = [key for key in ("edited", "pause_world", "post") if meta[key] > 0]
    made = f"policy {meta['policy']} {special}"
    ending = f"type {meta['type']} mode {meta['mode']} status {meta['status']}"
    return [*meta["events"], made, ending]


def choose(metas: list[Meta]) -> list[int]:
    """Indices of traces that meet every demand some times over, preferring short traces."""
    wanted: Counter[str] = Counter()
    for meta in metas:
        wanted.update(demands(meta))
    for demand, available in wanted.items():
        is_event = " " not in demand
        wanted[demand] = min(available, TRACES_PER_EVENT if is_event else 1)
    chosen: list[int] = []
    left = list(range(len(metas)))

    def gain(i: int) -> float:
        return sum(wanted[demand] > 0 for demand in demands(metas[i])) / metas[i]["n_ticks"]

    while any(count > 0 for count in wanted.values()):
        best = max(left, key=lambda i: (gain(i), -i))
        chosen.append(best)
        left.remove(best)
        wanted.subtract(demands(metas[best]))
    return sorted(chosen)


def members(arrays: Arrays, prefixes: tuple[str, ...]) -> list[str]:
    names = [name for name in arrays if name.startswith(prefixes) and not name.endswith("_start")]
    return [name for name in names if name != "o_float"]


def part(arrays: Arrays, i: int) -> Arrays:
    """The arrays of trace `i` alone."""
    out: Arrays = {}
    rows: dict[str, slice] = {}
    for start, prefixes in PER_TRACE.items():
        a, b = (int(v) for v in arrays[start][i : i + 2])
        rows[start] = slice(a, b)
        out[start] = np.array([0, b - a], np.int64)
        for name in members(arrays, prefixes):
            out[name] = arrays[name][a:b]
    for start, (parent, prefix) in PER_ROW.items():
        bounds = arrays[start][rows[parent].start : rows[parent].stop + 1]
        a, b = int(bounds[0]), int(bounds[-1])
        out[start] = bounds - a
        for name in [prefix] if prefix in arrays else members(arrays, (prefix,)):
            out[name] = arrays[name][a:b]
    return out


def join(parts: list[Arrays], metas: list[Meta]) -> Arrays:
    text = json.dumps(metas).encode()
    out: Arrays = {"meta_json": np.frombuffer(text, np.uint8)}
    for name in parts[0]:
        if not name.endswith("_start"):
            out[name] = np.concatenate([p[name] for p in parts])
            continue
        offset = 0
        starts = [np.zeros(1, np.int64)]
        for p in parts:
            starts.append(p[name][1:] + offset)
            offset += int(p[name][-1])
        out[name] = np.concatenate(starts)
    return out


def write(path: Path, arrays: Arrays) -> None:
    """An npz file without dates in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(arrays[name]))


def compact_traces(source: Path, target: Path) -> None:
    files = [read(path) for path in sorted(source.glob("traces_*.npz"))]
    metas = [metas_of(arrays) for arrays in files]
    places = [(f, i) for f in range(len(files)) for i in range(len(metas[f]))]
    chosen = choose([metas[f][i] for f, i in places])
    for number in range(0, len(chosen), TRACES_PER_FILE):
        batch = [places[c] for c in chosen[number : number + TRACES_PER_FILE]]
        arrays = join([part(files[f], i) for f, i in batch], [metas[f][i] for f, i in batch])
        write(target / f"traces_{number // TRACES_PER_FILE:02d}.npz", arrays)


def compact_scores(source: Path, target: Path) -> None:
    runs = json.loads((source / "scores_2009.json").read_text())
    kept = [run for run in runs if run["agent"] in SCORED_AGENTS]
    lines = ",\n".join(json.dumps(run) for run in kept)
    (target / "scores_2009.json").write_text(f"[\n{lines}\n]\n")


def main(traces: Path, golden: Path) -> None:
    target = HERE / "im2009"
    target.mkdir(exist_ok=True)
    for old in target.glob("*.npz"):
        old.unlink()
    compact_traces(traces, target)
    for path in sorted(traces.glob("levels*.npz")):
        write(target / path.name, read(path))
    compact_scores(traces, target)
    target = HERE / "golden"
    target.mkdir(exist_ok=True)
    for name in GOLDEN_FILES:
        shutil.copyfile(golden / name, target / name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
