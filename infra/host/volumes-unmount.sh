# shellcheck shell=bash
# shellcheck disable=SC2154 # The variables are set across files.
#
# Unmounts the member's volumes.

# After a process was killed its mount is busy for a moment: its main thread may be gone while others close their files.
volume_unmount_seconds=10

# Unmounts all volumes; what is not there or not mounted counts as unmounted. Never lazily: that hides the mount while
# its user goes on writing, and the volume would be detached under it.
volumes_unmount() {
  local index order=()
  mapfile -t order < <(volumes_in_order)
  sync
  for ((index = ${#order[@]} - 1; index >= 0; index--)); do
    volume_unmount "${order[index]}"
  done
}

volume_unmount() {
  local index=$1 number point=${mounts[$1]} holders
  volume_remove_unit "$point"
  for number in $(volume_numbers_to_unmount "$index"); do
    volume_because=''
    wait_until "$volume_unmount_seconds" 0.2 volume_try_unmount "$number" "$point" && continue
    holders=$(volume_holders "$number" "$point" | head -n 10)
    holders=${holders//$'\n'/, }
    fail 50 still-mounted \
      "${volume_ids[index]} is still mounted: held by ${holders:-nobody that can be seen} ($volume_because)"
  done
}

# Prints the number of the volume's device; if that cannot be found, those of the devices at its mount point which are
# not known to be another volume's.
volume_numbers_to_unmount() {
  local other path disk
  if volume_find "${volume_ids[$1]}"; then
    volume_number "$volume_device"
    return
  fi
  while read -r other path _; do
    [[ $path == "${mounts[$1]}" ]] || continue
    disk=$(readlink -f "/sys/dev/block/$other" || true)
    volume_read_serial "${disk##*/}"
    [[ $volume_serial == vol* ]] || printf '%s\n' "$other"
  done < <(volume_mounts) | sort -u
}

# Unmounts the device from the mount point, and succeeds if no mount of it is left in any mount namespace, nor one that
# somebody has taken away lazily: that is in no list of mounts, and is there as long as a process holds something of it.
volume_try_unmount() {
  local number=$1 point=$2 other path
  while read -r other path _; do
    [[ $other == "$number" && $path == "$point" ]] || continue
    volume_because=$(umount "$point" 2>&1) || return 1
  done < <(volume_mounts)
  [[ -z $(volume_holding_files "$number") ]]
}

# Prints what keeps the file system mounted: mounts below the mount point or elsewhere, and processes that have
# something of it open or mapped, or a mount of it in a namespace of their own.
volume_holders() {
  local number=$1 point=$2 process other path
  while read -r other path _; do
    if [[ $path == "$point"/* ]]; then
      printf 'a mount at %s\n' "$path"
    elif [[ $other == "$number" && $path != "$point" ]]; then
      printf 'a mount of the same device at %s\n' "$path"
    fi
  done < <(volume_mounts)
  volume_holding_files "$number" | while IFS=/ read -r _ _ process path; do
    [[ $path == mountinfo && /proc/$process/ns/mnt -ef /proc/self/ns/mnt ]] || printf '%s\n' "$process"
  done | sort -un | while read -r process; do
    printf 'process %s (%s)\n' "$process" "$(cat "/proc/$process/comm" 2>/dev/null || true)"
  done
}

# Prints the files under /proc by which processes show that they hold the device. Devices are compared, not paths: an
# open file may be deleted. What goes away meanwhile is left out.
volume_holding_files() {
  local major=${1%:*} minor=${1#*:} mapped device process found places=()
  printf -v mapped ' %02x:%02x ' "$major" "$minor"
  # As makedev of glibc packs it.
  device=$(((minor & 255) | (major & 4095) << 8 | (minor & ~255) << 12))
  grep -ls "$mapped" /proc/[0-9]*/maps || true
  grep -ls "^[0-9]* [0-9]* $1 " /proc/[0-9]*/mountinfo || true
  for process in /proc/[0-9]* ''; do
    # In portions: together they may be more than a command line takes.
    [[ ! $process ]] || places+=("$process"/{cwd,root,exe} "$process"/fd/*)
    [[ ! $process || ${#places[@]} -gt 1000 ]] || continue
    while read -r found process; do
      [[ $found != "$device" ]] || printf '%s\n' "$process"
    done < <(timeout 5 stat -L -c '%d %n' "${places[@]}" 2>/dev/null)
    places=()
  done
}

volume_remove_unit() {
  local unit
  has_systemd || return 0
  unit=$(volume_unit "$1")
  [[ -f $unit ]] || return 0
  systemctl --quiet disable "${unit##*/}" || true
  rm -f "$unit"
  systemctl daemon-reload || true
}
