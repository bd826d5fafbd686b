"""The names of the level formats, for commands: the formats themselves take long to import."""

FORMAT_NAMES = (
    "json",
    "npz",
    "vglc",
    "vglc-structural",
    "framework",
    "matrix-npy",
    "matrix-json",
    "matrix-text",
    "course",
    "course-zlib",
    "bytes",
)
