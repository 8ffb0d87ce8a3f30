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
#
# This part is what every verb needs: it only looks.

readonly volume_owner_file=.stayput

# Answers are variables, not output, because `fail` must run in the document's own shell.
volume_because='' volume_device='' volume_serial='' volume_type='' volume_uuid='' volume_listing=''
# By the volume's index.
volume_devices=()
declare -A volume_owner=()

# ---- which device it is

# Prints the indexes so that a mount point comes before those that lie below it.
volumes_in_order() {
  local index
  for index in "${!mounts[@]}"; do
    printf '%s %s\n' "${mounts[index]}" "$index"
  done | sort | while read -r _ index; do
    printf '%s\n' "$index"
  done
}

# The kernel's number of a device, like 259:3. Mounts are compared by it, because names have aliases.
volume_number() {
  local numbers
  numbers=$(stat -L -c '%t %T' "$1") || return 1
  printf '%d:%d\n' "$((16#${numbers% *}))" "$((16#${numbers#* }))"
}

# Sets `volume_serial` to the serial number of a disk, or to nothing.
volume_read_serial() {
  volume_serial=''
  # read takes off the blanks that pad it, and fails where the file lacks a line's end.
  [[ ! -r /sys/block/$1/device/serial ]] || read -r volume_serial <"/sys/block/$1/device/serial" || true
}

# Sets `volume_device`; else returns 1 and says why. All that know the device must agree: the serial number, the device
# node, the kernel's number, and udev's link, which may still be that of an older device.
volume_find() {
  local volume=$1 serial=${1/-/} disk name names=() any='' link astray=''
  for disk in /sys/block/nvme*; do
    name=${disk##*/}
    # nvme0c1n1 is a path of a multipath disk, not a disk.
    [[ $name =~ ^nvme[0-9]+n[0-9]+$ ]] || continue
    volume_read_serial "$name"
    [[ $volume_serial == vol* ]] || continue
    any=yes
    [[ $volume_serial != "$serial" ]] || names+=("$name")
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
    if [[ -b $disk ]] && volume_probe "$disk" && volume_peek "$disk" && volume_read_owner &&
      [[ ${volume_owner[volume]} == "$1" ]]; then
      found+=("$disk")
    fi
  done
  volume_because="no disk has a serial number (a Xen instance type?), and these say that they are $1: ${found[*]-}"
  ((${#found[@]} == 1)) && volume_device=${found[0]}
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

volume_unit() {
  printf '/etc/systemd/system/%s\n' "$(systemd-escape --path --suffix=mount "$1")"
}

# ---- what is on it

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

# It is not to read the bitmaps: a power cut may fall between one and its checksum, and only the journal has them whole.
volume_list_ext4() {
  local name line
  # debugfs starts a pager, and versions differ in which variable names it.
  export DEBUGFS_PAGER=__none__ PAGER=cat
  debugfs -c -R 'ls -p /' "$1" 2>/dev/null </dev/null | while IFS=/ read -r _ _ _ _ _ name _; do
    [[ ! $name ]] || printf 'entry %s\n' "$name"
  done
  debugfs -c -R "cat /$volume_owner_file" "$1" 2>/dev/null </dev/null | while read -r line; do
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

# Sets `volume_owner` to what the ownership file that was listed says.
volume_read_owner() {
  local kind line key
  volume_owner=([ensemble]='' [member]='' [volume]='' [uuid]='')
  while read -r kind line; do
    key=${line%%=*}
    [[ $kind == owner && $key =~ ^(ensemble|member|volume|uuid)$ ]] || continue
    # A file that says two things of one says nothing that could be wanted.
    volume_owner[$key]+="${volume_owner[$key]:+ and }${line#*=}"
  done <<<"$volume_listing"
}
