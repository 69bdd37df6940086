#!/usr/bin/env bash
# What tools/dev promises to whoever comes to a clean machine: tried in a copy of it, with stand-ins for the programs that
# would change the machine.
# shellcheck disable=SC2016  # what single quotes hold is for the stand-ins, or for eval
set -euo pipefail

unset SHUNT_BUILD SHUNT_FULL
source_tree=$1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/shunt-door-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
failures=0

# expect "a sentence that could be false" command...
expect() {
  local sentence=$1
  shift
  if "$@"; then echo "ok: $sentence"; else echo "FAILED: $sentence"; ((++failures)); fi
}

# A tree with the door in it, and a PATH on which the stand-ins come first. They record how they were called.
mkdir -p "$scratch/tree/tools" "$scratch/bin" "$scratch/elsewhere" "$scratch/tmp"
export TMPDIR=$scratch/tmp
cp "$source_tree"/tools/dev* "$scratch/tree/tools/"
door=$scratch/tree/tools/dev
calls=$scratch/calls

stand_in() { # stand_in NAME 'body'
  printf '#!/bin/bash\necho "%s $*" >> "%s"\n%s\n' "$1" "$calls" "$2" > "$scratch/bin/$1"
  chmod +x "$scratch/bin/$1"
}

# run command...: leaves output, errors and status behind, and the recorded calls.
run() {
  : > "$calls"
  status=0
  (cd "$scratch/elsewhere" && PATH="$scratch/bin:$PATH" "$@") > "$scratch/out" 2> "$scratch/err" || status=$?
  output=$(< "$scratch/out")
  errors=$(< "$scratch/err")
  called=$(< "$calls")
}

stand_in apt-get ''
stand_in cmake 'while (($#)); do [[ $1 == -B ]] && touch "$2/build.ninja"; shift; done'
stand_in ctest 'echo "100% tests passed"'

run "$door" --help
expect "help exits 0" [ "$status" -eq 0 ]
for command in deps build test demo bench check format; do
  expect "help has a line for $command" grep -qE "^  $command +[A-Z].*\.$" <<< "$output"
done

run "$door"
expect "no command is misuse" [ "$status" -eq 2 ]
run "$door" frobnicate
expect "an unknown command is misuse" [ "$status" -eq 2 ]
expect "an unknown command is named" grep -q 'there is no command "frobnicate"' <<< "$errors"
run "$door" build nonsense
expect "an unknown preset never reaches cmake" eval '! grep -q cmake <<< "$called"'

run "$door" deps nonsense
expect "packages for nothing are misuse" eval '[ "$status" -eq 2 ] && grep -q "no packages for \"nonsense\"" <<< "$errors"'

stand_in dpkg-query '[[ $3 == cmake || $3 == g++ ]] || echo -n installed'
stand_in id 'echo 1000'
run "$door" deps
expect "an ordinary user with packages missing is refused" [ "$status" -eq 1 ]
expect "an ordinary user reads the one command" \
  grep -qx "sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends g++ cmake'" <<< "$errors"
expect "an ordinary user never calls apt-get" eval '! grep -q apt-get <<< "$called"'
run "$door" test
expect "nothing is built while packages are missing" eval '[ "$status" -eq 1 ] && ! grep -q "^cmake" <<< "$called"'

stand_in id 'echo 0'
run "$door" deps
expect "root gets what is missing and nothing else" \
  grep -q 'apt-get .*install --yes --no-install-recommends g++ cmake$' <<< "$called"
expect "root's package lists are brought up to date once" [ "$(grep -c ' update$' <<< "$called")" -eq 1 ]

stand_in dpkg-query 'echo -n installed'
stand_in id 'echo 1000'
run "$door" deps
expect "with nothing missing an ordinary user goes on" eval '[ "$status" -eq 0 ] && ! grep -q apt-get <<< "$called"'

run "$door" test -L unit
expect "test passes from another folder" [ "$status" -eq 0 ]
expect "test hands ctest's options on" grep -qE '^ctest .*--output-on-failure.* -L unit$' <<< "$called"
expect "test shows ctest's counts" grep -q '100% tests passed' <<< "$output"
run "$door" test --preset asan -R Version
expect "test takes a preset" grep -qE '^cmake --preset asan ' <<< "$called"

stand_in ctest '[[ $* != *-R* ]]'
run "$door" test -R Version
expect "a failing test fails the command" [ "$status" -ne 0 ]
stand_in ctest ''

