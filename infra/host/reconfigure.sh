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

change='' changed='' changed_address='' reconfigure_answer=''

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
  zk_read_voters "$(zk_ask "$address" conf)"
}

reconfigure_has_vote() {
  [[ " ${zk_voters[*]} " == *" $changed="* ]]
}

reconfigure_is_done() {
  local vote=no
  reconfigure_look || return 1
  ! reconfigure_has_vote || vote=yes
  [[ $change-$vote == add-yes || $change-$vote == remove-no ]]
}

# How many of these serve. Usage: ID=ADDRESS...
reconfigure_serving() {
  local server
  for server in "$@"; do
    zk_peer_mode "$server" &
  done | grep -cE '=(leader|follower)$' || true
}

reconfigure_refuse_unsafe() {
  local server rest=() serving needed
  [[ $(zk_peer_mode "$member=$address") == *=leader ]] || fail 61 not-leader "member $member does not lead"
  for server in "${zk_voters[@]}"; do
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

# Has ZooKeeper's own command line make the change, and sets `reconfigure_answer` to what it says. The password goes
# through a pipe, because everybody on the host can read arguments; lines that repeat it are left out.
reconfigure_send() {
  local password wish="-remove $changed"
  password=$(<"$zk_super")
  [[ $change == remove ]] || wish="-add $(zk_server "$changed" "$changed_address" participant)"
  reconfigure_answer=$(printf '%s\n' "addauth digest super:$password" "reconfig -v $zk_voters_version $wish" quit |
    timeout --kill-after=5 "$reconfigure_answer_seconds" env -i "PATH=$PATH" LC_ALL=C setpriv \
      --reuid "$(id -u "$zk_user")" --regid "$(id -g "$zk_user")" --init-groups \
      bash "$zk_launcher" client "$address:$zk_client_port" 2>&1 8>&- | grep -vF "$password") || true
}

# Why the list is as it was: the command line's last words, but for its log, its prompt and where in it something failed.
reconfigure_reason() {
  local said
  said=$(grep -vE '^([[:space:]]*$|[[:space:]]+at |EndOfStreamException|WATCHER|WatchedEvent|\[|[0-9]{4}-|SLF4J)' <<<"$reconfigure_answer" | tail -n 1)
  printf 'ZooKeeper said: %.300s' "${said:-nothing}"
}

reconfigure() {
  local port ids
  reconfigure_read
  refuse_when_late "$not_after"
  exec 8>"$reconfigure_lock"
  flock --wait 20 8 || fail 12 busy 'another change of the list is at work on this host'
  refuse_when_late "$not_after"
  refuse_other_member
  port=$(zk_setting clientPort)
  [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || zk_client_port=$port
  wait_until 5 0.5 reconfigure_look || fail 61 not-leader "member $member does not say who votes"
  if ! reconfigure_is_done; then
    reconfigure_refuse_unsafe
    reconfigure_send
    wait_until "$reconfigure_settle_seconds" 0.2 reconfigure_is_done || fail 63 not-changed "$(reconfigure_reason)"
  fi
  printf -v ids ',%s' "${zk_voters[@]%%=*}"
  printf '{"attempt":%s,"voters":[%s],"version":%s}\n' "$(json_text "$attempt")" "${ids#,}" \
    "$(json_text "$zk_voters_version")"
}

reconfigure
