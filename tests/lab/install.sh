#!/usr/bin/env bash
# The parts of others that tests drive (Debian): etcd, a simulated board, ipmitool, fence agents, an iSCSI target and initiator for class A, promtool. Without them those
# tests are skipped with the reason, and counted. The collector of OTLP is a program inside a package of the registry. Services that a package would start are not needed: tests start their own.
set -euo pipefail

missing=()
command -v etcd >/dev/null || missing+=(etcd-server)
command -v ipmi_sim >/dev/null || missing+=(openipmi)
command -v ipmitool >/dev/null || missing+=(ipmitool)
{ command -v fence_dummy || [ -x /usr/sbin/fence_dummy ]; } >/dev/null || missing+=(fence-agents)
{ command -v tgtd || [ -x /usr/sbin/tgtd ]; } >/dev/null || missing+=(tgt)
compgen -G "/usr/lib/*/libiscsi.so.7" >/dev/null || missing+=(libiscsi7)
# promtool, which reads the metrics as Prometheus does.
command -v promtool >/dev/null || missing+=(prometheus)
parts="$(dirname "$0")/parts"
dotnet restore -v q "$parts" >/dev/null || echo "no collector (tests/lab/parts): the registry does not give it" >&2
[ "${#missing[@]}" -gt 0 ] || { echo "all parts are there"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "not root: ${missing[*]} cannot be installed" >&2; exit 1; }
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
