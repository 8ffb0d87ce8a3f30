# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # The variables are read and set across files.
#
# Mounts the member's volumes, and proves that they are mounted.

# EC2 says `attached` before the kernel has found the device.
volume_wait_seconds=20
# A file system that was unmounted lazily is in use until the last process that had it open is gone altogether.
volume_busy_seconds=10

# By the volume's index.
volume_contents=() volume_types=() volume_uuids=() formatted=()

# Mounts all volumes, and sets `formatted`. All are looked at before the first one is changed. Safe to repeat.
volumes_mount() {
  local index order
  order=$(volumes_in_order)
  wait_until "$volume_wait_seconds" 0.2 volumes_find || fail 30 volume-missing "$volume_because"
  for index in $order; do
    volume_look "$index"
  done
  for index in $order; do
    formatted[index]=false
    case ${volume_contents[index]} in
      blank) volume_format "$index" ;;
      empty) volume_claim "$index" ;;
    esac
    [[ ${volume_contents[index]} == mounted ]] || volume_mount "$index"
    volume_grow "$index"
    volume_install_unit "$index"
  done
}

# Proves that each mount point is a mount of the device with the volume's serial number, that it is this member's and
# takes writes. Returns 1 with the reason, on standard error and in `volume_because`, if not.
volumes_check() {
  local index
  for index in "${!volume_ids[@]}"; do
    volume_check "$index" || {
      log "$volume_because"
      return 1
    }
  done
}

volumes_find() {
  local index
  for index in "${!volume_ids[@]}"; do
    volume_find "${volume_ids[index]}" || return 1
    volume_devices[index]=$volume_device
  done
}

# Ends the document unless the device is still the volume's. Devices come and go, and their names are given again.
volume_confirm() {
  volume_find "${volume_ids[$1]}" || fail 30 volume-missing "$volume_because"
  [[ $volume_device == "${volume_devices[$1]}" ]] ||
    fail 30 volume-missing "${volume_ids[$1]} was ${volume_devices[$1]} and now is $volume_device"
}

# ---- what is on it

# Looks at a volume without changing it, and sets its entry in `volume_contents`: mounted, ours, empty (a file system
# that nobody has used) or blank. Anything else ends the document.
volume_look() {
  local index=$1 volume=${volume_ids[$1]} point=${mounts[$1]} disk=${volume_devices[$1]} content='' status=0
  # Mounts are compared by path, and the kernel tells paths with all links resolved.
  [[ $(realpath -m -- "$point") == "$point" && (! -e $point || -d $point) ]] ||
    fail 32 mount-failed "$point is not a plain path to a directory"
  volume_is_mounted "$index" || status=$?
  ((status < 2)) || fail 32 mount-failed "$volume_because"
  ((status != 0)) || content=mounted
  status=0
  volume_probe "$disk" || status=$?
  volume_types[index]=$volume_type volume_uuids[index]=$volume_uuid
  if ((status == 1)) && volume_is_blank "$disk"; then
    volume_because='it is blank'
    content=blank
  elif ((status != 0)); then
    volume_refuse "$volume"
  else
    volume_peek "$disk" "${content:+$point}" || [[ $content ]] || volume_refuse "$volume"
    if [[ $'\n'$volume_listing == *$'\nowner '* ]]; then
      volume_is_ours "$volume" "$volume_uuid" || volume_refuse "$volume"
      volume_contents[index]=${content:-ours}
      return 0
    fi
    [[ ! $content ]] || fail 32 mount-failed "$volume is mounted, and its file $volume_owner_file cannot be read"
    volume_because="it holds data, and no file /$volume_owner_file says whose they are"
    volume_listing_is_empty || volume_refuse "$volume"
    volume_because='its file system is empty'
    content=empty
  fi
  if [[ " ${format[*]-} " != *" $volume "* ]]; then
    volume_because+=', and there is no permit to format it'
    volume_refuse "$volume"
  fi
  volume_contents[index]=$content
}

volume_refuse() {
  fail 31 volume-unfit "$1 is not used: $volume_because"
}

# Whether the listing shows only what mkfs leaves, and a run that was cut short.
volume_listing_is_empty() {
  local kind name
  while read -r kind name; do
    [[ $kind != entry ]] || case $name in
      . | .. | lost+found | "$volume_owner_file".??????) ;;
      *) return 1 ;;
    esac
  done <<<"$volume_listing"
}

# What the ownership file of VOLUME with file system UUID says. The latter is in it so that the file, when all files are
# copied elsewhere, does not make the copy the original.
volume_ownership() {
  printf '%s\n' "ensemble=$ensemble" "member=$member" "volume=$1" "uuid=$2"
}

# Whether the listing says that VOLUME with file system UUID is this member's. A restored snapshot names another volume:
# it is older than what its member has acknowledged, so to use it is an operator's decision.
volume_is_ours() {
  local key wanted
  volume_read_owner
  while IFS='=' read -r key wanted; do
    [[ ${volume_owner[$key]} == "$wanted" ]] && continue
    volume_because="it belongs to ensemble ${volume_owner[ensemble]}, member ${volume_owner[member]}, as \
${volume_owner[volume]} with file system ${volume_owner[uuid]}, not to ensemble $ensemble, member $member, as $1 with \
file system $2"
    return 1
  done < <(volume_ownership "$@")
}

# ---- making it ready

