#!/usr/bin/env bash
# Makes the product as one self-contained directory that needs nothing of the system it runs on: trimmed .NET, its own
# C library and its own loader. dom0 of XenServer 8 / XCP-ng 8 has glibc 2.17, which .NET 10 cannot use.
#
#   packaging/publish.sh [OUTPUT]      default OUTPUT: artifacts/twonodeha
#
# Needs patchelf and the OpenSSL 3 libraries of the build machine (Debian: patchelf, libssl3).
set -euo pipefail

cd "$(dirname "$0")/.."
output=${1:-artifacts/twonodeha}
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v patchelf >/dev/null || { echo "publish: patchelf is missing (apt-get install patchelf)" >&2; exit 1; }

# From a copy of the sources: a publish for one runtime restores other packages than the build and its lock files.
tar -c --exclude=bin --exclude=obj --exclude=packages.lock.json src Directory.Build.props Directory.Packages.props \
    global.json .editorconfig packaging | tar -x -C "$work"

publish() {
    dotnet publish "$work/$1" -c Release -r linux-x64 --self-contained -p:PublishTrimmed=true -p:TrimMode=full \
        -p:PublishReadyToRun=true -p:DebugType=none -p:ILLinkTreatWarningsAsErrors=false -p:GenerateDocumentationFile=false -p:RestoreLockedMode=false \
        -p:RestorePackagesWithLockFile=false -p:UseSharedCompilation=false -o "$2" --nologo -v quiet
}

rm -rf "${output:?}"/*
publish src/TwoNodeHa.Daemon "$work/daemon"
publish src/TwoNodeHa.Ctl "$work/ctl"

# Each program keeps its own trimmed framework: merging two trimmed copies would mix assemblies of different cuts.
mkdir -p "$output/daemon" "$output/ctl" "$output/lib"
cp -a "$work/daemon/." "$output/daemon/"
cp -a "$work/ctl/." "$output/ctl/"

# Every library that any file of the directory names, with the loader, and what the runtime opens by name:
# OpenSSL for HMAC and TLS. Not ICU: the programs are culture-invariant.
collect() {
    ldd "$1" 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p'
}
libraries=$(
    for file in "$output"/daemon/*.so "$output"/ctl/*.so "$output/daemon/twonodehad" "$output/ctl/ha-ctl"; do collect "$file"; done
    for name in libssl.so.3 libcrypto.so.3 libnss_files.so.2 libnss_dns.so.2 libresolv.so.2 libdl.so.2 libpthread.so.0 librt.so.1; do
        path=$(ldconfig -p | sed -n "s/.*$name .*x86-64.* => //p" | head -n 1)
        if [ -n "$path" ]; then echo "$path"; collect "$path"; fi
    done
)
for library in $(printf '%s\n' "$libraries" | sort -u); do
    case "$library" in
        "$output"/*) ;;
        *) cp -L "$library" "$output/lib/" ;;
    esac
done
loader=$(basename "$(patchelf --print-interpreter "$output/daemon/twonodehad")")
[ -e "$output/lib/$loader" ] || cp -L "$(patchelf --print-interpreter "$output/daemon/twonodehad")" "$output/lib/"

# The interpreter must be an absolute path: the directory lives at /opt/twonodeha unless PREFIX says otherwise.
prefix=${PREFIX:-/opt/twonodeha}
for program in daemon/twonodehad ctl/ha-ctl; do
    patchelf --set-interpreter "$prefix/lib/$loader" --force-rpath --set-rpath "$prefix/lib" "$output/$program"
done
for file in "$output"/daemon/*.so "$output"/ctl/*.so; do
    patchelf --force-rpath --set-rpath "$prefix/lib:\$ORIGIN" "$file"
done
for file in "$output"/lib/*.so*; do
    case "$(basename "$file")" in
        ld-linux*|libc.so*) ;;
        *) patchelf --force-rpath --set-rpath "$prefix/lib" "$file" ;;
    esac
done
ln -sf daemon/twonodehad "$output/twonodehad"
ln -sf ctl/ha-ctl "$output/ha-ctl"
mkdir -p "$output/systemd" "$output/completions"
cp packaging/systemd/*.service "$output/systemd/"
cp packaging/completions/* "$output/completions/"
cp ha.conf.example LICENSE README.md "$output/"
echo "publish: $(du -sh "$output" | cut -f1) in $output, to be installed as $prefix"
