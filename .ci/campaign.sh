#!/usr/bin/env bash
# Fuzzes one target for a number of executions, then keeps the smallest corpus that covers as much.
#
#   bash .ci/campaign.sh NAME EXECUTIONS
#
# It can be stopped at any time and goes on where it was: what was found and how many executions
# were done stay beside the build, in CARGO_TARGET_DIR/fuzz. The result is fuzz/corpus/NAME.tar.gz.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

name=${1:?which target}
wanted=${2:?how many executions}
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
source .ci/fuzz.sh

[ -x "$fuzz_dir/tools/bin/cargo-fuzz" ] || fuzz_tools
(
  # Two campaigns may run at once, and build one after the other.
  flock 9
  fuzz_build "$name"
) 9>"$fuzz_dir/build.lock"

place=$fuzz_dir/campaign/$name
found=$place/found
mkdir -p "$found" "fuzz/artifacts/$name"
kept=$(fuzz_kept "$name")
total=$(cat "$place/executions" 2>/dev/null || true)
total=${total:-0}
# shellcheck disable=SC2207 # Options have no blanks.
options=($(fuzz_options "$name") -timeout=10 -rss_limit_mb=2048 -verbosity=1 -print_final_stats=1)

while [ "$total" -lt "$wanted" ]; do
  runs=$((wanted - total))
  [ "$runs" -le 1000000 ] || runs=1000000
  from=$(date +%s%N)
  if ! "$(fuzz_program "$name")" "$found" "fuzz/seeds/$name" "$kept" "${options[@]}" \
    -runs="$runs" >"$place/log" 2>&1; then
    tail -n 40 "$place/log"
    echo "$name: an input failed, and is kept in fuzz/artifacts/$name/" >&2
    exit 1
  fi
  ran=$(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log")
  total=$((total + ran))
  echo "$total" >"$place/executions.new"
  mv "$place/executions.new" "$place/executions"
  seconds=$((($(date +%s%N) - from) / 1000000))
  printf '%s: %s executions, %s/s, %s\n' "$name" "$total" "$((ran * 1000 / (seconds + 1)))" \
    "$(grep -o 'cov: .* corp: [^ ]*' "$place/log" | tail -n 1)"
done

small=$place/small
rm -rf "$small"
mkdir "$small"
"$(fuzz_program "$name")" -set_cover_merge=1 "${options[@]}" "$small" "$found" "fuzz/seeds/$name" "$kept" \
  >"$place/merge" 2>&1 || { tail -n 20 "$place/merge"; exit 1; }
# The same inputs give the same bytes, whoever packs them and when.
mkdir -p fuzz/corpus
find "$small" -type f -printf '%P\n' | LC_ALL=C sort |
  tar -cf - -C "$small" --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -T - |
  gzip -9n >"fuzz/corpus/$name.tar.gz"
printf '%s: %s inputs kept of %s, %s bytes packed\n' "$name" "$(find "$small" -type f | wc -l)" \
  "$(find "$found" -type f | wc -l)" "$(stat -c %s "fuzz/corpus/$name.tar.gz")"
