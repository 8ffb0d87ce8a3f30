# shellcheck shell=bash
# The member's network interface, on the host. The main script sets mac_address, address, subnet_cidr and peers.
# shellcheck disable=SC2154
#
# EC2 lets a packet leave only through the interface that owns its source address (the source/destination check), while
# Linux picks the way out by destination alone. So an interface that was plugged in later receives, and its answers are
# dropped on the way back. One table with the interface's own way out, and two kinds of rules that lead to it, mend that:
#
#   from ADDRESS             what bears the member's address leaves through the member's interface: answers.
#   from 0.0.0.0 to PEER     what has no source address yet gets the member's: connections that this host opens to the
#                            other members. A rule for PEER from any source would also divert what is bound to the
#                            primary address, which EC2 then drops; a route in the main table would do that as well.
#
# Nothing of anybody else's is used or changed: not the main table, not a distribution's tables. The table's number is
# the first rule's priority as well, and added to a member's id it is that of the member's rule, so that the order of the
# rules is always the same. Nobody else uses these: amazon-ec2-net-utils has 10000 and up for both, cloud-init's netplan tables 100 and
# up, nm-cloud-setup 30200 to 30400 and up, the kernel's VRF rule the priority 1000, Amazon's VPC CNI 512 to 1536.
# Routes and rules carry the protocol `kernel`, because systemd-networkd, when it (re)starts, deletes all that it finds
# and has not configured itself, save those (ManageForeignRoutes=, ManageForeignRoutingPolicyRules=).
#
# This part is what every verb needs: it only looks.
readonly routes_table=7829
# An address that is certainly not in the VPC, and that nobody can have routed on purpose (RFC 5737).
readonly routes_outside=192.0.2.1

routes_interface=''
routes_index=''
routes_subnet=''
routes_prefix=''
routes_gateway=''
routes_others=()
routes_because=''

# Whether all is as it should be: silent if so, else 1 and the reason on standard error.
routes_check() {
  routes_derive
  if ! routes_find || ! routes_prove; then
    log "routes: $routes_because"
    return 1
  fi
}

# Prints an IPv4 address as a number. Octets with leading zeros are refused: they are octal to some and decimal to others.
routes_number() {
  local octet='(0|[1-9][0-9]{0,2})' number=0 part
  [[ $1 =~ ^$octet\.$octet\.$octet\.$octet$ ]] || return 1
  for part in "${BASH_REMATCH[@]:1}"; do
    ((part <= 255)) || return 1
    number=$((number << 8 | part))
  done
  printf '%s' "$number"
}

# Prints a number as an IPv4 address.
routes_dotted() {
  printf '%d.%d.%d.%d' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255))
}

