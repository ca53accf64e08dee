#!/usr/bin/env bash
# check-object.sh nm object allowed-symbols: what the native compiler let through and a library without a runtime must not hold.
set -u
nm=$1 object=$2 allowed=$3
faults=0
fault() { echo "check-object: $1"; faults=1; }

# Nothing to be seen is no sign that nothing is there.
if ! symbols=$("$nm" "$object") || [ -z "$symbols" ]; then
    fault "'$nm' shows no symbols of $object"
    exit 1
fi

# A static constructor that could not be run at compile time is never run.
while read -r symbol; do fault "static constructor that would never run: $symbol"; done < <(grep -o '[^ ]*___cctor$' <<< "$symbols")

# Whatever is undefined must be the C library's, or ours in Trampolines.S: anything else is the runtime (allocation, exceptions, casts).
while read -r symbol; do fault "needs '$symbol', which is not in libc-symbols.txt"; done < <(awk '$1 ~ /^[Uvw]$/ { print $2 }' <<< "$symbols" | sort -u | grep -vxF -f <(grep -v '^#' "$allowed"))

exit $faults
