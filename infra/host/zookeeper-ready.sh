# The wait for the server's role in its ensemble, and what can be done for one that finds none.

# A restarted server may lead alone on a stale vote for initLimit x tickTime, 20 seconds by default, before it joins.
readonly zk_ready_seconds=75
# Run Command ends a document after 120 seconds; a reason is worth more than that.
readonly zk_last_second=112
readonly zk_stall_seconds=3
readonly zk_most_helps=2

zk_role='' zk_version='' zk_alone_since='' zk_helps=0 zk_missing=0

# Asks our own server at its static address, as its peers and clients do. Sets its role and version.
zk_look() {
  zk_hear "$(zk_ask "$address" srvr)"
}

# Sets the role and the version from the ANSWER of a server; returns 1 if that tells no role.
zk_hear() {
  zk_role='' zk_version=''
  [[ $1 =~ Mode:\ (leader|follower|standalone) ]] || return 1
  zk_role=${BASH_REMATCH[1]}
  [[ $1 =~ version:\ ([0-9][0-9.]*) ]] || return 1
  zk_version="zookeeper ${BASH_REMATCH[1]}"
}

# Asks our own server until it tells its role, prints that answer, and ends with its standard input. It starts no process
# and reads no table of the kernel's, because the server needs the processor to start; a `read` of nothing is its pause.
# To connect to a server that hangs may take minutes, so this is a process of its own.
zk_watch() {
  local answer=''
  exec 9>&-
  trap '' PIPE
  until zk_hear "$answer"; do
    read -r -t 0.1 _ || (($? > 128)) || return 0
    answer=''
    { printf srvr >&3 && IFS= read -r -d '' -t 1 answer <&3; } \
      2>/dev/null 3<>"/dev/tcp/$address/$zk_client_port" || true
  done
  printf '%s\0' "$answer"
  read -r _ || true
}

# The server as JSON, as it was when it was last looked at.
zk_status() {
  printf '{"role":%s,"version":%s}' "$(json_text "$zk_role")" "$(json_text "$zk_version")"
}

# Waits until the server has a role in its ensemble. A server that ends meanwhile is not waited for.
zk_ready() {
  local end=$((SECONDS + zk_ready_seconds)) answer=''
  ((end <= zk_last_second)) || end=$zk_last_second
  coproc zk_watch
  until IFS= read -r -d '' -t 1 -u "${COPROC[0]-}" answer && zk_hear "$answer"; do
    [[ ${COPROC_PID-} ]] || coproc zk_watch
    zk_attend
    ((SECONDS < end)) || fail 41 no-quorum "ZooKeeper runs, but found no role in its ensemble within \
$zk_ready_seconds seconds; of the others these answer: $(zk_peer_modes | tr '\n' ' ')"
  done
  zk_settle
}

# What can be done for a server that has no role yet. Between a start and its first process there is a moment, so it is
# gone only when it is missing twice.
zk_attend() {
  if zk_lacks_room; then
    log 'ZooKeeper has no role, and its disk is full: restarted'
    zk_stop
    zk_launch
  elif [[ -n $(zk_processes) ]]; then
    zk_missing=0
    zk_help_stalled
  elif ((++zk_missing > 1)); then
    zk_missing=0
    zk_recover
  fi
}

# ZooKeeper does not sync its first snapshot: a power cut soon after the first start leaves one of no bytes beside
# entries in the log, and the server never starts again ("No snapshot found, but there are log entries").
zk_settle() {
  local place
  for place in "${zk_places[@]}"; do
    # The sync of older systems knows no single file system.
    sync -f "$place" 2>/dev/null || sync
  done
}

# A restarted server may be handed a vote for itself that a peer sent long ago: the last message to a server is kept
# and sent again when it connects. It then leads alone until initLimit x tickTime is over, while the others serve with
# their own leader. Such a server has no followers, so nothing was ever acknowledged by it, and a restart is as safe as
# any crash; at the restart the last messages are those of today. A server that is still being synced follows, does not
# listen for followers, and is left alone.
zk_help_stalled() {
  local modes
  # A server listens on the port for followers only while it leads or means to.
  if ! zk_listens "$zk_quorum_port"; then
    zk_alone_since=''
    return 0
  fi
  zk_alone_since=${zk_alone_since:-$SECONDS}
  ((SECONDS - zk_alone_since > zk_stall_seconds && zk_helps < zk_most_helps)) || return 0
  modes=$(zk_peer_modes)
  [[ $modes == *=leader* ]] || return 0
  zk_helps=$((zk_helps + 1))
  log "ZooKeeper leads alone on a stale vote while another member leads: restarted"
  zk_alone_since=''
  zk_stop
  zk_launch
}

# --- data that cannot be loaded ---------------------------------------------------------------------------------------

# What the server has said since it was started.
zk_words() {
  tail -c "+$((zk_log_start + 1))" "$zk_log" 2>/dev/null | head -c 1000000 || true
}

zk_last_word() {
  zk_words | grep -E 'Exception|ERROR|rror:|not ' | tail -n 1 | head -c 300 || true
}

# Whether all others serve and have all that the leader has. Then nothing can be on this disk only: a write is
# acknowledged by a majority, and what a majority has, these have.
zk_others_in_sync() {
  local modes leader='' count=0 leaders=0 line
  modes=$(zk_peer_modes)
  for line in $modes; do
    case $line in
      *=leader)
        leader=${line#*=}
        leader=${leader%=*}
        leaders=$((leaders + 1)) ;;
      *=follower) ;;
      *) return 1 ;;
    esac
    count=$((count + 1))
  done
  ((leaders == 1 && count == ${#peers[@]} - 1 && count >= 2)) || return 1
  [[ $(zk_ask "$leader" mntr) =~ zk_synced_followers[[:space:]]+([0-9]+) ]] && ((BASH_REMATCH[1] >= count - 1))
}

# A server that ends at its start is not started again and again. If it cannot load what is on its disk, that is set
# aside, never removed, and it learns everything from the others: the way of ZooKeeper's own manual, and only with its
# condition, that all the others are well.
zk_recover() {
  local place now
  zk_words | grep -qF 'Unable to load database on disk' ||
    zk_refuse "ZooKeeper ended: $(zk_last_word)"
  zk_others_in_sync || zk_refuse "ZooKeeper cannot load its data, and they are not set aside, because the \
other members are not all in sync: $(zk_last_word)"
  zk_stop
  now=$(date +%s)
  for place in "${zk_places[@]}"; do
    [[ ! -e $place/version-2 ]] || mv "$place/version-2" "$place/version-2.corrupt.$now"
    rm -f "$place/initialize"
    sync "$place"
  done
  log "ZooKeeper cannot load its data: set aside as version-2.corrupt.$now"
  zk_own_directories
  zk_launch
}