# Derives the rest from the parameters, and refuses what does not fit together. A VPC's router is the address after the
# subnet's first, whatever the length of the prefix (VPC guide, subnet CIDR blocks).
routes_derive() {
  local base own mask
  [[ $mac_address =~ ^([0-9a-f]{2}:){5}[0-9a-f]{2}$ ]] || fail 64 bad-parameter "$mac_address is not a MAC address"
  routes_prefix=${subnet_cidr#*/}
  if ! [[ $routes_prefix =~ ^[1-9][0-9]?$ ]] || ((routes_prefix > 30)) || ! base=$(routes_number "${subnet_cidr%%/*}"); then
    fail 64 bad-parameter "$subnet_cidr is not the range of a subnet"
  fi
  own=$(routes_number "$address") || fail 64 bad-parameter "$address is not an IPv4 address"
  mask=$((0xffffffff << (32 - routes_prefix) & 0xffffffff))
  base=$((base & mask))
  # The subnet's own address, its router's and its last belong to nobody.
  if (((own & mask) != base || own <= base + 1 || own == (base | ~mask & 0xffffffff))); then
    fail 64 bad-parameter "$address is not an address for an interface in $subnet_cidr"
  fi
  routes_subnet=$(routes_dotted "$base")/$routes_prefix
  routes_gateway=$(routes_dotted $((base + 1)))
  routes_derive_others
}

# The other members, from peers.
routes_derive_others() {
  local peer itself='' others=''
  for peer in "${peers[@]}"; do
    if ! [[ $peer =~ ^([1-9][0-9]{0,2})=(.*)$ ]] || ((BASH_REMATCH[1] > 255)) || ! routes_number "${peer#*=}" >/dev/null; then
      fail 64 bad-parameter "$peer is not a member with its IPv4 address"
    fi
    if [[ ${peer#*=} == "$address" ]]; then itself=$peer; else others+=" $peer"; fi
  done
  [[ -n $itself ]] || fail 64 bad-parameter "$address is not among the members: ${peers[*]}"
  read -r -a routes_others <<<"$others"
}

# Prints the word that follows WORD. Usage: routes_after WORD LINE.
routes_after() {
  local rest=" $2 "
  [[ $rest == *" $1 "* ]] || return 0
  rest=${rest#*" $1 "}
  printf '%s' "${rest%% *}"
}

# Finds the interface by its MAC address, never by name: names depend on the order in which devices were found. Should
# several bear it, then the one that carries the main default route is not it, nor one without the address when another
# has it.
routes_find() {
  local found
  found=$(routes_links)
  [[ $found != *$'\n'* ]] || found=$(routes_links_that routes_is_not_primary <<<"$found")
  [[ $found != *$'\n'* ]] || found=$(routes_links_that routes_has_address <<<"$found")
  if [[ -z $found || $found == *$'\n'* ]]; then
    routes_because="not exactly one network interface has the MAC address $mac_address: $(routes_links | tr '\n' ' ')"
    return 1
  fi
  read -r routes_interface routes_index <<<"$found"
}

# Prints the name and the index of every link with the MAC address. Virtual devices that sit on another one
# (`eth1.5@eth1`) have taken it from there, and do not count.
routes_links() {
  local index name rest
  while read -r index name rest; do
    [[ $rest == *" link/ether $mac_address "* ]] || continue
    [[ $name != *@* || $name =~ @if[0-9]+:$ ]] || continue
    name=${name%:}
    printf '%s %s\n' "${name%%@*}" "${index%:}"
  done < <(ip -o link show)
}

# Keeps the links, one a line on standard input, for which CONDITION holds. Usage: routes_links_that CONDITION.
routes_links_that() {
  local name index
  while read -r name index; do
    ! "$1" "$name" || printf '%s %s\n' "$name" "$index"
  done
}

# Of several default routes the kernel prints the preferred one first.
routes_is_not_primary() {
  local default_route=''
  read -r default_route < <(ip -4 -o route show table main default) || true
  [[ $(routes_after dev "$default_route") != "$1" ]]
}

routes_has_address() {
  [[ $(ip -4 -o addr show dev "$1") == *" inet $address/"* ]]
}

routes_is_up() {
  local flags
  flags=$(ip -o link show dev "$routes_interface")
  flags=${flags#*<}
  [[ ",${flags%%>*}," == *,UP,* ]]
}

# The rules that lead to our table, one a line: the priority, then the rule. Whatever leads there is ours.
routes_rules() {
  local line
  while read -r line; do
    [[ " $line " != *" lookup $routes_table "* ]] || printf '%s\n' "${line%%:*} ${line#*:[[:space:]]}"
  done < <(ip -4 rule show)
}

# The routes in our table, one a line.
routes_lines() {
  ip -4 route show table "$routes_table" 2>/dev/null || true
}

# The rules that there should be, as routes_rules prints them.
routes_wanted_rules() {
  local other
  printf '%s from %s lookup %s\n' "$routes_table" "$address" "$routes_table"
  for other in ${routes_others[@]+"${routes_others[@]}"}; do
    printf '%s from 0.0.0.0 to %s lookup %s\n' $((routes_table + ${other%%=*})) "${other#*=}" "$routes_table"
  done
}

# Proves by asking the kernel: what it would do with a packet is the truth, the rules are only why.
routes_prove() {
  local other wanted way
  if ! routes_is_up || ! routes_has_address "$routes_interface"; then
    routes_because="$routes_interface is down or has not got $address"
    return 1
  fi
  wanted=$(routes_wanted_rules)
  if [[ $(routes_rules | sort) != $(sort <<<"$wanted") ]]; then
    routes_because="the rules that lead to table $routes_table are not the ones that should"
    return 1
  fi
  way=$(routes_lines)
  if [[ $'\n'$way != *$'\n'"default via $routes_gateway dev $routes_interface "* || $way == *$'\n'*$'\n'* ]]; then
    routes_because="table $routes_table is not the subnet and a default route by $routes_gateway"
    return 1
  fi
  way=$(ip -4 -o route get "$routes_outside" from "$address" 2>&1) || true
  if [[ $(routes_after dev "$way") != "$routes_interface" || $(routes_after via "$way") != "$routes_gateway" ]]; then
    routes_because="a packet from $address would not leave by $routes_interface: $way"
    return 1
  fi
  for other in ${routes_others[@]+"${routes_others[@]}"}; do
    way=$(ip -4 -o route get "${other#*=}" 2>&1) || true
    if [[ $(routes_after dev "$way") != "$routes_interface" || $(routes_after src "$way") != "$address" ]]; then
      routes_because="a connection to member $other would not leave from $address: $way"
      return 1
    fi
  done
}
