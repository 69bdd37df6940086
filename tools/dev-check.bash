# `tools/dev check`, sourced by tools/dev: what must pass before a change is merged, step by step, each with its time.
# shellcheck shell=bash disable=SC2154  # root, builds and cores are the door's

check() {
  case ${1:-} in
    '') check_change ;;
    --all)
      shift
      local part
      for part; do
        [[ " ${everything[*]} " == *" $part "* ]] || misuse "check --all has no part \"$part\": ${everything[*]}"
      done
      check_everything "$@"
      ;;
    *) misuse "check takes only --all and its parts" ;;
  esac
}

steps=()
steps_failed=0

# step "name" command...: runs it, goes on when it fails, and remembers.
step() {
  local name=$1 began=$SECONDS verdict=passed status
  shift
  printf '\n=== %s\n' "$name"
  # Not `if ! (...)`: bash ignores `set -e` inside a condition, and a step would go on after its first failure.
  set +e
  (set -e; "$@")
  status=$?
  set -e
  if ((status != 0)); then
    verdict=FAILED
    ((++steps_failed))
  fi
  steps+=("$(printf '%-7s %5d s  %s' "$verdict" $((SECONDS - began)) "$name")")
}

verdict() {
  printf '\n=== result\n'
  printf '%s\n' "${steps[@]}"
  ((steps_failed == 0))
}

# --- one change -----------------------------------------------------------------------------------------------------

# What a sanitizer sees here builds in two minutes: the memory that processes share, and what reads foreign bytes. The host
# and the kit take ten more, and are for check --all asan.
check_change() {
  deps
  step "format" format --check
  step "build release" build release
  step "tools/dev test" test_command
  step "build asan" build asan tests/bus/all tests/schemas/all tests/fuzz/all
  step "asan: the bus and the schemas, unit and fuzz tests" run_ctest asan -L 'unit|fuzz' -E 'Example\.'
  step "clang-tidy on what changed" tidy_changed
  verdict
}

# --- everything -----------------------------------------------------------------------------------------------------

everything=(release asan tsan dev tidy)

# Each part finds in the build folder what the parts before it have left, and can be run alone, in this order.
check_everything() {
  local part
  deps
  for part in "${@:-"${everything[@]}"}"; do "check_all_$part"; done
  verdict
}

# Every test at full size on what users run, as root and as an ordinary user. What asks for more than one pass (twice in a
# row, two at the same time) takes a tenth of the real processes each time: their number has been shown by then.
check_all_release() {
  step "format" format --check
  step "build release" build release
  step "release: every test in full" in_full run_ctest release
  ordinary_user_step "release: every test in full, as an ordinary user" in_full as_ordinary_user release
  step "release: every test, a second time in a row" run_ctest release
  ordinary_user_step "release: every test, as an ordinary user, a second time in a row" as_ordinary_user release
  step "release: every test, two at the same time" at_the_same_time run_ctest release
  ordinary_user_step "release: every test, as an ordinary user, two at the same time" \
    at_the_same_time as_ordinary_user release
}

# Ten thousand kills under a sanitizer would take a day: these see unit and fuzz tests in full, and a tenth of the rest.
check_all_asan() { check_build asan; }
check_all_tsan() { check_build tsan; }
check_all_dev() { check_build dev; }

check_build() {
  step "build $1" build "$1"
  step "$1: unit and fuzz tests in full" in_full run_ctest "$1" -L 'unit|fuzz'
  step "$1: every other test" run_ctest "$1" -LE 'unit|fuzz'
}

check_all_tidy() {
  step "build release" build release
  step "clang-tidy on everything" tidy_all
}

in_full() {
  export SHUNT_FULL=1
  "$@"
}

ordinary_user_step() {
  if (($(id -u) == 0)); then step "$@"; fi
}

# The tests of a preset by a user who owns nothing here and has no home.
as_ordinary_user() {
  local preset=$1 scratch status=0
  local as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs)
  "${as_nobody[@]}" test -r "$root/tools/dev" || fail "ordinary users cannot read $root: clone into a folder they can"
  scratch=$(mktemp -d /tmp/shunt-user-XXXXXX)
  chown 65534:65534 "$scratch"
  "${as_nobody[@]}" \
    env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$scratch" TMPDIR="$scratch" LANG=C.UTF-8 SHUNT_FULL="${SHUNT_FULL:-}" \
    SHUNT_BUILD="$builds" "$root/tools/dev" test --preset "$preset" || status=$?
  rm -rf "$scratch"
  return "$status"
}

