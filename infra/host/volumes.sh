# shellcheck shell=bash
# The member's volumes on the host. The main script sets ensemble, member, volume_ids, mounts and format.
# shellcheck disable=SC2034,SC2154 # They are read and set across files.
#
# Three questions are kept apart, because mixing them up is how disks get wiped. Which device is it? Its serial number
# is the volume id; names follow the order in which EC2 attaches. What is on it? Blank, ours or unknown, and "nothing
# was recognised" is unknown: blkid says that of a blank device and of one that cannot be read. May it be changed? Only
# a blank one with a permit is ever formatted, and until a file system has shown that it is this member's, not one byte
# of it is written, not even by replaying its journal.
#
# A file at the root of each file system says whose it is. One that holds data without it is never taken, and an empty
# one only under a permit, like a blank device: an empty disk in place of a member's data must not go unnoticed. An
# operator who brings data of his own writes that file by hand.

# EC2 says `attached` before the kernel has found the device.
volume_wait_seconds=20
# After a process was killed its mount is busy for a moment: its main thread may be gone while others close their files.
volume_unmount_seconds=10
# mkfs.xfs makes nothing smaller (xfsprogs 5.19 and later).
readonly volume_xfs_bytes=$((300 * 1024 * 1024))
# What is read of a blank device: signatures lie at the beginning or the end, the samples are for raw data.
readonly volume_head_bytes=$((4 * 1024 * 1024))
readonly volume_sample_bytes=$((1024 * 1024))
readonly volume_samples=16
readonly volume_owner_file=.stayput

# Answers are variables, not output, because `fail` must run in the document's own shell.
volume_because='' volume_device='' volume_type='' volume_uuid='' volume_listing=''
# By the volume's index.
volume_devices=() volume_contents=() volume_types=() volume_uuids=() formatted=()

# ---- the verbs

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

# Prints the indexes so that a mount point comes before those that lie below it.
volumes_in_order() {
  local index
  for index in "${!mounts[@]}"; do
    printf '%s %s\n' "${mounts[index]}" "$index"
  done | sort | while read -r _ index; do
    printf '%s\n' "$index"
  done
}

# ---- which device it is

# The kernel's number of a device, like 259:3. Mounts are compared by it, because names have aliases.
volume_number() {
  local numbers
  numbers=$(stat -L -c '%t %T' "$1") || return 1
  printf '%d:%d\n' "$((16#${numbers% *}))" "$((16#${numbers#* }))"
}

# Prints the serial number of a disk, or nothing.
volume_serial() {
  local serial=''
  # read takes off the blanks that pad it, and fails where the file lacks a line's end.
  [[ ! -r /sys/block/$1/device/serial ]] || read -r serial <"/sys/block/$1/device/serial" || true
  printf '%s\n' "$serial"
}

volumes_find() {
  local index
  for index in "${!volume_ids[@]}"; do
    volume_find "${volume_ids[index]}" || return 1
    volume_devices[index]=$volume_device
  done
}

