#!/usr/bin/env bash
# Tries whether machines can be made here, each thing once and for real. To be run in fresh mount, pid, uts, ipc and
# network namespaces, which take everything with them, and with a scratch folder: possible.sh DIRECTORY.
# The first thing that can't be done is named on standard output, with what the system said about it.
set -euo pipefail
readonly scratch=$1

try() {
  local what=$1 said
  shift
  said=$("$@" 2>&1) || { printf '%s (%s)\n' "$what" "${said//$'\n'/ }"; exit 1; }
}

set_sysctl() {
  echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter
}

# With the file system that the documents make, where the kernel would have to load it first; it takes 300 MiB at least.
mount_disk() {
  local device
  truncate -s 320M "$scratch/disk"
  exec 9>/run/lock/stayput-losetup
  flock 9
  device=$(losetup --find)
  [[ -b $device ]] || mknod "$device" b 7 "${device#/dev/loop}"
  losetup "$device" "$scratch/disk"
  # Detached while it is in use, it goes with its last user, which at the latest is this namespace.
  if ! grep -qw xfs /proc/filesystems && [[ -n $(type -P mkfs.xfs) ]]; then
    { mkfs.xfs -q "$device" && mount "$device" "$scratch/root"; } || { losetup --detach "$device"; return 1; }
  fi
  losetup --detach "$device"
}

try 'no memory file system can be mounted' mount -t tmpfs stayput-check "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
try 'no overlay over / can be mounted' \
  mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" stayput-check "$scratch/root"
try 'no /proc can be mounted' mount -t proc proc "$scratch/root/proc"
try 'no /sys can be mounted' mount -t sysfs sysfs "$scratch/root/sys"
try 'no device node can be made' mknod "$scratch/null" c 1 3
try 'no veth pair can be made' ip link add stayput0 type veth peer name stayput1
try 'no network setting can be changed' set_sysctl
try 'no loop device can be attached and mounted' mount_disk
