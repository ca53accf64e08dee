#!/usr/bin/env bash
# Runs real programs without and with the library, and compares exit codes and outputs; peak memory stands beside them.
# The workloads are in real-programs/workloads.sh, each deterministic. docs/native-tests.md says how to read the table.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd); repository=$(dirname "$here")

usage() {
  cat <<'TEXT'
usage: tests/real-programs.sh [options]
  --library FILE     the library to preload (default: what 'dotnet publish src/HakMem.Preload -c Release' made)
  --only NAMES       run these only, separated by commas; an unknown name lists all
  --quick            without those that take more than about 20 s
  --install          apt-get install the missing programs first (root)
  --memory-limits    exit code 1 also if peak memory is above the limits written below the table; near 8 MiB it is
                     measured by the page tables, which takes a few minutes
  --keep             keep the outputs that differ
  --help             this text
Exit code: 0 all that ran are the same; 1 one differs, or does not work without the library either; 2 unusable options or library.
TEXT
}

fail() { echo "error: $*" >&2; exit 2; }

library='' only='' quick='' install='' limits='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    --library) [ $# -gt 1 ] || fail "--library needs a file"; library=$2; shift ;;
    --only) [ $# -gt 1 ] || fail "--only needs names"; only=$2; shift ;;
    --quick) quick=1 ;;
    --install) install=1 ;;
    --memory-limits) limits=1 ;;
    --keep) keep=1 ;;
    --help|-h) usage; exit 0 ;;
    *) usage >&2; fail "there is no option '$1'" ;;
  esac
  shift
done

if [ -n "$install" ]; then
  # One by one: what a distribution does not have must not keep out the others.
  for package in perl git gcc g++ cmake nodejs sqlite3 redis-server xz-utils openssl default-jdk-headless python3; do
    apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "note: $package cannot be installed here" >&2
  done
fi

if [ -z "$library" ]; then
  library=$(find "$repository"/src/HakMem.Preload/bin/Release -path '*publish/libhakmem.so' 2>/dev/null | sort | tail -n 1)
  [ -n "$library" ] || fail "there is no libhakmem.so; build it with 'dotnet publish src/HakMem.Preload -c Release' or name a library with --library"
fi
library=$(readlink -f "$library") && [ -f "$library" ] || fail "there is no library '$library'"
[[ $library != *[[:space:]:]* ]] || fail "the dynamic linker takes no path with blanks or colons: '$library'"

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export REAL_PROGRAMS_REPOSITORY=$repository
REAL_PROGRAMS_COMMIT=$(git -C "$repository" rev-parse HEAD 2>/dev/null || echo HEAD); export REAL_PROGRAMS_COMMIT   # the same for both runs, whatever is committed meanwhile
source "$here/real-programs/workloads.sh"

# The tool that reports the peak of a program and of all that it starts, and the exact size of one at its end.
footprint=''
compiler=$(command -v cc || command -v gcc || true)
[ -n "$compiler" ] && "$compiler" -D_GNU_SOURCE -O1 -pthread -w -o "$work/footprint" "$here/HakMem.Preload.Tests/Native/footprint.c" -ldl && footprint="$work/footprint"
at_end=end
[ -z "$footprint" ] || FOOTPRINT_SHIFT=0 "$footprint" end /bin/true 2>/dev/null || { at_end=peak; echo 'no process can be traced here, or its addresses be chosen: the memory of small programs is their peak as the kernel counts it, in steps of 128 KiB'; }

# Proof that the library is in the programs at all: it is mapped, and malloc is its own.
LD_PRELOAD=$library grep -q "$library" /proc/self/maps 2>"$work/proof" || fail "the dynamic linker does not load $library: $(head -n 1 "$work/proof")"
if nm -D "$library" >/dev/null 2>&1; then nm -D --defined-only "$library" | grep -qE ' [TWi] malloc$' || fail "$library has no malloc"; fi