at_the_same_time() {
  local other status=0
  "$@" > "$builds/at_the_same_time.log" 2>&1 &
  other=$!
  "$@" || status=$?
  wait "$other" || { status=$?; cat "$builds/at_the_same_time.log"; }
  return "$status"
}

# --- clang-tidy -----------------------------------------------------------------------------------------------------

# How the release build would compile source by source, and without the headers that gcc has compiled beforehand, which are
# no use to clang. What is generated lies in that build's folder.
tidy_commands() {
  local folder=$builds/tidy
  mkdir -p "$folder"
  (cd "$root" && cmake --preset release -B "$folder/configured" -DCMAKE_UNITY_BUILD=OFF \
    -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON) > "$folder/configured.log" || { cat "$folder/configured.log"; return 1; }
  sed "s|$folder/configured|$builds/release|g" "$folder/configured/compile_commands.json" > "$folder/compile_commands.json"
}

# Every source that is compiled, below the source tree.
tidy_candidates() {
  sed -n 's/^  "file": "\(.*\)",\{0,1\}$/\1/p' "$builds/tidy/compile_commands.json" |
    grep -F "$root/" | grep -vF "$builds/" | sort -u
}

# Paths, relative to the root, that differ from what this change started from. Fails when git cannot tell.
changed_paths() {
  local git=(git -c safe.directory="$root" -C "$root") base
  base=$("${git[@]}" merge-base HEAD origin/main 2>/dev/null) || base=$("${git[@]}" rev-parse --verify -q HEAD~1) || return
  if [[ $base == $("${git[@]}" rev-parse HEAD) ]]; then base=$("${git[@]}" rev-parse --verify -q HEAD~1) || return; fi
  "${git[@]}" diff --name-only --diff-filter=d "$base" && "${git[@]}" ls-files --others --exclude-standard
}

# Changed .cpp files, and for a changed header those that include it: the layers first, the tests last.
tidy_changed() {
  local changed candidates file chosen=()
  tidy_commands
  mapfile -t candidates < <(tidy_candidates)
  if ! changed=$(changed_paths); then
    say "git knows no earlier commit: every file counts as changed"
    changed=$(printf '%s\n' "${candidates[@]#"$root/"}")
  fi
  local headers
  headers=$(grep -E '\.(hpp|h)$' <<< "$changed" | sed -E 's|^.*/include/||; s|^.*/||; s|\.|\\.|g' | paste -sd'|' || true)
  for file in "${candidates[@]}"; do
    if grep -qxF "${file#"$root/"}" <<< "$changed" ||
      { [[ -n $headers ]] && grep -qE "^#include [<\"]([^>\"]*/)?($headers)[>\"]" "$file"; }; then
      chosen+=("$file")
    fi
  done
  if ((${#chosen[@]} == 0)); then
    say "no source changed"
    return
  fi
  mapfile -t chosen < <(
    printf '%s\n' "${chosen[@]}" | grep -v "^$root/tests/" || true
    printf '%s\n' "${chosen[@]}" | grep "^$root/tests/" || true
  )
  tidy 300 "${chosen[@]}"
}

tidy_all() {
  local candidates
  tidy_commands
  mapfile -t candidates < <(tidy_candidates)
  tidy 360000 "${candidates[@]}"
}

# tidy SECONDS files...: no file is begun after SECONDS; those left out are named.
tidy() {
  local end=$(($(date +%s) + $1)) folder=$builds/tidy
  shift
  printf '%d files\n' $#
  # shellcheck disable=SC2016  # expanded by the inner bash
  # xargs gives a file to the next free core; a file past the time says so and passes.
  printf '%s\0' "$@" | tidy_end=$end tidy_folder=$folder xargs -0 -n 1 -P "$cores" bash -c '
    if (($(date +%s) >= tidy_end)); then echo "not looked at for want of time: $1"; exit 0; fi
    checks=; if [[ $1 == *.c ]]; then checks=-readability-identifier-naming; fi  # the rules are those of C++
    if ! output=$(clang-tidy-14 -quiet -p "$tidy_folder" --checks="$checks" "$1" 2>&1); then printf "%s\n" "$output"; exit 1; fi
    echo "clean: $1"' clang-tidy
}
