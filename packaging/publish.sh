#!/usr/bin/env bash
# Makes the product as one directory: one static program that needs nothing of the system it runs on, compiled ahead of time
# with its own C library and OpenSSL; it is the daemon, and ha-ctl when it is called so. dom0 of XenServer 8 / XCP-ng 8 has
# glibc 2.17, which .NET 10 cannot use.
#
#   packaging/publish.sh [OUTPUT]      default OUTPUT: artifacts/twonodeha
#
# Needs what the linker needs (Debian: gcc, cmake, make, binutils, zlib1g-dev, libssl-dev). The same sources give the same bytes.
set -euo pipefail

cd "$(dirname "$0")/.."
output=${1:-artifacts/twonodeha}
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for need in gcc:gcc cmake:cmake make:make objcopy:binutils readelf:binutils; do
    command -v "${need%%:*}" >/dev/null || { echo "publish: ${need%%:*} is missing (apt-get install ${need##*:})" >&2; exit 1; }
done
for need in libc.a:libc6-dev libz.a:zlib1g-dev libssl.a:libssl-dev; do
    [ -e "$(gcc -print-file-name="${need%%:*}")" ] && [ "$(gcc -print-file-name="${need%%:*}")" != "${need%%:*}" ] \
        || { echo "publish: ${need%%:*} is missing (apt-get install ${need##*:})" >&2; exit 1; }
done

# From a copy of the sources, the simulated world of `ha-ctl simulate` among them: a publish for one runtime restores other packages than the build and its lock files.
tar -c --exclude=bin --exclude=obj --exclude=packages.lock.json src sim Directory.Build.props Directory.Packages.props \
    global.json .editorconfig packaging | tar -x -C "$work"

# Warnings are errors: of the compiler, of the trimmer, and of the ahead-of-time analysis of every package.
rm -rf "${output:?}"/*
dotnet publish "$work/src/TwoNodeHa.Dom0" -c Release -r linux-x64 -p:PublishAot=true -p:GenerateDocumentationFile=false \
    -p:RestorePackagesWithLockFile=false -p:UseSharedCompilation=false -p:RunAnalyzers=false \
    -p:ContinuousIntegrationBuild=true -p:PathMap="$work=/src" -o "$work/out" --nologo -v quiet

mkdir -p "$output"/{systemd,boot,completions,man,licenses,grafana,xapi}
install -m 755 "$work/out/twonodeha" "$output/twonodehad"
ln -s twonodehad "$output/ha-ctl"
! readelf -lW "$output/twonodehad" | grep -q INTERP || { echo "publish: the program is not static" >&2; exit 1; }
install -m 755 packaging/firewall.sh "$output/firewall"
install -m 755 packaging/scriptlet.sh "$output/scriptlet"
install -m 644 packaging/systemd/*.service "$output/systemd/"
install -m 644 packaging/boot/*.conf "$output/boot/"
install -m 644 packaging/completions/* "$output/completions/"
install -m 644 packaging/man/*.8 "$output/man/"
install -m 644 packaging/grafana/*.json "$output/grafana/"
install -m 755 packaging/xapi/twonodeha "$output/xapi/"
install -m 644 ha.conf.example LICENSE README.md "$output/"

# Whose code is inside.
nuget=$(dotnet nuget locals global-packages --list | sed 's/^global-packages: //')
runtime=$(find "$nuget/runtime.linux-x64.microsoft.dotnet.ilcompiler" -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)
install -m 644 packaging/licenses/* "$output/licenses/"
install -m 644 "$runtime/THIRD-PARTY-NOTICES.TXT" "$output/licenses/dotnet-third-party-notices.txt"
for library in libc6-dev:glibc libssl-dev:openssl zlib1g-dev:zlib; do
    install -m 644 "/usr/share/doc/${library%%:*}/copyright" "$output/licenses/${library##*:}-copyright.txt"
done
echo "publish: $(du -sh "$output" | cut -f1) in $output, to be installed as /opt/twonodeha"
