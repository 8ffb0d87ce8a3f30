# ZooKeeper as the member's service: its configuration, its first vote, its start, readiness and stop.
#
# A server may vote from its own disk only. With ZooKeeper's defaults a server that comes back with an empty disk votes
# as if it had never acknowledged a write, and with its vote acknowledged writes are lost for good. So:
#   * zookeeper.db.autocreate=false on every server (ZOOKEEPER-261, since 3.6.0): an empty server follows a leader, but
#     its vote does not count;
#   * the file `initialize`, with which an empty server votes after all, is written only at the first bootstrap of the
#     whole ensemble, and only while no peer serves and nothing shows that this volume was ever used;
#   * the server starts only while its directories are mount points, and never beside a tombstone.
#
# What runs is asked of /proc, by the path of our configuration among a process's arguments: a file with a process id
# would be stale after a reboot, and on a volume it would travel to another machine.

#
# This part is what every verb needs to know of it: where it is, what it says when it is asked, which processes it is.

readonly zk_config=/etc/stayput/zookeeper/zoo.cfg
readonly zk_launcher="$library_directory/zookeeper-run"
readonly zk_user=zookeeper
readonly zk_unit=stayput-zookeeper.service
readonly zk_unit_file="/etc/systemd/system/$zk_unit"

# The password of the server's super user.
readonly zk_super="$state_directory/zookeeper-super"
readonly zk_quorum_port=2888 zk_election_port=3888
zk_client_port=2181

zk_refuse() {
  fail 40 service-failed "$1"
}

# Whether something listens on PORT of this host. Starts no process: the server that it is asked of needs the processor to
# start.
zk_listens() {
  local port lines more=('')
  printf -v port '%04X' "$1"
  mapfile -t lines </proc/self/net/tcp
  [[ ! -e /proc/self/net/tcp6 ]] || mapfile -t more </proc/self/net/tcp6
  [[ "${lines[*]} ${more[*]}" =~ :\ [0-9A-F]+:$port\ [0-9A-F]+:0000\ 0A\  ]]
}

# Usage: zk_ask ADDRESS COMMAND. Prints the answer, which may be none. Returns 124 if that took too long.
zk_ask() {
  # shellcheck disable=SC2016 # The inner shell expands its own arguments.
  timeout 1 bash -c 'exec 3<>"/dev/tcp/$1/$2"; printf %s "$3" >&3; IFS= read -r -d "" answer <&3; printf %s "$answer"' \
    ask "$1" "$zk_client_port" "$2" 2>/dev/null
}

zk_peer_mode() {
  local answer code=0 mode=none
  answer=$(zk_ask "${1#*=}" srvr) || code=$?
  if ((code == 124)); then
    mode=unknown
  elif [[ -z $answer ]]; then
    return 0
  fi
  [[ ! $answer =~ Mode:\ ([a-z-]+) ]] || mode=${BASH_REMATCH[1]}
  printf '%s=%s\n' "$1" "$mode"
}

# What the other members are, as lines of ID=ADDRESS=MODE: `none` runs but does not serve, `unknown` has not answered in
# time. Where nothing listens there is no line. All are asked at once.
zk_peer_modes() {
  local peer
  for peer in "${peers[@]}"; do
    [[ ${peer%%=*} == "$member" ]] || zk_peer_mode "$peer" &
  done
  wait
}

# Reads the list of those who vote out of what a server tells about itself: sets `zk_voters` to lines of
# ID=ADDRESS, and `zk_voters_version`. Usage: zk_read_voters ANSWER.
zk_voters=() zk_voters_version=''
zk_read_voters() {
  local line
  zk_voters=() zk_voters_version=''
  while IFS= read -r line; do
    if [[ $line =~ ^server\.([0-9]+)=([^:]+):[0-9]+:[0-9]+:participant ]]; then
      zk_voters+=("${BASH_REMATCH[1]}=${BASH_REMATCH[2]}")
    elif [[ $line =~ ^version=([0-9a-f]+)$ ]]; then
      zk_voters_version=${BASH_REMATCH[1]}
    fi
  done <<<"$1"
  ((${#zk_voters[@]} > 0)) && [[ -n $zk_voters_version ]]
}

# A server as ZooKeeper lists it. Usage: zk_server ID ADDRESS ROLE.
zk_server() {
  printf 'server.%s=%s:%s:%s:%s;%s:%s' "$1" "$2" "$zk_quorum_port" "$zk_election_port" "$3" "$2" \
    "$zk_client_port"
}

# Prints a setting of our server's configuration, or nothing.
zk_setting() {
  local line value=''
  [[ ! -r $zk_config ]] || while IFS= read -r line; do
    [[ ${line%%=*} != "$1" ]] || value=${line#*=}
  done <"$zk_config"
  printf '%s' "$value"
}

# The processes with an argument that matches PATTERN as a whole. The pattern must not match itself.
zk_processes_with() {
  local file
  # Processes end while this looks, which is an error to grep.
  { grep -lzxs -e "$1" /proc/[0-9]*/cmdline || true; } | while IFS=/ read -r _ _ file _; do
    printf '%s\n' "$file"
  done
}

# The processes of our server: the launcher has our settings among its arguments, the server itself its mark.
zk_processes() {
  zk_processes_with "${zk_config%.cfg}[.]cfg\|-Dstayput[.]configuration=.*"
}
