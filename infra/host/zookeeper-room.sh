# Room on the disk. A server ends when it cannot write, and what would make room, its own purge, runs inside a server
# that runs. So before a start the same is done from here, and nothing else is ever removed.

readonly zk_purger=org.apache.zookeeper.server.PurgeTxnLog
# With so much of the file system used, in per cent, or so little left, old snapshots and logs are removed.
readonly zk_full_percent=95
# A server makes each file of its transaction log 64 MB long before it writes to it (preAllocSize).
readonly zk_least_bytes=67108864
# The purge refuses to keep fewer.
readonly zk_least_snapshots=3
readonly zk_purge_seconds=30

# Whether the server's directories lack room. Usage: zk_lacks_room [PERCENT], and so much used is too much.
zk_lacks_room() {
  local left used
  while read -r left used; do
    # The first line is the title.
    [[ $left =~ ^[0-9]+$ ]] || continue
    ((left >= zk_least_bytes && ${used//[!0-9]/} < ${1:-101})) || return 0
  done < <(df --output=avail,pcent --block-size=1 "${zk_places[@]}")
  return 1
}

# What the service's user may still write: some blocks are left to root.
zk_bytes_left() {
  df --output=avail --block-size=1 "$1" | tail -n 1
}

# Removes what ZooKeeper's own purge removes, if there is little room. Only for a server that does not run: it and the
# purge would not know of each other. A volume on which nothing can be removed is refused only if nothing fits on it.
zk_make_room() {
  local place before left removed
  zk_lacks_room "$zk_full_percent" || return 0
  [[ -z $(zk_processes) ]] || zk_refuse 'ZooKeeper runs, and its disk is full'
  before=$(zk_files)
  zk_purge || log "the purge of old snapshots and logs failed: $zk_log tells why"
  removed=$(comm -23 <(printf '%s\n' "$before") <(zk_files))
  log "the disk is full: removed ${removed:-nothing}"
  for place in "${zk_places[@]}"; do
    left=$(zk_bytes_left "$place")
    log "$((left >> 20)) MB are left at $place"
    ((left >= zk_least_bytes)) || zk_refuse "$place has $((left >> 20)) MB left, and no old snapshots \
or logs to remove: make the volume larger, and its file system grows at the next take-over"
  done
}

zk_files() {
  printf '%s\n' "$zk_data"/version-2/* "$zk_transactions"/version-2/* | sort -u
}

# Runs ZooKeeper's purge as the service does, but for the configuration among its arguments: it is no server.
zk_purge() {
  local keep
  keep=$(zk_setting autopurge.snapRetainCount)
  [[ $keep =~ ^[1-9][0-9]{0,5}$ ]] && ((keep > zk_least_snapshots)) || keep=$zk_least_snapshots
  timeout --kill-after=5 "$zk_purge_seconds" env -i "PATH=$PATH" LC_ALL=C setpriv \
    --reuid "$zk_user_id" --regid "$zk_group_id" --init-groups \
    bash "$zk_launcher" purge "$keep" </dev/null >/dev/null 2>&1 9>&-
}
