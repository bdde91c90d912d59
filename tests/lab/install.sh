#!/bin/sh
# Installs what the lab needs and is missing (Debian, Ubuntu): iproute2, nftables, iputils-ping.
set -eu

missing=
command -v ip >/dev/null || missing="$missing iproute2"
command -v nft >/dev/null || missing="$missing nftables"
command -v ping >/dev/null || missing="$missing iputils-ping"
[ -n "$missing" ] || exit 0

[ "$(id -u)" = 0 ] || { echo "install.sh: as root, please: needs$missing" >&2; exit 1; }
apt-get update -q
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
