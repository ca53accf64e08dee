#!/usr/bin/env bash
# Runs the tests of the boxes and of the library on systems that this machine is not, as they were built here: Windows by Wine, ARM64 by QEMU, also with memory
# pages of 16 KiB, and musl's C library. Prints a table: system, class of tests, result; the last line counts the tests.
# A system whose emulator or runtime is not here is shown as not run.
set -uo pipefail

usage() {
  cat <<'TEXT'
usage: tests/systems.sh [OPTION]... [SYSTEM]...
  SYSTEM            win-x64, linux-arm64, linux-arm64-16k, linux-musl-x64 (default: all)
  --quick           without the classes that take minutes there
  --no-build        what is built already
  --check           says what is missing to run a system, and runs nothing; exit code 1 if something is
  --flavor NAME     the flavor that is tested (default: release)
  --only PATTERN    the classes whose names match it, a regular expression
  --help            this text
Needs wine64 for win-x64; qemu-user and libstdc++6-arm64-cross for linux-arm64, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross besides for linux-arm64-16k; musl-tools and
libstdc++6 for linux-musl-x64 (Debian's packages); and from NuGet the system's .NET runtime.
HAKMEMTEST_KEEP=1 keeps the folder with all output.
Exit code: 0 no test failed; 1 one failed; 2 unusable arguments.
TEXT
}

refuse() { usage >&2; echo "error: $*" >&2; exit 2; }

quick="" check="" no_build="" flavor=release only="" systems=()
while [ $# -gt 0 ]; do
  case $1 in
    --help|-h) usage; exit 0 ;;
    --quick) quick=1 ;;
    --no-build) no_build=1 ;;
    --check) check=1 ;;
    --flavor) [ $# -gt 1 ] || refuse "--flavor takes a name"; flavor=$2; shift ;;
    --only) [ $# -gt 1 ] || refuse "--only takes a pattern"; only=$2; shift ;;
    -*) refuse "there is no option '$1'" ;;
    win-x64|linux-arm64|linux-arm64-16k|linux-musl-x64) systems+=("$1") ;;
    *) refuse "there is no system '$1'" ;;
  esac
  shift
done
[ ${#systems[@]} -gt 0 ] || systems=(win-x64 linux-arm64 linux-arm64-16k linux-musl-x64)

repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hakmem-systems.XXXXXX")
cd "$repository" || exit 1
for variable in $(compgen -e | grep -iE '^(hakmem|msbuild|dotnet_host_path|vstest)' | grep -v '^HAKMEMTEST_'); do unset "$variable"; done
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_DbgEnableMiniDump=0
export WINEPREFIX="$work/wine" WINEDEBUG=-all
export DOTNET_EnableWriteXorExecute=0   # the runtime's double mappings of code are more than Wine 8 and QEMU 7 can do: methods made at run time fail there

wine="" wineserver=""
for candidate in "$(command -v wine64)" /usr/lib/wine/wine64 "$(command -v wine)"; do [ -n "$candidate" ] && [ -x "$candidate" ] && wine=$candidate && break; done
for candidate in /usr/lib/wine/wineserver64 "$(command -v wineserver)"; do [ -n "$candidate" ] && [ -x "$candidate" ] && wineserver=$candidate && break; done

finish() {
  [ -z "$wineserver" ] || [ ! -d "$WINEPREFIX" ] || "$wineserver" -k > /dev/null 2>&1
  if [ -n "${HAKMEMTEST_KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

passed=0 failed=0 skipped=0 not_run=0
row() { printf '%-15s | %-58s | %s\n' "$1" "$2" "$3"; }
absent() { not_run=$((not_run + 1)); row "$1" "" "NOT RUN: $2"; }

# The classes that take minutes there, or start so many processes.
slow() {   # system, class
  case "$1 $2" in
    *" HakMem.Boxes.Tests.FaultTests") return 0 ;;
    "linux-arm64"*" HakMem.Tests.Faults."*) return 0 ;;   # 180 processes
  esac
  return 1
}

# system, arguments of the runner
run_there() {
  case $1 in
    win-x64) DOTNET_EnableDiagnostics=0 "$wine" "$work/$1/HakMem.Systems.exe" "${@:2}" ;;
    # QEMU keeps a list of all pages of what is reserved: with a limit on addresses, the default allocator reserves 64 GiB instead of 1 TiB.
    linux-arm64*)
      ([ "$(basename "${3-}")" = HakMem.Boxes.Tests.dll ] || ulimit -v 268435456
      export HAKMEMTEST_STRESS_SECONDS="${HAKMEMTEST_STRESS_SECONDS:-15}" HAKMEMTEST_EMULATOR=qemu-aarch64 QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
      [ "$1" = linux-arm64 ] || HAKMEMTEST_EMULATOR="$work/large-pages/qemu"
      exec "$HAKMEMTEST_EMULATOR" "$work/$1/HakMem.Systems" "${@:2}") ;;
    linux-musl-x64) LD_LIBRARY_PATH="$work/musl" "$work/$1/HakMem.Systems" "${@:2}" ;;
  esac
}

