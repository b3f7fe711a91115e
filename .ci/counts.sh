#!/usr/bin/env bash
# How many instructions does each named thing take? Counted under callgrind, so that neither the
# machine's load nor its speed is in the number.
#
#   .ci/counts.sh check    compares with benches/instructions.toml, and fails beyond the tolerance;
#                          for a compiler that is not in there it reports, and does not fail;
#                          then holds the worst bodies against their bar, and those that are
#                          kept because they miss it to what they cost
#   .ci/counts.sh update   writes the counts of this compiler there
#   .ci/counts.sh show     prints them, and those of the peers, built in; ours may then move
#                          by a percent
#
# A case runs N times and 2N times; the difference is N times what one costs, and starting up is not
# in it. Needs valgrind, which it takes from Debian's apt when it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

times=400
tolerance=2 # percent
most=4      # times a byte of body A
kept=benches/instructions.toml
driver=$CARGO_TARGET_DIR/release/counts

tools() {
  command -v valgrind >/dev/null && return
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y valgrind
}

# The instructions of a whole run.
run() {
  local said
  said=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$driver" "$1" "$2" 2>&1) || {
    printf '%s\n' "$said" >&2
    return 1
  }
  sed -n 's/^.*Collected : \([0-9]\+\).*$/\1/p' <<<"$said"
}

# For each name read: its instructions, a tab, the name.
count() {
  local name one two
  while read -r name; do
    one=$(run "$name" "$times") && two=$(run "$name" "$((2 * times))") || exit 1
    printf '%s\t%s\n' "$(((two - one + times / 2) / times))" "$name"
  done
}

# The kept counts of this compiler, in the same form.
known() {
  awk -v section="[\"$compiler\"]" '
    /^\[/ { inside = ($0 == section); next }
    inside && split($0, part, "\"") == 3 && part[2] !~ / KiB$/ {
      sub(/^ *= */, "", part[3]); print part[3] "\t" part[2]
    }
  ' "$kept"
}

# The worst bodies that are kept because they miss the bar, in the same form; 0 where another compiler
# counted them.
known_past() {
  awk -v section="[\"$compiler\"]" '
    /^\[/ { inside = ($0 == section); next }
    split($0, part, "\"") == 3 && part[2] ~ / KiB$/ {
      sub(/^ *= */, "", part[3])
      if (inside || !(part[2] in cost)) cost[part[2]] = inside ? part[3] : 0
    }
    END { for (name in cost) print cost[name] "\t" name }
  ' "$kept"
}

# All other compilers stay as they are; this one comes last.
update() {
  local counted
  counted=$("$driver" | count && "$driver" bytes | count_bytes | past)
  awk -v section="[\"$compiler\"]" '/^\[/ { mine = ($0 == section) } !mine' "$kept" |
    sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$kept.new"
  {
    printf '\n["%s"]\n' "$compiler"
    awk -F'\t' '{ printf "\"%s\" = %s\n", $2, $1 }' <<<"$counted"
  } >>"$kept.new"
  mv "$kept.new" "$kept"
}

check() {
  awk -F'\t' -v tolerance="$tolerance" -v compiler="$compiler" '
    stored { kept[$2] = $1; known = 1; next }
    {
      seen[$2] = 1; counted++
      if (!($2 in kept)) { said = known ? "not kept" : ""; bad += known; then = "-" }
      else {
        then = kept[$2]; off = 100 * ($1 - then) / then
        said = sprintf("%+.1f %%", off)
        if (off > tolerance) { said = said ", more"; bad++ }
        if (off < -tolerance) { said = said ", less"; bad++ }
      }
      printf "%8s %8s  %-50s %s\n", then, $1, $2, said
    }
    END {
      if (!counted) { print "Nothing was counted."; bad++ }
      for (name in kept) if (!(name in seen)) { print "kept, but not counted: " name; bad++ }
      if (!known) print "No counts are kept for " compiler "; nothing was compared."
      if (bad) print "If this is meant: .ci/counts.sh update"
      exit bad > 0
    }
  ' stored=1 <(known) stored=0 <("$driver" | count)
}

# For body A, and each worst body small and large: the instructions of one check, its bytes, its name.
count_bytes() {
  local bytes name one two
  while IFS=$'\t' read -r bytes name; do
    one=$(run "$name" 2) && two=$(run "$name" 4) || exit 1
    printf '%s\t%s\t%s\n' "$(((two - one) / 2))" "$bytes" "$name"
  done
}

# Those of them that miss the bar: their instructions, a tab, their name.
past() {
  awk -F'\t' -v most="$most" '
    NR == 1 { typical = $1 / $2; next }
    NR % 2 == 1 && $1 / $2 > most * typical { print $1 "\t" $3 }
  '
}

# Bar P15: a byte of the worst bodies takes at most four times what a byte of body A does, and a byte of
# a large one at most half more than one of a small one. Those that are kept miss the first, and take what
# is kept: one that does not is to be taken out.
worst() {
  awk -F'\t' -v most="$most" -v growth_most=1.5 -v tolerance="$tolerance" '
    stored { kept[$2] = $1; next }
    { each = $1 / $2; row++ }
    row == 1 { typical = each; next }
    row % 2 == 0 { small = each; next }
    {
      times = each / typical; growth = each / small; said = ""; seen[$3] = 1
      if (growth > growth_most || times > most && !($3 in kept)) { said = "missed"; bad++ }
      else if ($3 in kept && times <= most) { said = "meets the bar, but is kept"; bad++ }
      else if ($3 in kept && kept[$3] > 0) {
        off = 100 * ($1 - kept[$3]) / kept[$3]
        said = sprintf("known to miss, %+.1f %%", off)
        if (off > tolerance || off < -tolerance) bad++
      } else if ($3 in kept) said = "known to miss"
      printf "%6.2f x A a byte %6.2f x small  %-50s %s\n", times, growth, $3, said
    }
    END {
      if (row < 3) { print "No worst body was counted."; bad++ }
      for (name in kept) if (!(name in seen)) { print "kept, but not counted: " name; bad++ }
      exit bad > 0
    }
  ' stored=1 <(known_past) stored=0 <("$driver" bytes | count_bytes)
}

# The peers take minutes to build, and only `show` looks at them.
peers=(--no-default-features)
[ "${1-}" != show ] || peers=(--features peers)

tools
cargo build --release -p weir-benches --bin counts "${peers[@]}"
compiler=$(rustc -V)
touch "$kept"
case ${1-} in
  check) check && worst ;;
  update) update ;;
  show) "$driver" | count && worst ;;
  *) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
