#!/usr/bin/env bash
# Makes what a user installs, from a fresh clone: an RPM, and a tarball with install.sh for hosts without rpm.
#
#   packaging/build.sh [OUTPUT]      default OUTPUT: artifacts/dist
#
#   PUBLISHED   a directory made by publish.sh; without it one is made
#   RELEASE     release of the RPM (default: 1)
#   PAYLOAD     its compression (default: w8.xzdio, a window over the whole program; rpm of CentOS 7 cannot read zstd)
#
# The same commit gives the same bytes. Needs what publish.sh needs, and rpmbuild and xz (Debian: rpm, xz-utils).
set -euo pipefail

cd "$(dirname "$0")/.."
output=${1:-artifacts/dist}
mkdir -p "$output"
output=$(cd "$output" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for need in rpmbuild:rpm xz:xz-utils; do
    command -v "${need%%:*}" >/dev/null || { echo "build: ${need%%:*} is missing (apt-get install ${need##*:})" >&2; exit 1; }
done

# All times in the packages are that of the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Directory.Build.props)}
export SOURCE_DATE_EPOCH LC_ALL=C TZ=UTC
version=$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' Directory.Build.props)
release=${RELEASE:-1}
name=twonodeha-$version

if [ -n "${PUBLISHED:-}" ]; then
    cp -a "$PUBLISHED" "$work/$name"
else
    packaging/publish.sh "$work/$name"
fi
find "$work/$name" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

cat >"$work/changelog" <<LOG
* $(date -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y') TwoNodeHa contributors <twonodeha@users.noreply.github.com> - $version-$release
- docs/CHANGELOG.md says what is new
LOG
rpmbuild -bb --quiet packaging/rpm/twonodeha.spec \
    --define "_topdir $work/rpm" --define "_rpmdir $work/rpms" --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
    --define "product_version $version" --define "product_release $release" \
    --define "product_changelog $work/changelog" --define "published $work/$name" \
    --define "_binary_payload ${PAYLOAD:-w8.xzdio}" --define "_binary_filedigest_algorithm 8" \
    --define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
    --define "clamp_mtime_to_source_date_epoch 1" --define "source_date_epoch_from_changelog 0"
install -m 644 "$work"/rpms/*.rpm "$output/"

install -m 755 packaging/install.sh "$work/$name/install.sh"
touch --date="@$SOURCE_DATE_EPOCH" "$work/$name" "$work/$name/install.sh"
tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -c "$name" \
    | xz -8 -T1 >"$output/$name.tar.xz"
(cd "$output" && sha256sum "$name"*.rpm "$name.tar.xz")
