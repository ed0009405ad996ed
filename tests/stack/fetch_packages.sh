#!/bin/sh
# Unpacks the programs of packages.txt into a directory, .ovia/tools/monitoring by default: nothing is installed, nothing
# started, and no root needed. Does nothing where they are already.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=${1:-$here/../../.ovia/tools/monitoring}
packages=$(sed 's/#.*//' "$here/packages.txt")
suite=trixie
keys=/usr/share/keyrings/debian-archive-keyring.gpg

# What was unpacked is known by what was asked for.
wanted=$(echo $suite $packages)
[ "$(cat "$into/unpacked" 2>/dev/null)" != "$wanted" ] || exit 0
[ -r $keys ] || { echo "$0: $keys is missing; install debian-archive-keyring" >&2; exit 1; }

rm -rf "$into"
mkdir -p "$into/apt/state/lists/partial" "$into/apt/cache/archives/partial" "$into/apt/debs"
echo "deb [signed-by=$keys] http://deb.debian.org/debian $suite main" > "$into/apt/sources.list"
into=$(cd "$into" && pwd)
apt() {
    apt-get -qq -o Dir::State="$into/apt/state" -o Dir::Cache="$into/apt/cache" \
        -o Dir::Etc::sourcelist="$into/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o APT::Sandbox::User= "$@"
}
apt update
(cd "$into/apt/debs" && apt download $packages)
for package in "$into"/apt/debs/*.deb; do
    dpkg-deb --extract "$package" "$into"
done
rm -rf "$into/apt"
echo "$wanted" > "$into/unpacked"
