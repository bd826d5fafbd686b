"""Make the small copy of the 2019 recordings that the tests run on by default.

    python -m tests.data.make_compact_2019 FOLDER

FOLDER holds the full recordings: `traces.npz` and `levels/*.txt`. The copy has the same form, with
the episodes on the levels that were written for the recordings (`lab-*`): the other level texts may
not be copied. The same input gives the same bytes (with the same zlib).
"""

import shutil
import sys
from pathlib import Path

import numpy as np

from tests.data.make_compact import Arrays, read, write

HERE = Path(__file__).resolve().parent
KEPT = "lab-"
# Families of rows: where each row's part of another array begins, and the names in that array.
PARTS = {"sp_off": "sp_", "ev_off": "ev_", "ch_off": "ch"}


def lab_traces(arrays: Arrays) -> Arrays:
    """The arrays of the traces on `lab-*` levels alone."""
    names = arrays["level_name"].astype(str)
    kept_levels = [i for i, name in enumerate(names) if name.startswith(KEPT)]
    traces = np.flatnonzero(np.isin(arrays["trace_level"], kept_levels))
    offsets = arrays["trace_off"].astype(np.int64)
    rows = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in traces])
    row_count = int(offsets[-1])
    new_row = np.full(row_count, -1, np.int64)
    new_row[rows] = np.arange(len(rows))
    out: Arrays = {
        "level_name": names[kept_levels],
        "level_info": arrays["level_info"][kept_levels],
    }
    for new, old in enumerate(kept_levels):
        for kind in ("tiles", "spawns"):
            out[f"{kind}_{new}"] = arrays[f"{kind}_{old}"]
    lengths = np.diff(offsets)[traces]
    out["trace_off"] = np.concatenate([[0], np.cumsum(lengths)]).astype(arrays["trace_off"].dtype)
    in_parts: set[str] = set(PARTS)
    for start, prefix in PARTS.items():
        bounds = arrays[start].astype(np.int64)
        members = [n for n in arrays if n.startswith(prefix) and not n.endswith("_off")]
        counts = np.diff(bounds)
        kept = np.isin(np.repeat(np.arange(row_count), counts), rows)
        for name in members:
            out[name] = arrays[name][kept]
        in_parts.update(members)
        out[start] = np.concatenate([[0], np.cumsum(counts[rows])]).astype(arrays[start].dtype)
    seen = new_row[arrays["obs_row"]] >= 0
    out["obs"] = arrays["obs"][seen]
    out["obs_row"] = new_row[arrays["obs_row"][seen]].astype(arrays["obs_row"].dtype)
    for name, values in arrays.items():
        if name in out or name in in_parts or name.startswith(("tiles_", "spawns_")):
            continue
        out[name] = values[rows] if len(values) == row_count else values[traces]
    levels = np.searchsorted(kept_levels, arrays["trace_level"][traces])
    out["trace_level"] = levels.astype(arrays["trace_level"].dtype)
    return out


def main(source: Path) -> None:
    target = HERE / "maf2019"
    (target / "levels").mkdir(parents=True, exist_ok=True)
    write(target / "traces.npz", lab_traces(read(source / "traces.npz")))
    for path in sorted((source / "levels").glob(f"{KEPT}*.txt")):
        shutil.copyfile(path, target / "levels" / path.name)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