# Mounts a volume, by its device and right after that has been confirmed. The id of its file system, by which one could
# mount as well, may be on a copy too. (xfs refuses the second of the two; it is not told to ignore that.)
volume_mount() {
  local index=$1 disk=${volume_devices[$1]} volume=${volume_ids[$1]} point=${mounts[$1]} message
  local kind=${volume_types[$1]}
  volume_make_point "$point"
  volume_confirm "$index"
  [[ $(blockdev --getro "$disk") == 0 ]] || fail 32 mount-failed "$volume ($disk) is read-only"
  volume_repair "$index"
  if ! message=$(mount -t "$kind" -o "$(volume_options "$kind")" "$disk" "$point" 2>&1); then
    [[ $kind != xfs ]] || message+=" (xfs_repair -n: $(timeout 60 xfs_repair -n "$disk" 2>&1 | tail -n 3 || true))"
    fail 32 mount-failed "mount of $volume fails: $message"
  fi
  volume_is_mounted "$index" || fail 32 mount-failed "$volume was mounted, but $volume_because"
  { volume_peek "$disk" "$point" && volume_is_ours "$volume" "${volume_uuids[index]}"; } || volume_refuse "$volume"
}

# ext4 is checked before it is mounted, which replays its journal and finds errors that the kernel has noted; only what
# needs no decision is repaired. xfs does that itself when it is mounted.
volume_repair() {
  local message status=0 end=$((SECONDS + volume_busy_seconds))
  [[ ${volume_types[$1]} == ext4 ]] || return 0
  while :; do
    status=0
    message=$(e2fsck -p "${volume_devices[$1]}" 2>&1 </dev/null) || status=$?
    if [[ $message != *'is in use'* ]] || ((SECONDS >= end)); then break; fi
    sleep 0.2
  done
  # 1 says that errors were found and corrected.
  ((status <= 1)) || fail 32 mount-failed "e2fsck -p of ${volume_ids[$1]} exits with $status: $message"
  ((status == 0)) || log "$message"
}

# Makes the mount point so that nothing is stored on the machine's own disk while the volume is away.
volume_make_point() {
  if [[ ! -d $1 ]]; then
    { mkdir -p "$1" && chmod 000 "$1"; } || fail 32 mount-failed "$1 cannot be made"
  elif [[ -n $(ls -A "$1") ]]; then
    log "$1 is not empty: what it holds is hidden while the volume is mounted there"
  fi
  # Modes do not stop root; this does, where the file system can.
  chattr +i "$1" 2>/dev/null || true
}

# With an error in ext4 all writes stop at once, as they do in xfs, and the check then says so.
volume_options() {
  printf 'nodev,nosuid,noatime%s\n' "$([[ $1 != ext4 ]] || printf ',errors=remount-ro')"
}

# Lets the file system grow into a volume that was made larger. One that stays small serves as well as before.
volume_grow() {
  local message grow=(resize2fs "${volume_devices[$1]}")
  [[ ${volume_types[$1]} != xfs ]] || grow=(xfs_growfs "${mounts[$1]}")
  message=$("${grow[@]}" 2>&1) || log "${volume_ids[$1]} does not grow: $message"
}

# ---- mounting it at boot

# The unit names the device by the volume's id; only on Xen, which has none, by the file system's. nofail takes it out
# of the order of the boot: only what needs the volume waits, for the 90 s after which systemd gives a device up. (An
# option for another limit is read from fstab only.) A host that has handed over mounts nothing.
volume_unit_text() {
  local what=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume_ids[$1]/-/}
  [[ -e $what ]] || what=/dev/disk/by-uuid/${volume_uuids[$1]}
  cat <<UNIT
[Unit]
Description=Volume ${volume_ids[$1]} of member $member of $ensemble
ConditionPathExists=!$tombstone

[Mount]
What=$what
Where=${mounts[$1]}
Type=${volume_types[$1]}
Options=$(volume_options "${volume_types[$1]}"),nofail

[Install]
WantedBy=multi-user.target
UNIT
}

volume_install_unit() {
  local unit text
  has_systemd || return 0
  unit=$(volume_unit "${mounts[$1]}")
  text=$(volume_unit_text "$1")
  [[ ! -f $unit || $(<"$unit") != "$text" ]] || return 0
  printf '%s\n' "$text" | write_durably "$unit"
  { systemctl daemon-reload && systemctl --quiet enable "${unit##*/}"; } ||
    fail 32 mount-failed "${unit##*/} could not be enabled: a reboot would lose the mount"
}

# ---- proving it

volume_check() {
  local index=$1 point=${mounts[$1]} used
  volume_find "${volume_ids[index]}" || return 1
  volume_devices[index]=$volume_device
  volume_is_mounted "$index" && volume_probe "$volume_device" && volume_peek "$volume_device" "$point" &&
    volume_is_ours "${volume_ids[index]}" "$volume_uuid" && volume_takes_writes "$point" || return 1
  used=$(df --output=pcent "$point" | tail -n 1)
  used=${used//[!0-9]/}
  ((used < 90)) || log "${volume_ids[index]} at $point is $used % full"
}

# Whether something that is written reaches the disk. Mount options do not tell: a file system that was shut down after
# an error still says "rw".
volume_takes_writes() {
  local probe="$1/$volume_owner_file.probe" written=yes
  dd if=/dev/zero of="$probe" bs=4096 count=1 conv=fsync status=none 2>/dev/null || written=''
  rm -f "$probe" || written=''
  volume_because="nothing can be written to $1"
  [[ $written ]] || return 1
  # Some blocks are left to root, which is not who the service runs as.
  volume_because="there is no space left on $1"
  (($(df --output=avail "$1" | tail -n 1) > 0))
}
