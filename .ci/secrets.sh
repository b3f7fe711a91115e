#!/usr/bin/env bash
# Does anything that reads a key tell something of it? Run by .ci/run, or alone: bash .ci/secrets.sh
#
# First: with the secret bytes of keys marked as undefined, valgrind finds no branch and no address
# that depends on them, but those named in .ci/secrets.supp; and it does find each of the leaky ways
# that crates/weir-poison holds for that. Second: one authentication takes exactly as many
# instructions for an unknown key as for a revoked, an expired and a disabled one.
#
# Needs valgrind on x86-64 Linux; where it is missing, says so and checks nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v valgrind >/dev/null; then
  echo 'SKIPPED: valgrind is not installed, so nothing was checked'
  exit 0
fi

# A directory of its own: other flags, other artefacts.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/poison"
cargo build --quiet --release --manifest-path crates/weir-poison/Cargo.toml
driver=$CARGO_TARGET_DIR/release/weir-poison
found=$CARGO_TARGET_DIR/memcheck.log

if ! valgrind --quiet --error-limit=no --suppressions=.ci/secrets.supp --log-file="$found" \
  "$driver" memcheck; then
  echo 'a path tells something of a secret, or a leaky one went unnoticed:'
  head -n 60 "$found"
  exit 1
fi

count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="*measured_$1*" \
    "$driver" count "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

for room in registry gate; do
  unknown=$(count "$room" unknown)
  printf '%s: an unknown key takes %s instructions\n' "$room" "$unknown"
  # Fewer than a digest takes would mean that nothing was counted.
  [ "$unknown" -gt 5000 ]
  for standing in disabled expired revoked; do
    known=$(count "$room" "$standing")
    if [ "$known" != "$unknown" ]; then
      printf '%s: a key that is %s takes %s\n' "$room" "$standing" "$known"
      exit 1
    fi
  done
done
