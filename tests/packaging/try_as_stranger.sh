#!/usr/bin/env bash
# The README's two commands and every command of the quick start, verbatim, as somebody runs them
# who has nothing but Python and a copy of the repository.
#
# They are read out of the fenced blocks of README.md and docs/quick_start.md, so that what is
# tried is what is written. Run it on a bare clone: the virtual environment goes into it.
#
#   git clone REPOSITORY clone
#   env -i HOME="$PWD/home" PATH=/usr/bin:/bin clone/tests/packaging/try_as_stranger.sh clone
#   WITH_TESTS=1 ...       the second command, too: the whole test suite
#   SHOW=1 ...             print what would be run, and stop
set -euo pipefail
cd "${1:?usage: try_as_stranger.sh CLONE}"

# Blocks of a file in a fence of a kind that come after a heading and before the next of its level.
blocks() { # FILE HEADING KIND
    awk -v heading="## $2" -v fence="\`\`\`$3" '
        /^## / { inside = ($0 == heading) }
        skipped && /^```/ && !open { open = 1; hidden = 1; skipped = 0; next }
        /^<!-- not run/ { skipped = 1 }
        open && /^```/ { if (!hidden) printf "%c", 0; open = 0; hidden = 0; next }
        inside && !open && $0 == fence { open = 1; next }
        !inside && !open && /^```/ { open = 1; hidden = 1; next }
        open && !hidden { print }
    ' "$1"
}

mapfile -d '' -t commands < <(blocks README.md "Two commands" bash)
mapfile -d '' -t programs < <(blocks README.md "Quick start" python)
mapfile -d '' -t looks < <(blocks docs/quick_start.md "A first look" console)
[ "${#commands[@]}" -eq 2 ] || { echo "README.md must have two commands" >&2; exit 1; }
[ "${#programs[@]}" -ge 1 ] && [ "${#looks[@]}" -ge 1 ] || { echo "no quick start" >&2; exit 1; }

show() { printf '\n== %s\n' "$1"; }
if [ -n "${SHOW:-}" ]; then
    printf '%s\n' "${commands[@]}" "${programs[@]}" "${looks[@]}"
    exit
fi

# One shell for everything, as the reader has one: the first command activates the environment.
show "the README's first command"
eval "${commands[0]}"
for program in "${programs[@]}"; do
    show "a program of the quick start"
    python -c "$program"
done
for look in "${looks[@]}"; do
    while IFS= read -r line; do
        [[ $line == '$ '* ]] || continue
        show "${line#\$ }"
        eval "${line#\$ }"
    done <<<"$look"
done
if [ -n "${WITH_TESTS:-}" ]; then
    show "the README's second command"
    eval "${commands[1]}"
fi
show "all of it works"