run "$door" demo --json
expect "a demo that was not built is named" eval '[ "$status" -eq 1 ] && grep -q "builds no market-demo" <<< "$errors"'
mkdir -p "$scratch/tree/build/release/bin"
printf '#!/bin/bash\necho "demo says $*"\nexit 7\n' > "$scratch/tree/build/release/bin/market-demo"
printf '#!/bin/bash\necho "shunt says $*"\n' > "$scratch/tree/build/release/bin/shunt"
chmod +x "$scratch"/tree/build/release/bin/*
stand_in cmake 'echo "progress of the build"'
run "$door" demo --json
expect "stdout is the demo's alone, options handed on" [ "$output" = "demo says --json" ]
expect "the demo's exit status is the command's" [ "$status" -eq 7 ]
expect "the build's progress is on stderr" grep -q "progress of the build" <<< "$errors"
run "$door" bench roundtrip --bytes 64
expect "bench runs shunt bench" [ "$output" = "shunt says bench roundtrip --bytes 64" ]

mkdir -p "$scratch/tree/build/release/bench/bin"
printf '#!/bin/bash\necho "steps say $*"\n' > "$scratch/tree/build/release/bench/bin/shunt-bench-steps"
chmod +x "$scratch/tree/build/release/bench/bin/shunt-bench-steps"
run "$door" bench steps --benchmark_filter=loan
expect "bench steps runs the single steps" [ "$output" = "steps say --benchmark_filter=loan" ]
printf '#!/bin/bash\necho "the sandbox costs $*"\n' > "$scratch/tree/build/release/bench/bin/shunt-bench-sandbox"
chmod +x "$scratch/tree/build/release/bench/bin/shunt-bench-sandbox"
run "$door" bench sandbox --json
expect "bench sandbox measures the sandbox" [ "$output" = "the sandbox costs --json" ]

# Half built by somebody else: root owns everything and may write everywhere, so it looks on as nobody.
stranger=()
if ((EUID == 0)); then
  stranger=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod -R a+rX "$scratch"
  chmod a+w "$calls"
fi
mv "$scratch/tree/build/release/bin/market-demo" "$scratch/kept"
touch "$scratch/tree/build/release/build.ninja"
chmod a-w "$scratch/tree/build/release"
run "${stranger[@]}" "$door" demo
expect "what somebody else has not built is named, with what to do" \
  eval '[ "$status" -eq 1 ] && grep -q "market-demo is not built, .* SHUNT_BUILD=FOLDER$" <<< "$errors"'
chmod u+w "$scratch/tree/build/release"
mv "$scratch/kept" "$scratch/tree/build/release/bin/market-demo"

stand_in cmake 'exit 3'
run "$door" demo --json
expect "a build that fails stops the demo" eval '[ "$status" -ne 0 ] && [ -z "$output" ]'
run "$door" test
expect "a build that fails stops the test" eval '[ "$status" -ne 0 ] && ! grep -q "^ctest .*output-on-failure" <<< "$called"'
run "$door" check
expect "a build that fails fails the check, which goes on and sums up" \
  eval '[ "$status" -ne 0 ] && grep -qE "^FAILED .* build release$" <<< "$output" && grep -q "clang-tidy" <<< "$output"'

# What git says has changed: a page, then a source.
stand_in cmake ''
stand_in clang-tidy-14 ''
touch "$scratch/tree/one.cpp" "$scratch/tree/other.cpp"
mkdir -p "$scratch/tree/build/tidy/configured"
printf '[{\n  "file": "%s"\n},\n{\n  "file": "%s"\n}]\n' "$scratch/tree/one.cpp" "$scratch/tree/other.cpp" \
  > "$scratch/tree/build/tidy/configured/compile_commands.json"
stand_in git 'case "$*" in *" diff "*) echo page.md ;; *" rev-parse "*) echo 1234567 ;; esac'
run "$door" check
expect "a change without a source has nothing to tidy, which passes" \
  eval 'grep -qE "^passed .* clang-tidy on what changed$" <<< "$output" && ! grep -q "^clang-tidy-14" <<< "$called"'
stand_in git 'case "$*" in *" diff "*) echo one.cpp ;; *" rev-parse "*) echo 1234567 ;; esac'
run "$door" check
expect "of a change the sources are tidied, and no others" \
  eval 'grep -q "^clang-tidy-14 .*/one.cpp$" <<< "$called" && ! grep -q "other.cpp" <<< "$called"'
mkdir -p "$scratch"/tree/{schemas,bus,plugin-kit,host,bridges,bench,examples,tests}
stand_in clang-format-14 ''
run "$door" check --all
expect "everything has the tests of every preset, a second time, and two at a time, and every source tidied" \
  eval '[ "$status" -eq 0 ] && grep -q "^passed .* a second time in a row$" <<< "$output" &&
    grep -q "^passed .* two at the same time$" <<< "$output" &&
    [ "$(grep -cE "^passed .* (asan|tsan|dev): every other test$" <<< "$output")" -eq 3 ] &&
    grep -q "^clang-tidy-14 .*/other.cpp$" <<< "$called"'
run "$door" check --all tsan tidy
expect "the parts of everything can be run alone" \
  eval '[ "$status" -eq 0 ] && [ "$(grep -c "^passed " <<< "$output")" -eq 5 ] && ! grep -q "asan" <<< "$output"'
run "$door" check --all nonsense
expect "a part that there is not is misuse" \
  eval '[ "$status" -eq 2 ] && grep -q "no part \"nonsense\": release asan tsan dev tidy" <<< "$errors" && [ -z "$called" ]'
expect "checks leave nothing behind" eval '[ -z "$(ls "$TMPDIR")" ]'

exit $((failures > 0))