one() {   # system, assembly, class
  local out="$work/out/$1/$3.txt" status
  (exec timeout -k 5 "${HAKMEMTEST_PATIENCE:-300}" bash -c 'run_there "$@"' _ "$1" test "$2" "$3.") < /dev/null > "$out" 2>&1
  status=$?
  echo "$status" > "$out.status"
}
export -f run_there one
export wine work

# The libraries that .NET for musl needs, in a folder of their own: musl, Debian's for C++, and what these ask of glibc.
make_musl() {
  local library
  mkdir -p "$work/musl" && cp -L /lib/ld-musl-x86_64.so.1 "$work/musl/libc.musl-x86_64.so.1" || return 1
  for library in libstdc++.so.6 libgcc_s.so.1; do cp -L "$(gcc -print-file-name=$library)" "$work/musl/$library" || return 1; done
  musl-gcc -O2 -shared -fPIC -Wl,-soname,ld-linux-x86-64.so.2 -o "$work/musl/ld-linux-x86-64.so.2" tests/HakMem.Systems/Native/glibc-for-musl.c
}

# QEMU whose guest has larger pages than the machine, and a library for it.
make_large_pages() {
  mkdir -p "$work/large-pages" && aarch64-linux-gnu-gcc -O2 -shared -fPIC -o "$work/large-pages/stack.so" tests/HakMem.Systems/Native/large-pages-under-qemu.c || return 1
  printf '#!/bin/sh\nexec qemu-aarch64 -p 16384 -E LD_PRELOAD=%s "$@"\n' "$work/large-pages/stack.so" > "$work/large-pages/qemu" && chmod +x "$work/large-pages/qemu"
}

program() { echo "tests/$1/bin/Release/$flavor/net10.0/$1.dll"; }

# What is missing to run a system; nothing when it can be run.
missing() {   # system
  case $1 in
    win-x64)
      if [ -z "$wine" ]; then echo "no wine64"; return; fi
      if ! timeout 180 "$wine" wineboot -i > /dev/null 2>&1; then echo "wineboot failed"; return; fi ;;
    linux-arm64*)
      if [ "$(uname -m)" != x86_64 ] || ! command -v qemu-aarch64 > /dev/null; then echo "no qemu-aarch64"; return; fi
      if [ ! -e /usr/aarch64-linux-gnu/lib/libstdc++.so.6 ]; then echo "no libstdc++6-arm64-cross"; return; fi
      if [ "$1" != linux-arm64 ]; then
        if ! command -v aarch64-linux-gnu-gcc > /dev/null; then echo "no gcc-aarch64-linux-gnu"; return; fi
        if ! make_large_pages > "$work/large-pages.txt" 2>&1; then echo "its libraries cannot be put together: $(head -n 1 "$work/large-pages.txt")"; return; fi
      fi ;;
    linux-musl-x64)
      if [ ! -e /lib/ld-musl-x86_64.so.1 ] || ! command -v musl-gcc > /dev/null || ! command -v gcc > /dev/null; then echo "no musl-tools"; return; fi
      if ! make_musl > "$work/musl.txt" 2>&1; then echo "its libraries cannot be put together: $(head -n 1 "$work/musl.txt")"; return; fi ;;
  esac
  if ! dotnet publish tests/HakMem.Systems -c Release -r "${1%-16k}" --self-contained -v quiet -o "$work/$1" > "$work/publish.txt" 2>&1; then
    echo "its .NET runtime cannot be had: $(grep -m 1 -E 'error' "$work/publish.txt" | cut -c 1-200)"
  elif ! run_there "$1" list "$work/$1/HakMem.Systems.dll" < /dev/null > /dev/null 2>&1; then
    echo "its .NET runtime does not run"
  fi
}

