# Reach: whether this host can open a connection to a member's static address. The proof from outside.

readonly connect_seconds=5
readonly reach_seconds=10

connects() {
  # shellcheck disable=SC2016 # The inner shell expands its own arguments.
  timeout "$connect_seconds" bash -c 'exec 3<>"/dev/tcp/$1/$2"' connect "$1" "$2" 2>/dev/null
}

# A server without a role may itself be the one that is cut off. Usage: has_role ADDRESS.
has_role() {
  local port
  port=$(zk_setting clientPort)
  [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || zk_client_port=$port
  [[ $(zk_ask "$1" srvr) =~ Mode:\ (leader|follower|standalone) ]]
}

reach() {
  local target own port
  read_parameter not_after NotAfter '[0-9]{10}'
  read_parameter target Address "$address_pattern"
  read_parameter own Own "$address_pattern"
  read_parameter port Port '[1-9][0-9]{0,4}'
  ((port <= 65535)) || fail 64 bad-parameter "Port is $port"
  refuse_when_late "$not_after"
  # A refusal is no success either: it only shows that some host has the address, not that the member serves there.
  if ! wait_until "$reach_seconds" 0.5 connects "$target" "$port"; then
    has_role "$own" || fail 41 no-quorum "no connection to $target:$port, but the server of this host has no role either"
    fail 60 unreachable "no connection to $target:$port within $reach_seconds seconds"
  fi
  printf '{"attempt":null,"reached":true}\n'
}

reach