# run NAME PRELOAD OUTPUT PLACE [MEASURE]: in a folder that is the same for both runs, so that paths in outputs are. Sets seconds, peak, code. A small program is run
# directly, and measured where it ends: beside a shell its peak would not be seen, and the kernel's count of it is off by up to 128 KiB and more (footprint.c).
run() {
  rm -rf "$work/place"; mkdir "$work/place"
  local begin=$EPOCHREALTIME words=(bash "$here/real-programs/workloads.sh" "$1") measure=${5:-peak}
  [ -z "${small[$1]:-}" ] || { read -ra words <<<"${small[$1]}"; measure=$at_end; }
  if [ -n "$footprint" ]; then
    (cd "$work/place" && FOOTPRINT_SHIFT=$4 FOOTPRINT_PRELOAD=$2 LC_ALL=C TZ=UTC "$footprint" "$measure" "${words[@]}") >"$3" 2>"$3.err" </dev/null
    code=$?; peak=$(tail -n 1 "$3.err"); sed -i '$d' "$3.err"
  else
    (cd "$work/place" && env LD_PRELOAD="$2" LC_ALL=C TZ=UTC "${words[@]}") >"$3" 2>"$3.err" </dev/null   # env: the workloads' functions have the programs' names
    code=$?; peak=''
  fi
  seconds=$(awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
}

row() { printf '%-20s %-10s %6s %6s %-12s %-12s %7s %7s %9s %9s  %s\n' "$@"; }

if [ -n "$only" ]; then
  for name in ${only//,/ }; do
    [[ " ${workloads[*]} " == *" $name "* ]] || fail "there is no program '$name'; known: ${workloads[*]}"
  done
fi

echo "library: $library"
row program result 'exit' 'exit' hash hash seconds seconds 'peak KiB' 'peak KiB' remark
row '' '' without with without with without with without with ''
near=8704 different=0 same=0 broken=0 missing=0 worst_small='' product_log=0 large=0
for name in "${workloads[@]}"; do
  [ -z "$only" ] || [[ ",$only," == *",$name,"* ]] || continue
  absent=$(workload_absence "$name")
  [ -z "$quick" ] || [ -z "${slow[$name]:-}" ] || absent='left out by --quick'
  if [ -n "$absent" ]; then row "$name" 'not run' - - - - - - - - "$absent"; missing=$((missing + 1)); continue; fi
  repeats=1; [ -z "${small[$name]:-}" ] || repeats=16
  without_peak='' with_peak=''
  for ((i = 0; i < repeats; i++)); do
    run "$name" '' "$work/without" "$i"; without_code=$code without_seconds=$seconds
    [ -z "$peak" ] || without_peak=$((${without_peak:-0} + peak))
    run "$name" "$library" "$work/with" "$i"; with_code=$code with_seconds=$seconds
    [ -z "$peak" ] || with_peak=$((${with_peak:-0} + peak))
  done
  if [ -n "$limits" ] && [ "$repeats" = 1 ] && [ $at_end = end ] && [ "${without_peak:-$near}" -lt "$near" ]; then
    # Near the limit of 8 MiB the kernel's count is off by more than is allowed: by the page tables, at two places.
    repeats=2 without_peak=0 with_peak=0
    for ((i = 0; i < repeats; i++)); do
      run "$name" '' "$work/without" $((i * 8)) exact; without_peak=$((without_peak + peak))
      run "$name" "$library" "$work/with" $((i * 8)) exact; with_peak=$((with_peak + peak))
    done
  fi
  [ -z "$peak" ] || { without_peak=$((without_peak / repeats)); with_peak=$((with_peak / repeats)); }   # of a small program the mean of all places of its libraries, which decide how many of their pages come along
  without_hash=$(sha256sum <"$work/without" | cut -c 1-12) with_hash=$(sha256sum <"$work/with" | cut -c 1-12)
  result=same remark=''
  if [ "$without_code" != "$with_code" ] || [ "$without_hash" != "$with_hash" ]; then
    result=DIFFERENT; different=$((different + 1))
    remark=$(grep -m 1 -iE 'hakmem|error|abort|segm|signal' "$work/with.err" "$work/with" -h | cut -c 1-100)
    if [ -n "$keep" ]; then
      kept=$(mktemp -d "/tmp/real-programs-$name-XXXX"); cp "$work"/with "$work"/with.err "$work"/without "$work"/without.err "$kept"; remark="outputs in $kept; $remark"
    fi
  elif [ "$without_code" != 0 ]; then
    result=BROKEN; broken=$((broken + 1))   # each workload ends with 0 where it works: what stopped it shows nothing
    remark="ends with $without_code also without the library: $(tail -n 1 "$work/without.err" | cut -c 1-80)"
  else
    same=$((same + 1))
  fi
  row "$name" "$result" "$without_code" "$with_code" "$without_hash" "$with_hash" "$without_seconds" "$with_seconds" "${without_peak:--}" "${with_peak:--}" "$remark"
  [ -n "$without_peak" ] && [ "$without_peak" -gt 0 ] || continue
  if [ "$without_peak" -lt 8192 ]; then
    excess=$((with_peak - without_peak)); [ -n "$worst_small" ] && [ "$worst_small" -ge "$excess" ] || { worst_small=$excess; worst_name=$name; }
  else
    product_log=$(awk -v s="$product_log" -v a="$with_peak" -v b="$without_peak" 'BEGIN { printf "%.9f", s + log(a / b) }'); large=$((large + 1))
  fi
done

echo
echo "$same same, $different different, $broken broken, $missing not run"
above=0
if [ -n "$worst_small" ]; then
  echo "peak memory, programs below 8 MiB without the library: at most $worst_small KiB more ($worst_name); limit 200 KiB"
  [ "$worst_small" -le 200 ] || above=1
fi
if [ "$large" -gt 0 ]; then
  mean=$(awk -v s="$product_log" -v n="$large" 'BEGIN { printf "%.3f", exp(s / n) }')
  echo "peak memory, the other $large: geometric mean $mean of that without; limit 1.05"
  awk -v m="$mean" 'BEGIN { exit !(m > 1.05) }' && above=1
fi
[ "$different" -eq 0 ] && [ "$broken" -eq 0 ] || exit 1
[ -z "$limits" ] || [ "$above" -eq 0 ] || exit 1
exit 0
