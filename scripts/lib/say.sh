# How the set-up scripts speak: one line per thing done, always on stderr, so that stdout stays clean for results.

# sysexits.h EX_UNAVAILABLE: something this machine lacks, which the message names.
readonly EXIT_UNAVAILABLE=69

say() { printf 'setup: %s\n' "$*" >&2; }

# Prints what is missing, then the one command that mends it, and stops.
stop_unavailable() {
  local problem=$1 remedy=$2
  printf 'setup: %s\n       run: %s\n' "$problem" "$remedy" >&2
  exit "$EXIT_UNAVAILABLE"
}

# Runs a command silently and announces it with its time; its output appears only when it fails.
announce() {
  local label=$1 output started=$SECONDS
  shift
  output=$(mktemp)
  if "$@" >"$output" 2>&1; then
    say "$label ($((SECONDS - started)) s)"
    rm -f "$output"
    return
  fi
  say "$label: failed; the output of: $*"
  # The reason is mostly at the top or at the end.
  if [ "$(wc -l <"$output")" -le 60 ]; then cat "$output" >&2; else (head -n 30 "$output" && echo '…' && tail -n 30 "$output") >&2; fi
  rm -f "$output"
  exit 1
}

# One hash over the names and bytes of files, in an order that does not depend on the machine.
hash_of() {
  local sum=(sha256sum)
  command -v sha256sum >/dev/null || sum=(shasum -a 256)
  find "$@" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 "${sum[@]}" | "${sum[@]}" | cut -d' ' -f1
}
