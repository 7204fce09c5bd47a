#!/bin/bash -eu
# build.sh: puts the fuzzers into $OUT, as ClusterFuzzLite and OSS-Fuzz want them:
# NAME, NAME_seed_corpus.zip, NAME.dict, NAME.options. They set CC, CXX, CXXFLAGS
# and LIB_FUZZING_ENGINE. It runs elsewhere too:
#
#   CXX=clang++-19 CXXFLAGS=-fsanitize=address,fuzzer-no-link \
#   LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT=/tmp/out .clusterfuzzlite/build.sh
root=${SRC:+$SRC/smtpspec}
root=${root:-$(cd "$(dirname "$0")/.." && pwd)}
build=${WORK:-/tmp/smtpspec-fuzzers}/build

# The libraries of the system are built against libstdc++. They go along, and what
# they need themselves: new dtags would not find that.
export CXXFLAGS=${CXXFLAGS//-stdlib=libc++/}
export LIB_FUZZING_ENGINE
mkdir -p "$OUT/lib"
cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE= \
  -DSMTPSPEC_TESTS=OFF -DCMAKE_BUILD_RPATH='$ORIGIN/lib' \
  -DCMAKE_EXE_LINKER_FLAGS=-Wl,--disable-new-dtags
cmake --build "$build" --target fuzzers

for source in "$root"/fuzz/*.cc; do
  name=$(basename "$source" .cc)
  cp "$build/fuzz/fuzz_$name" "$OUT/$name"
  (cd "$root/corpus/$name" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
  [ ! -e "$root/corpus/$name.dict" ] || cp "$root/corpus/$name.dict" "$OUT/"
  printf '[libfuzzer]\nmax_len = 4096\ntimeout = 10\n' > "$OUT/$name.options"
  # Where the fuzzers run, there are no libraries but those of the C++ runtime.
  ldd "$OUT/$name" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s|ld-linux[^/]*)\.so' |
    xargs -r cp -n -t "$OUT/lib"
done
