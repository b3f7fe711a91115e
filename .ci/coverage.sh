#!/usr/bin/env bash
# How much of its rooms does each fuzz target run, by its seeds and its committed corpus? Fails below
# 90 % of the regions of any that is held to it.
#
#   bash .ci/coverage.sh [NAME...]
#
# Needs the llvm-cov of the compiler's own LLVM, which Debian's llvm-22 is for Rust 1.95.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
source .ci/fuzz.sh

llvm=/usr/lib/llvm-$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')/bin
host=$(rustc -vV | sed -n 's/^host: //p')
built=$fuzz_dir/coverage

# The percent that a target is held to. Of catalogs, the ledger and instants it is printed only.
least() {
  case $1 in
    catalog | decide_ops | timestamp) echo 0 ;;
    *) echo 90 ;;
  esac
}

# The files that a target is for, as patterns below crates/weir-core/src/; one after a `!` is not.
rooms() {
  case $1 in
    catalog) echo 'catalog/* catalog.rs' ;;
    decide_ops) echo 'ledger/* ledger.rs decide/* decide.rs' ;;
    json_lexer) echo 'json/* json.rs' ;;
    number) echo 'amount/number.rs' ;;
    origin) echo 'token/origin.rs' ;;
    schema_check) echo 'schema/* schema.rs !schema/compile.rs !schema/definition.rs' ;;
    schema_compile) echo 'schema/compile.rs schema/definition.rs' ;;
    timestamp) echo 'time/* time.rs' ;;
    token) echo 'token/* token.rs !token/origin.rs' ;;
    *) echo "$1 has no rooms in .ci/coverage.sh" >&2 && return 1 ;;
  esac
}

[ -x "$fuzz_dir/tools/bin/cargo-fuzz" ] || fuzz_tools
[ -x "$llvm/llvm-cov" ] || fuzz_apt "$(basename "$(dirname "$llvm")")"
[ $# -gt 0 ] || set -- $(fuzz_names)

printf '%-32s %8s %8s %8s\n' target regions covered percent
low=0
for name; do
  only=$(rooms "$name")
  log=$fuzz_dir/coverage-$name.log
  rm -rf "fuzz/coverage/$name" # What an older program ran is merged with the rest, else.
  fuzz coverage --sanitizer none --llvm-path "$llvm" --target-dir "$built" "$name" \
    "fuzz/seeds/$name" "$(fuzz_kept "$name")" >"$log" 2>&1 || { tail -n 20 "$log"; exit 1; }
  "$llvm/llvm-cov" export \
    --instr-profile "fuzz/coverage/$name/coverage.profdata" \
    "$built/$host/release/$name" >"$fuzz_dir/coverage-$name.json"
  python3 .ci/coverage.py "$(least "$name")" "$name" "$fuzz_dir/coverage-$name.json" $only || low=1
done
exit "$low"
