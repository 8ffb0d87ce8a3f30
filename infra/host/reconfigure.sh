# Reconfigure: one member gets a vote, or loses it. Runs on the host of the member that leads, against its own server.
#
# ZooKeeper makes the change itself, by its own protocol, once a majority of the old list and one of the new list have it.
# What is looked at before is what ZooKeeper does not ask:
#   * a vote is given only while all who have one serve, and the newcomer too: it is then missed by nobody. A list that
#     is longer by one bears the loss of no fewer servers;
#   * a vote is taken when the others have a majority of what is left, so that the ensemble goes on at once;
#   * the change names the version of the list that it was judged by: of two at once, one is refused.

readonly reconfigure_lock=/run/stayput-reconfigure.lock
readonly reconfigure_answer_seconds=20 reconfigure_settle_seconds=15

change='' changed='' changed_address='' reconfigure_code=''

reconfigure_read() {
  read_parameter attempt Attempt '[a-zA-Z0-9.:-]{1,64}'
  read_parameter not_after NotAfter '[0-9]{10}'
  read_parameter ensemble Ensemble '[a-z][a-z0-9-]{0,31}'
  read_parameter member Member '[1-9][0-9]{0,2}'
  read_parameter address Address "$address_pattern"
  read_parameter change Change "add:[1-9][0-9]{0,2}=$address_pattern|remove:[1-9][0-9]{0,2}"
  changed=${change#*:}
  changed_address=${changed#*=}
  changed=${changed%%=*}
  change=${change%%:*}
  ((changed <= 255)) || fail 64 bad-parameter "Change names member $changed, and ZooKeeper's server ids end at 255"
}

# Whoever leaves may be the one that leads: then its server serves nobody for a moment, until it follows.
reconfigure_look() {
  zookeeper_read_voters "$(zookeeper_ask "$address" conf)"
}

reconfigure_has_vote() {
  [[ " ${zookeeper_voters[*]} " == *" $changed="* ]]
}

reconfigure_is_done() {
  reconfigure_look || return 1
  if [[ $change == add ]]; then reconfigure_has_vote; else ! reconfigure_has_vote; fi
}

# How many of these serve. Usage: ID=ADDRESS...
reconfigure_serving() {
  local server
  for server in "$@"; do
    zookeeper_peer_mode "$server" &
  done | grep -cE '=(leader|follower)$' || true
}

reconfigure_refuse_unsafe() {
  local server rest=() serving needed
  [[ $(zookeeper_peer_mode "$member=$address") == *=leader ]] || fail 61 not-leader "member $member does not lead"
  for server in "${zookeeper_voters[@]}"; do
    [[ ${server%%=*} == "$changed" ]] || rest+=("$server")
  done
  if [[ $change == add ]]; then
    rest+=("$changed=$changed_address")
    needed=${#rest[@]}
  else
    ((${#rest[@]} > 0)) || fail 62 not-in-sync "member $changed is the only one that votes"
    needed=$((${#rest[@]} / 2 + 1))
  fi
  serving=$(reconfigure_serving "${rest[@]}")
  ((serving >= needed)) || fail 62 not-in-sync "of the ${#rest[@]} that are to vote $serving serve, and $needed must"
}

# ---- ZooKeeper's protocol for clients, as much of it as one change takes. All numbers are in hexadecimal digits.

hex_number() {
  printf '%0*x' "$1" "$2"
}

hex_text() {
  hex_number 8 "${#1}"
  printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

hex_frame() {
  hex_number 8 $((${#1} / 2))
  printf '%s' "$1"
}

# A new session, the super user, the change, the end of the session; the server answers them in this order.
reconfigure_request() {
  local none=ffffffff joining leaving
  joining=$none leaving=$none
  if [[ $change == add ]]; then
    joining=$(hex_text "$(zookeeper_server "$changed" "$changed_address" participant)")
  else
    leaving=$(hex_text "$changed")
  fi
  hex_frame "$(hex_number 24 0)$(hex_number 8 10000)$(hex_number 16 0)00000010$(hex_number 32 0)"
  hex_frame "fffffffc0000006400000000$(hex_text digest)$(hex_text "super:$(<"$zookeeper_super")")"
  hex_frame "0000000100000010$joining$leaving$none$(hex_number 16 $((16#$zookeeper_voters_version)))"
  hex_frame 00000002fffffff5
}

# Sends the change, and sets `reconfigure_code` to the server's answer: a number, 0 for done, or nothing.
reconfigure_send() {
  local answer frame
  # shellcheck disable=SC2016 # The inner shell expands its own arguments.
  answer=$(printf '%b' "$(reconfigure_request | sed 's/../\\x&/g')" | timeout "$reconfigure_answer_seconds" bash -c \
    'exec 3<>"/dev/tcp/$1/$2"; cat >&3; od -An -v -tx1 <&3' send "$address" "$zookeeper_client_port" 2>/dev/null |
    tr -d ' \n') || true
  reconfigure_code=''
  # The answer to a new session begins with no number of a request; that of the super user has -4.
  answer=${answer:$((8 + 2 * 16#0${answer:0:8}))}
  while ((${#answer} >= 40)); do
    frame=${answer:8:$((2 * 16#${answer:0:8}))}
    answer=${answer:$((8 + ${#frame}))}
    [[ ${frame:0:8} =~ ^(00000001|fffffffc)$ ]] || continue
    reconfigure_code=$((16#${frame:24:8}))
    ((reconfigure_code < 2147483648)) || reconfigure_code=$((reconfigure_code - 4294967296))
    ((reconfigure_code == 0)) || break
  done
}

# The codes are KeeperException's.
reconfigure_reason() {
  case $reconfigure_code in
    -13) printf 'the new list has no majority that is in sync' ;;
    -14) printf 'another change is under way' ;;
    -103) printf 'the list has changed meanwhile' ;;
    -102 | -115) printf 'the server does not know its super user: it was started with another one' ;;
    '') printf 'the server has not answered' ;;
    *) printf 'the server answered with code %s' "$reconfigure_code" ;;
  esac
}

reconfigure() {
  local port ids
  reconfigure_read
  refuse_when_late "$not_after"
  exec 8>"$reconfigure_lock"
  flock --wait 20 8 || fail 12 busy 'another change of the list is at work on this host'
  refuse_when_late "$not_after"
  refuse_other_member
  port=$(zookeeper_setting clientPort)
  [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || zookeeper_client_port=$port
  wait_until 5 0.5 reconfigure_look || fail 61 not-leader "member $member does not say who votes"
  if ! reconfigure_is_done; then
    reconfigure_refuse_unsafe
    reconfigure_send
    wait_until "$reconfigure_settle_seconds" 0.2 reconfigure_is_done || fail 63 not-changed "$(reconfigure_reason)"
  fi
  printf -v ids ',%s' "${zookeeper_voters[@]%%=*}"
  printf '{"attempt":%s,"voters":[%s],"version":%s}\n' "$(json_text "$attempt")" "${ids#,}" \
    "$(json_text "$zookeeper_voters_version")"
}

reconfigure
