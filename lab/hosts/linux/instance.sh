#!/usr/bin/env bash
# The first process of a machine: builds the machine's own view of the system, then waits to be told to halt.
# Usage: instance.sh HOST_NAME ADDRESS/PREFIX GATEWAY SCRATCH_DIRECTORY, in fresh mount, pid, uts and ipc namespaces and
# in the network namespace of the machine. Prints its process id as the host sees it. Standard input is the power cord:
# the line `halt` shuts down in good order, its end (the lab has died) kills the machine.
set -euo pipefail
readonly host_name=$1 address=$2 gateway=$3 scratch=$4
readonly root="$scratch/root"

# Still the host's /proc: inside the new one this process is number 1.
read -r process_id _ </proc/self/stat

echo "$host_name" >/proc/sys/kernel/hostname
# Strict reverse-path filtering, the strictest default in use (Red Hat's), for the interfaces to come as well.
for scope in all default; do
  echo 1 >"/proc/sys/net/ipv4/conf/$scope/rp_filter"
  [[ ! -e /proc/sys/net/ipv6 ]] || echo 1 >"/proc/sys/net/ipv6/conf/$scope/disable_ipv6"
done
ip -batch - <<END
link set lo up
addr add $address dev eth0
link set eth0 up
route add default via $gateway
END

# The machine's disk is the host's, read-only, below a layer in memory that goes with the machine.
mount -t tmpfs -o mode=755 stayput-scratch "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" stayput-root "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"

# The block devices are those that are plugged in, not the host's.
for directory in block class/block dev/block class/nvme; do
  [[ ! -d $root/sys/$directory ]] || mount -t tmpfs -o mode=755 stayput-sys "$root/sys/$directory"
done
mount -t tmpfs -o mode=755 stayput-dev "$root/dev"
mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/disk/by-id"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 stayput-shm "$root/dev/shm"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 666 "$root/dev/full" c 1 7
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
mknod -m 666 "$root/dev/tty" c 5 0
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

# Nothing of what the host runs shows: no systemd, no sockets, no state of an installation of ours.
mount -t tmpfs -o mode=755 stayput-run "$root/run"
mkdir -m 1777 "$root/run/lock"
mount -t tmpfs -o mode=1777 stayput-tmp "$root/tmp"
rm -rf "$root/var/lib/stayput" "$root/usr/local/lib/stayput"
# A resolver that can't be reached would cost five seconds for each reverse lookup: names come from the file alone.
rm -f "$root/etc/resolv.conf" "$root/etc/hosts" "$root/etc/hostname"
: >"$root/etc/resolv.conf"
printf '127.0.0.1 localhost\n%s %s\n' "${address%/*}" "$host_name" >"$root/etc/hosts"
printf '%s\n' "$host_name" >"$root/etc/hostname"
cd "$root"
pivot_root . .
umount -l .
cd /

# A small machine's Java: several machines share the processors here, and their servers hold little. Debian's path is a
# link from the root directory, so that it leads to the host's own file until the root is the machine's.
readonly java_settings=/etc/zookeeper/conf/environment
if [[ -f $java_settings ]]; then
  printf 'JAVA_OPTS="%s"\n' '-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1' >>"$java_settings"
fi

# Processes get their time to end, then file systems are unmounted as a machine does that halts.
halt() {
  local round
  kill -TERM -1 2>/dev/null || true
  # A kill of all spares this process, so it fails when no other is left.
  for ((round = 0; round < 100; round++)); do
    kill -0 -1 2>/dev/null || break
    sleep 0.05
  done
  kill -KILL -1 2>/dev/null || true
  findmnt --noheadings --raw --output TARGET,SOURCE | tac | while read -r target source; do
    [[ $source != /dev/nvme* ]] || umount "$(printf '%b' "$target")" || true
  done
}

printf '%s\n' "$process_id"
while read -r order; do
  [[ $order != halt ]] || { halt; exit 0; }
done
