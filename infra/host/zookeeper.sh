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

readonly zookeeper_config=/etc/stayput/zookeeper/zoo.cfg
readonly zookeeper_launcher="$library_directory/zookeeper-run"
readonly zookeeper_user=zookeeper
readonly zookeeper_unit=stayput-zookeeper.service
readonly zookeeper_unit_file="/etc/systemd/system/$zookeeper_unit"

# The password of the server's super user.
readonly zookeeper_super="$state_directory/zookeeper-super"
readonly zookeeper_quorum_port=2888 zookeeper_election_port=3888
zookeeper_client_port=2181

zookeeper_refuse() {
  fail 40 service-failed "$1"
}

# Whether something listens on PORT of this host. Starts no process: the server that it is asked of needs the processor to
# start.
zookeeper_listens() {
  local port lines more=('')
  printf -v port '%04X' "$1"
  mapfile -t lines </proc/self/net/tcp
  [[ ! -e /proc/self/net/tcp6 ]] || mapfile -t more </proc/self/net/tcp6
  [[ "${lines[*]} ${more[*]}" =~ :\ [0-9A-F]+:$port\ [0-9A-F]+:0000\ 0A\  ]]
}

# Usage: zookeeper_ask ADDRESS COMMAND. Prints the answer, which may be none. Returns 124 if that took too long.
zookeeper_ask() {
  # shellcheck disable=SC2016 # The inner shell expands its own arguments.
  timeout 1 bash -c 'exec 3<>"/dev/tcp/$1/$2"; printf %s "$3" >&3; IFS= read -r -d "" answer <&3; printf %s "$answer"' \
    ask "$1" "$zookeeper_client_port" "$2" 2>/dev/null
}

zookeeper_peer_mode() {
  local answer code=0 mode=none
  answer=$(zookeeper_ask "${1#*=}" srvr) || code=$?
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
zookeeper_peer_modes() {
  local peer
  for peer in "${peers[@]}"; do
    [[ ${peer%%=*} == "$member" ]] || zookeeper_peer_mode "$peer" &
  done
  wait
}

# Reads the list of those who vote out of what a server tells about itself: sets `zookeeper_voters` to lines of
# ID=ADDRESS, and `zookeeper_voters_version`. Usage: zookeeper_read_voters ANSWER.
zookeeper_voters=() zookeeper_voters_version=''
zookeeper_read_voters() {
  local line
  zookeeper_voters=() zookeeper_voters_version=''
  while IFS= read -r line; do
    if [[ $line =~ ^server\.([0-9]+)=([^:]+):[0-9]+:[0-9]+:participant ]]; then
      zookeeper_voters+=("${BASH_REMATCH[1]}=${BASH_REMATCH[2]}")
    elif [[ $line =~ ^version=([0-9a-f]+)$ ]]; then
      zookeeper_voters_version=${BASH_REMATCH[1]}
    fi
  done <<<"$1"
  ((${#zookeeper_voters[@]} > 0)) && [[ -n $zookeeper_voters_version ]]
}

# A server as ZooKeeper lists it. Usage: zookeeper_server ID ADDRESS ROLE.
zookeeper_server() {
  printf 'server.%s=%s:%s:%s:%s;%s:%s' "$1" "$2" "$zookeeper_quorum_port" "$zookeeper_election_port" "$3" "$2" \
    "$zookeeper_client_port"
}

# Prints a setting of our server's configuration, or nothing.
zookeeper_setting() {
  local line value=''
  [[ ! -r $zookeeper_config ]] || while IFS= read -r line; do
    [[ ${line%%=*} != "$1" ]] || value=${line#*=}
  done <"$zookeeper_config"
  printf '%s' "$value"
}

# The processes with an argument that matches PATTERN as a whole. The pattern must not match itself.
zookeeper_processes_with() {
  local file
  # Processes end while this looks, which is an error to grep.
  { grep -lzxs -e "$1" /proc/[0-9]*/cmdline || true; } | while IFS=/ read -r _ _ file _; do
    printf '%s\n' "$file"
  done
}

# The processes of our server: the launcher has our settings among its arguments, the server itself its mark.
zookeeper_processes() {
  zookeeper_processes_with "${zookeeper_config%.cfg}[.]cfg\|-Dstayput[.]configuration=.*"
}