test_system() {   # system
  local assembly class counts status line
  mkdir -p "$work/out/$1"
  for assembly in HakMem.Boxes.Tests HakMem.Tests HakMem.Models.Tests; do
    if ! run_there "$1" list "$(program $assembly)" < /dev/null > "$work/classes.txt" 2> "$work/list.txt"; then
      failed=$((failed + 1)); row "$1" "$assembly" "FAILED: its tests cannot be found: $(head -n 3 "$work/list.txt" | cut -c 1-200)"; continue
    fi
    : > "$work/chosen.txt"
    while read -r class; do
      class=${class%$'\r'}
      [[ -z "$only" || "$class" =~ $only ]] || continue
      if [ "$assembly" = HakMem.Models.Tests ] && [[ "$class" != *.PerturbedStressTests ]]; then continue; fi   # the others read sources and models
      if [ -n "$quick" ] && slow "$1" "$class"; then absent "$1" "$class: left out by --quick"; continue; fi
      echo "$class" >> "$work/chosen.txt"
    done < "$work/classes.txt"
    xargs -P "$(nproc)" -I{} bash -c 'one "$@"' _ "$1" "$(program $assembly)" {} < "$work/chosen.txt"
    while read -r class; do
      line=$(grep -aE ': [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' "$work/out/$1/$class.txt" | tail -n 1 | tr -d '\r')
      status=$(cat "$work/out/$1/$class.txt.status")
      read -r p f s <<< "$(sed -E 's/.*: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped.*/\1 \2 \3/' <<< "${line:-: 0 passed, 0 failed, 0 skipped}")"
      passed=$((passed + p)) skipped=$((skipped + s))
      counts="$p passed"; [ "$s" = 0 ] || counts="$counts, $s skipped"
      if [ "$status" = 0 ]; then row "$1" "$class" "$counts"; continue; fi
      failed=$((failed + (f > 0 ? f : 1)))
      [ "$status" != 124 ] || counts="$counts, no end after ${HAKMEMTEST_PATIENCE:-300} s"
      row "$1" "$class" "FAILED: $counts"
      tr -d '\r' < "$work/out/$1/$class.txt" | grep -av '^ *at ' | tail -n 15 | sed 's/^/    /'
    done < "$work/chosen.txt"
  done
}

if [ -n "$check" ]; then
  for system in "${systems[@]}"; do
    why=$(missing "$system")
    [ -z "$why" ] || { echo "$system: $why"; failed=1; }
  done
  exit "$failed"
fi

for assembly in HakMem.Boxes.Tests HakMem.Tests HakMem.Models.Tests; do
  if [ -z "$no_build" ] && ! dotnet build "tests/$assembly" -c Release -v quiet "-p:HakMemBuildFlavor=$flavor" > "$work/build.txt" 2>&1; then
    grep -m 3 error "$work/build.txt"; echo "0 passed, 1 failed, 0 skipped, 0 not run: the tests cannot be built"; exit 1
  fi
  if [ ! -f "$(program "$assembly")" ]; then echo "0 passed, 1 failed, 0 skipped, 0 not run: the flavor $flavor is not built"; exit 1; fi
done

for system in "${systems[@]}"; do
  why=$(missing "$system")
  if [ -n "$why" ]; then absent "$system" "$why"; else test_system "$system"; fi
done

echo "$passed passed, $failed failed, $skipped skipped, $not_run not run"
[ "$failed" -eq 0 ]
