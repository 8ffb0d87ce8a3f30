# Health: what this host knows of its member and of the others. It changes nothing and takes no lock, so that it never
# gets in the way of a take-over, and it tells what it cannot find out as not so: a host that is not well is asked most.
#
# Every question is put in a process of its own, all at once, and is waited for until a common end. A process that reads
# a dead disk, or the memory of one that does, can't be ended by anybody, and `timeout` would wait for it as well.

# The longest question takes three answers of a server, a second each at most.
readonly health_seconds=8
# With ZooKeeper's own defaults: tickTime x (initLimit + syncLimit).
readonly health_settle_seconds=30
readonly health_text_limit=300

# The rows by their member's number; where the answer to each question will come from, and the process that gives it.
declare -A health_rows=() health_answers=() health_processes=()
health_answer='' health_end=0

# Reads what is asked. A row is ID=MAC=ADDRESS=SUBNET=VOLUME:MOUNT, with plus signs between the volumes.
health_read() {
  local list row id rest volume="$volume_pattern:$mount_pattern" pattern='[1-9][0-9]{0,2}=([0-9a-f]{2}:){5}[0-9a-f]{2}'
  pattern+="=$address_pattern=$address_pattern/[0-9]{1,2}=$volume(\\+$volume)*"
  read_parameter not_after NotAfter '[0-9]{10}'
  read_parameter ensemble Ensemble '[a-z][a-z0-9-]{0,31}'
  read_parameter list Members "$pattern(,$pattern)*"
  for row in ${list//,/ }; do
    id=${row%%=*}
    ((id <= 255)) || fail 64 bad-parameter "Members names member $id, and ZooKeeper's server ids end at 255"
    health_rows[$id]=$row
    rest=${row#*=*=}
    peers+=("$id=${rest%%=*}")
  done
}

# Finds out which member this host is, and takes its row. A host that has taken nothing over has none.
health_read_own_row() {
  local claimed='' list pair
  [[ ! -r $member_file ]] || claimed=$(head -c 100 "$member_file")
  [[ ${claimed%% *} == "$ensemble" ]] || return 0
  [[ ${claimed##* } =~ ^[1-9][0-9]{0,2}$ ]] || return 0
  member=${BASH_REMATCH[0]}
  [[ -n ${health_rows[$member]-} ]] || return 0
  IFS='=' read -r _ mac_address address subnet_cidr list <<<"${health_rows[$member]}"
  for pair in ${list//+/ }; do
    volume_ids+=("${pair%%:*}")
    mounts+=("${pair#*:}")
  done
}

# Puts a question. What the process says to standard error is nobody's: one that is stuck must not hold Run Command's
# pipes. Usage: health_ask NAME COMMAND...
health_ask() {
  local descriptor
  exec {descriptor}< <("${@:2}" 2>/dev/null)
  health_answers[$1]=$descriptor
  # Before Bash 4.4 this is not told.
  health_processes[$1]=${!-}
}

# Sets `health_answer` to what was answered, which is nothing when that has not come in time: then its process is told to
# end, should it ever come back. Usage: NAME.
health_hear() {
  local left=$((health_end - SECONDS)) code=0
  ((left > 0)) || left=0.1
  health_answer=''
  IFS= read -r -d '' -t "$left" -u "${health_answers[$1]}" health_answer || code=$?
  # At the end of the answer it is 1, at the end of the time above 128.
  if ((code > 128)); then
    health_answer=''
    [[ -z ${health_processes[$1]} ]] || kill -KILL "${health_processes[$1]}" 2>/dev/null || true
  fi
  health_answer=${health_answer%$'\n'}
}

# ---- the questions

health_routes() {
  if routes_check; then
    printf 'verified\n'
  else
    printf '%s\n' "$routes_because"
  fi
}

# Prints how full the file system is, in per cent, or why the volume is not mounted as it should be. A file system that
# was shut down after an error still is in the list of mounts, but it reads nothing.
health_volume() {
  local index=$1 point=${mounts[$1]} used
  if ! volume_find "${volume_ids[index]}"; then
    printf '%s\n' "$volume_because"
    return 0
  fi
  volume_devices[index]=$volume_device
  if ! volume_is_mounted "$index"; then
    printf '%s\n' "$volume_because"
  elif ! health_volume_is_ours "$point" "${volume_ids[index]}"; then
    printf '%s\n' "$point/$volume_owner_file cannot be read, or does not say that it is this member's"
  else
    used=$(df --output=pcent "$point" | tail -n 1)
    printf '%d\n' "${used//[!0-9]/}"
  fi
}

health_volume_is_ours() {
  volume_listing=$(volume_list "$1")
  volume_read_owner
  [[ ${volume_owner[ensemble]} == "$ensemble" && ${volume_owner[member]} == "$member" && ${volume_owner[volume]} == "$2" ]]
}

# Usage: health_server_fact ROLE ZXID CONNECTIONS LATENCY SYNCED VOTERS
health_server_fact() {
  printf '"role":"%s","zxid":"%s","connections":%s,"latency":%s,"synced":%s,"voters":%s\n' "$@"
}

# Prints what the server says of itself, at its static address, as its peers and clients ask it.
health_server() {
  local answer code=0 role synced=null voters=null ids
  answer=$(zk_ask "$address" srvr) || code=$?
  if ((code == 124)); then
    health_server_fact unknown '' 0 0 null null
    return 0
  fi
  [[ $answer =~ Mode:\ (leader|follower|standalone) ]] || return 0
  role=${BASH_REMATCH[1]}
  if [[ $role == leader && $(zk_ask "$address" mntr) =~ zk_synced_followers[[:space:]]+([0-9]+) ]]; then
    synced=${BASH_REMATCH[1]}
  fi
  if zk_read_voters "$(zk_ask "$address" conf)"; then
    printf -v ids ',%s' "${zk_voters[@]%%=*}"
    voters="[${ids#,}]"
  fi
  health_server_fact "$role" \
    "$(health_word '^Zxid: (0x[0-9a-f]+)' '' "$answer")" "$(health_word '^Connections: ([0-9]+)' 0 "$answer")" \
    "$(health_word '^Latency min/avg/max: [0-9.]+/([0-9]+(\.[0-9]+)?)/' 0 "$answer")" "$synced" "$voters"
}

# Prints the first group of PATTERN in the line of TEXT that matches it. Usage: health_word PATTERN DEFAULT TEXT.
health_word() {
  local line
  while IFS= read -r line; do
    [[ $line =~ $1 ]] || continue
    printf '%s' "${BASH_REMATCH[1]}"
    return 0
  done <<<"$3"
  printf '%s' "$2"
}

# A take-over and a hand-over keep the lock's file open while they wait for the lock and while they hold it. To try the
# lock would be to hold it for a moment, and a take-over that comes then would give up. The kernel's list of locks does not
# show one whose process has ended, as flock's has.
health_busy() {
  find /proc/[0-9]*/fd -mindepth 1 -lname "$lock_file" -print -quit
}

# ---- the answer

health_questions() {
  local index
  health_end=$((SECONDS + health_seconds))
  health_ask busy health_busy
  health_ask processes zk_processes
  health_ask peers zk_peer_modes
  if [[ -n $address ]]; then
    health_ask routes health_routes
    health_ask server health_server
  fi
  for index in "${!volume_ids[@]}"; do
    health_ask "volume $index" health_volume "$index"
  done
}

health_routes_fact() {
  if [[ -z $member ]]; then
    printf 'this host has taken nothing over'
  elif [[ -z $address ]]; then
    printf 'nobody asks for member %s' "$member"
  else
    health_hear routes
    printf '%s' "${health_answer:-cannot be found out within $health_seconds seconds}"
  fi
}

health_volumes_fact() {
  local index separator='' mounted used
  for index in "${!volume_ids[@]}"; do
    health_hear "volume $index"
    mounted=true used=$health_answer
    if [[ ! $used =~ ^[0-9]+$ ]]; then
      log "${volume_ids[index]}: ${health_answer:-cannot be looked at within $health_seconds seconds}"
      mounted=false used=null
    fi
    printf '%s{"volume":%s,"mount":%s,"mounted":%s,"used":%s}' "$separator" "$(json_text "${volume_ids[index]}")" \
      "$(json_text "${mounts[index]}")" "$mounted" "$used"
    separator=,
  done
}

health_service_fact() {
  local running=false server
  server=$(health_server_fact none '' 0 0 null null)
  health_hear processes
  [[ -z $health_answer ]] || running=true
  if [[ -n $address ]]; then
    health_hear server
    server=${health_answer:-$server}
  fi
  printf '{"running":%s,%s}' "$running" "$server"
}

# Where nothing listens the others have no line; what is neither of these has no vote.
health_peers_fact() {
  local line separator='' peer mode
  health_hear peers
  for peer in "${peers[@]}"; do
    [[ ${peer%%=*} != "$member" ]] || continue
    mode=absent
    for line in $health_answer; do
      [[ ${line%=*} != "$peer" ]] || mode=${line##*=}
    done
    [[ $mode =~ ^(leader|follower|standalone|none|unknown|absent)$ ]] || mode=none
    printf '%s"%s":"%s"' "$separator" "${peer%%=*}" "$mode"
    separator=,
  done
}

# In whole seconds, rounded up.
health_settle_fact() {
  local tick start keep
  tick=$(zk_setting tickTime) start=$(zk_setting initLimit) keep=$(zk_setting syncLimit)
  if [[ $tick =~ ^[1-9][0-9]{0,5}$ && $start =~ ^[1-9][0-9]{0,4}$ && $keep =~ ^[1-9][0-9]{0,4}$ ]]; then
    printf '%s' $(((tick * (start + keep) + 999) / 1000))
  else
    printf '%s' "$health_settle_seconds"
  fi
}

health() {
  local busy=false handed_over=false routes port
  health_read
  refuse_when_late "$not_after"
  health_read_own_row
  [[ -z $address ]] || routes_derive
  port=$(zk_setting clientPort)
  [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || zk_client_port=$port
  [[ ! -e $tombstone ]] || handed_over=true
  health_questions
  health_hear busy
  [[ -z $health_answer ]] || busy=true
  routes=$(health_routes_fact)
  printf '{"member":%s,"busy":%s,"handedOver":%s,"routes":%s,"volumes":[%s],"service":%s,"peers":{%s},"settleSeconds":%s}\n' \
    "${member:-null}" "$busy" "$handed_over" "$(json_text "${routes:0:health_text_limit}")" "$(health_volumes_fact)" \
    "$(health_service_fact)" "$(health_peers_fact)" "$(health_settle_fact)"
}

health
