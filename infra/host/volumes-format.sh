# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # The variables are read and set across files.
#
# Makes a file system on a volume that is blank beyond doubt, and marks it as the member's.

# mkfs.xfs makes nothing smaller (xfsprogs 5.19 and later).
readonly volume_xfs_bytes=$((300 * 1024 * 1024))
# What is read of a blank device: signatures lie at the beginning or the end, the samples are for raw data.
readonly volume_head_bytes=$((4 * 1024 * 1024))
readonly volume_sample_bytes=$((1024 * 1024))
readonly volume_samples=16

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