# Sets `volume_device`; else returns 1 and says why. All that know the device must agree: the serial number, the device
# node, the kernel's number, and udev's link, which may still be that of an older device.
volume_find() {
  local volume=$1 serial=${1/-/} disk name names=() any='' link astray=''
  for disk in /sys/block/nvme*; do
    name=${disk##*/}
    # nvme0c1n1 is a path of a multipath disk, not a disk.
    [[ $name =~ ^nvme[0-9]+n[0-9]+$ && $(volume_serial "$name") == vol* ]] || continue
    any=yes
    [[ $(volume_serial "$name") != "$serial" ]] || names+=("$name")
  done
  if [[ ! $any ]]; then
    volume_find_by_owner "$volume"
    return
  fi
  name=${names[0]-}
  # Some versions of systemd add the namespace to the link, Amazon's own rules add it in another spelling.
  for link in "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$serial"{,_1,-ns-1}; do
    [[ ! -e $link || $link -ef /dev/$name ]] || astray=$link
  done
  if ((${#names[@]} == 0)); then
    volume_because="no device has the serial number $serial of $volume"
  elif ((${#names[@]} > 1)); then
    volume_because="${names[*]} all say that they are $volume"
  elif [[ $astray ]]; then
    volume_because="$volume is $name, but $astray does not lead to it"
  elif [[ ! -b /dev/$name ]]; then
    volume_because="$volume is $name, which has no device node"
  elif [[ -r /sys/block/$name/dev && $(<"/sys/block/$name/dev") != "$(volume_number "/dev/$name")" ]]; then
    volume_because="/dev/$name is not the disk with the serial number of $volume"
  else
    volume_device=/dev/$name
    return 0
  fi
  return 1
}

# On Xen, which instances before Nitro run on, disks have no serial numbers, and nobody tells the host under which name
# a volume was attached. A volume is known there by its ownership file, and a blank one is not known at all: to guess,
# by name or by exclusion, could format somebody else's disk, or vote from it.
volume_find_by_owner() {
  local disk found=()
  for disk in /sys/block/xvd[b-z] /sys/block/xvd[b-d][a-z]; do
    disk=/dev/${disk##*/}
    if [[ -b $disk ]] && volume_probe "$disk" && volume_peek "$disk" && [[ $(volume_owner volume) == "$1" ]]; then
      found+=("$disk")
    fi
  done
  volume_because="no disk has a serial number (a Xen instance type?), and these say that they are $1: ${found[*]-}"
  ((${#found[@]} == 1)) && volume_device=${found[0]}
}

# Ends the document unless the device is still the volume's. Devices come and go, and their names are given again.
volume_confirm() {
  volume_find "${volume_ids[$1]}" || fail 30 volume-missing "$volume_because"
  [[ $volume_device == "${volume_devices[$1]}" ]] ||
    fail 30 volume-missing "${volume_ids[$1]} was ${volume_devices[$1]} and now is $volume_device"
}

# ---- where it is mounted

# Prints the mounts of this mount namespace: device number, mount point, options of the mount and of the file system.
volume_mounts() {
  local number path options rest
  while read -r _ _ number _ path options rest; do
    printf '%s %s %s,%s\n' "$number" "$path" "$options" "${rest##* }"
  done < <(cat /proc/self/mountinfo)
}

# Whether the device is mounted at the mount point. Returns 1 if it is not and could be; 2, with `volume_because`, if
# something is mounted where it does not belong or cannot be written to.
volume_is_mounted() {
  local volume=${volume_ids[$1]} point=${mounts[$1]} number other path options here='' elsewhere='' foreign='' fixed=''
  number=$(volume_number "${volume_devices[$1]}") || number=''
  while read -r other path options; do
    if [[ $path == "$point" && $other == "$number" ]]; then
      here=yes
      [[ ,$options, != *,ro,* ]] || fixed=yes
    elif [[ $path == "$point" ]]; then
      foreign=$other
    elif [[ $other == "$number" ]]; then
      elsewhere=$path
    fi
  done < <(volume_mounts)
  if [[ $foreign ]]; then
    volume_because="device $foreign, not $volume, is mounted at $point"
  elif [[ $fixed ]]; then
    volume_because="$volume is mounted read-only at $point"
  elif [[ $here ]]; then
    return 0
  elif [[ $elsewhere ]]; then
    volume_because="$volume is mounted at $elsewhere, not at $point"
  else
    volume_because="$volume is not mounted at $point"
    return 1
  fi
  return 2
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

# Asks blkid, past its cache, and sets `volume_type` and `volume_uuid`. Returns 1 if it recognises nothing, which may
# mean anything, and 2 if there is anything but one file system of a kind that is mounted here.
volume_probe() {
  local answer status=0 key value partitions='' ambivalent=''
  volume_type='' volume_uuid=''
  answer=$(blkid -p -o export "$1" 2>/dev/null) || status=$?
  while IFS='=' read -r key value; do
    case $key in
      TYPE) volume_type=$value ;;
      UUID) volume_uuid=$value ;;
      PTTYPE) partitions=$value ;;
      AMBIVALENT) ambivalent=yes ;;
    esac
  done <<<"$answer"
  if ((status == 2)); then
    volume_because='blkid recognises nothing'
    return 1
  elif ((status != 0)) || [[ $ambivalent ]]; then
    volume_because='blkid finds signatures that contradict each other'
  elif [[ $partitions ]]; then
    volume_because="it has a partition table ($partitions)"
  elif [[ ($volume_type == xfs || $volume_type == ext4) && $volume_uuid ]]; then
    return 0
  else
    volume_because="it holds ${volume_type:-something unknown}, not xfs or ext4"
  fi
  return 2
}

# Whether a device on which blkid recognises nothing is blank beyond doubt. The other witnesses fail in other ways:
# wipefs says the same of an unreadable device, and reading sees only parts.
volume_is_blank() {
  local bytes signatures
  bytes=$(blockdev --getsize64 "$1" 2>/dev/null) || bytes=0
  signatures=$(wipefs -n "$1" 2>&1) || signatures='something unreadable'
  if ((bytes < volume_sample_bytes)); then
    volume_because="its size is $bytes bytes"
  elif [[ $signatures ]]; then
    volume_because="wipefs finds $signatures"
  else
    volume_reads_as_zeros "$1" "$bytes"
    return
  fi
  return 1
}

# Whether the parts that are looked at read back as zeros, from the device and not from the cache. Zeros are counted, so
# that neither another byte nor a short read is taken for blank.
volume_reads_as_zeros() {
  local places offset length total=0 zeros
  places=$(volume_sample_places "$2")
  while read -r _ length; do
    total=$((total + length))
  done <<<"$places"
  volume_because='it cannot be read'
  zeros=$(
    while read -r offset length; do
      dd if="$1" bs=1M status=none iflag=direct,skip_bytes,count_bytes,fullblock skip="$offset" count="$length" ||
        exit 1
    done <<<"$places" 2>/dev/null | tr -cd '\0' | wc -c
  ) || return 1
  volume_because='there is no file system on it, and yet it is not blank'
  ((zeros == total))
}

# The parts of a device of BYTES that are read, as offset and length. Reads past the cache want multiples of 4096.
volume_sample_places() {
  local bytes=$1 head=$volume_head_bytes tail number
  ((head < bytes)) || head=$bytes
  tail=$(((bytes - volume_sample_bytes) / 4096 * 4096))
  printf '%d %d\n' 0 "$head" "$tail" "$((bytes - tail))"
  for ((number = 1; number <= volume_samples; number++)); do
    printf '%d %d\n' "$((tail * number / (volume_samples + 1) / 4096 * 4096))" "$volume_sample_bytes"
  done
}

# Lists the root of a file system of `volume_type` into `volume_listing`: lines "entry NAME", and "owner KEY=VALUE" from
# the ownership file. Usage: volume_peek DEVICE [DIRECTORY], the directory if it is mounted. If not, no byte is written.
# A read-only mount of ext4 would write: it cleans up deleted files (ext4_orphan_cleanup). debugfs only reads. There is
# nothing like it for xfs everywhere, but a mount of that with norecovery writes nothing.
volume_peek() {
  if [[ ${2-} ]]; then
    volume_listing=$(volume_list "$2")
  elif [[ $volume_type == xfs ]]; then
    volume_listing=$(volume_in_private_mount "$1" xfs ro,norecovery volume_list)
  else
    volume_listing=$(volume_list_ext4 "$1")
  fi || volume_listing=''
  volume_because="its $volume_type file system cannot be read"
  # Every root lists itself.
  [[ $'\n'$volume_listing$'\n' == *$'\nentry .\n'* ]]
}

volume_list_ext4() {
  local name line
  # debugfs starts a pager, and versions differ in which variable names it.
  export DEBUGFS_PAGER=__none__ PAGER=cat
  debugfs -R 'ls -p /' "$1" 2>/dev/null </dev/null | while IFS=/ read -r _ _ _ _ _ name _; do
    [[ ! $name ]] || printf 'entry %s\n' "$name"
  done
  debugfs -R "cat /$volume_owner_file" "$1" 2>/dev/null </dev/null | while read -r line; do
    printf 'owner %s\n' "$line"
  done
}

volume_list() {
  local name line
  # A name may hold anything, even a line that looks like an owner's.
  while IFS= read -r -d '' name; do
    printf 'entry %q\n' "$name"
  done < <(cd "$1" && shopt -s dotglob nullglob && printf '%s\0' . *)
  [[ ! -f $1/$volume_owner_file ]] || while read -r line; do
    printf 'owner %s\n' "$line"
  done <"$1/$volume_owner_file"
}

# Runs FUNCTION DIRECTORY ARGUMENT... while the device is mounted at the directory, in a mount namespace of its own: no
# other process sees that mount, systemd makes no unit of it, and it goes with this process even if that is killed.
# Usage: volume_in_private_mount DEVICE TYPE OPTIONS FUNCTION ARGUMENT...
volume_in_private_mount() {
  local directory status=0
  mkdir -p /run/stayput && directory=$(mktemp -d /run/stayput/volume.XXXXXX) || return 1
  # shellcheck disable=SC2016,SC2163 # The inner shell expands its own arguments; the function's name is a variable.
  (
    export volume_owner_file
    export -f "$4" write_durably
    exec unshare --mount --propagation private bash -c '
      set -euo pipefail
      mount -t "$2" -o "$3,nodev,nosuid,noexec" "$1" "$5"
      trap "umount \"\$5\" || exit 1" EXIT
      "$4" "$5" "${@:6}"
    ' bash "$1" "$2" "$3" "$4" "$directory" "${@:5}"
  ) || status=$?
  rmdir "$directory" || true
  return "$status"
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

# Prints the value of KEY in the ownership file that was listed.
volume_owner() {
  local kind line
  while read -r kind line; do
    [[ $kind != owner || ${line%%=*} != "$1" ]] || printf '%s\n' "${line#*=}"
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
  while IFS='=' read -r key wanted; do
    [[ $(volume_owner "$key") == "$wanted" ]] && continue
    volume_because="it belongs to ensemble $(volume_owner ensemble), member $(volume_owner member), as \
$(volume_owner volume) with file system $(volume_owner uuid), not to ensemble $ensemble, member $member, as $1 with \
file system $2"
    return 1
  done < <(volume_ownership "$@")
}

# ---- making it ready

# Sets the caller's maker: the program that makes the file system that is wanted. mkfs.xfs makes none on a tiny device.
volume_choose_maker() {
  maker=(mkfs.ext4 -E nodiscard)
  [[ $file_system != ext4 ]] || return 0
  if [[ $file_system == xfs ]] ||
    { (($(blockdev --getsize64 "$1") >= volume_xfs_bytes)) && command -v mkfs.xfs >/dev/null; }; then
    maker=(mkfs.xfs -K)
  fi
}

# Makes a file system on a blank device, which is looked at once more, because the first look may be seconds old. mkfs
# is not forced, so it looks for itself as well, and opens the device for itself alone.
volume_format() {
  local index=$1 disk=${volume_devices[$1]} volume=${volume_ids[$1]} maker message status=0
  volume_confirm "$index"
  volume_probe "$disk" || status=$?
  { ((status == 1)) && volume_is_blank "$disk"; } || volume_refuse "$volume"
  volume_choose_maker "$disk"
  log "formatting $volume ($disk) with ${maker[*]}"
  message=$("${maker[@]}" -q "$disk" 2>&1 </dev/null) || fail 31 volume-unfit "${maker[0]} refuses $volume: $message"
  volume_probe "$disk" || fail 32 mount-failed "$volume was formatted, and now $volume_because"
  volume_types[index]=$volume_type volume_uuids[index]=$volume_uuid
  volume_claim "$index"
}

# Writes the ownership file into an empty file system. That is unmounted then, which puts the file in its place on the
# disk: in the journal it could not be read without replaying that. A run that is cut short before leaves an empty file
# system, which the next run takes under the same permit.
volume_claim() {
  local index=$1 volume=${volume_ids[$1]} message
  volume_confirm "$index"
  message=$(volume_in_private_mount "$volume_device" "${volume_types[index]}" rw \
    volume_claim_directory "$(volume_ownership "$volume" "${volume_uuids[index]}")" 2>&1) ||
    fail 32 mount-failed "$volume could not be marked as this member's: $message"
  formatted[index]=true
}

# The part of it that runs while the file system is mounted at the directory. The journal has been replayed by now: what
# that brought is looked at here, and an ownership file by whoever mounts the volume next.
volume_claim_directory() {
  local path
  shopt -s dotglob nullglob
  for path in "$1"/*; do
    case ${path##*/} in
      lost+found | "$volume_owner_file") ;;
      "$volume_owner_file".??????) rm -f "$path" ;;
      *)
        printf 'it turned out to hold %s\n' "${path##*/}" >&2
        return 1
        ;;
    esac
  done
  chmod 755 "$1"
  [[ -e $1/$volume_owner_file ]] || printf '%s\n' "$2" | write_durably "$1/$volume_owner_file"
}

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
  local message status=0
  [[ ${volume_types[$1]} == ext4 ]] || return 0
  message=$(e2fsck -p "${volume_devices[$1]}" 2>&1 </dev/null) || status=$?
  # 1 says that errors were found and corrected.
  ((status <= 1)) || fail 32 mount-failed "e2fsck -p of ${volume_ids[$1]} exits with $status: $message"
  ((status == 0)) || log "$message"
}

# Makes the mount point so that nothing is stored on the machine's own disk while the volume is away.
volume_make_point() {
  [[ -d $1 ]] || { mkdir -p "$1" && chmod 000 "$1"; } || fail 32 mount-failed "$1 cannot be made"
  [[ -z $(ls -A "$1") ]] || log "$1 is not empty: what it holds is hidden while the volume is mounted there"
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

volume_unit() {
  printf '/etc/systemd/system/%s\n' "$(systemd-escape --path --suffix=mount "$1")"
}

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

volume_remove_unit() {
  local unit
  has_systemd || return 0
  unit=$(volume_unit "$1")
  [[ -f $unit ]] || return 0
  systemctl --quiet disable "${unit##*/}" || true
  rm -f "$unit"
  systemctl daemon-reload || true
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

# ---- giving it back

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
    [[ $(volume_serial "${disk##*/}") == vol* ]] || printf '%s\n' "$other"
  done < <(volume_mounts) | sort -u
}

# Unmounts the device from the mount point, and succeeds if no mount of it is left in any mount namespace.
volume_try_unmount() {
  local number=$1 point=$2 other path
  while read -r other path _; do
    [[ $other == "$number" && $path == "$point" ]] || continue
    volume_because=$(umount "$point" 2>&1) || return 1
  done < <(volume_mounts)
  ! grep -qs "^[0-9]* [0-9]* $number " /proc/[0-9]*/mountinfo
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
