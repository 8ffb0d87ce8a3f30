# shellcheck shell=bash
# shellcheck disable=SC2154 # The variables are set across files.
#
# Configures the routes, keeps them, and removes them.

# What must survive a reboot, for the unit below.
readonly routes_parameters="$state_directory/routes"
readonly routes_library="$library_directory/routes.sh"
readonly routes_units=/etc/systemd/system
# How the interface was before, so that it can be left so. It goes with the boot, as the kernel's state does.
readonly routes_before=/run/stayput-routes
# EC2 says `attached` seconds before the kernel has found the device.
readonly routes_interface_seconds=30
# The distribution's own agent may still be at work on the new interface, and take away what it does not know.
readonly routes_settle_seconds=15

# Configures the interface and proves it. Fills in only what is missing, so that a second run changes nothing.
routes_apply() {
  routes_configure
  routes_install
}

# Removes exactly what routes_apply made, also when the interface has gone before.
routes_remove() {
  local rule
  routes_uninstall
  while read -r rule; do
    routes_drop_rule "$rule"
  done < <(routes_rules)
  # The table is not there at all when it is empty; some versions of ip call that an error, so look instead.
  ip -4 route flush table "$routes_table" 2>/dev/null || true
  if [[ -n $(routes_rules) || -n $(routes_lines) ]]; then
    fail 21 routes-failed "rules or routes of table $routes_table cannot be removed"
  fi
  routes_restore
}

# The part of routes_apply that the kernel forgets at a reboot.
routes_configure() {
  routes_derive
  wait_until "$routes_interface_seconds" 0.2 routes_find || fail 20 interface-missing "$routes_because"
  routes_keep_before
  wait_until "$routes_settle_seconds" 0.5 routes_settle || fail 21 routes-failed "$routes_because"
}

routes_settle() {
  routes_fill_in && routes_prove
}

# Calls COMMAND with the words of a line as ip prints it, without what ip prints but does not read.
# Usage: routes_with_words LINE COMMAND...
routes_with_words() {
  local -a words kept=()
  local word
  read -r -a words <<<"$1"
  shift
  for word in "${words[@]}"; do
    case $word in
      linkdown | dead | offload | trap | rt_offload | rt_trap | \[*\]) ;;
      *) kept+=("$word") ;;
    esac
  done
  "$@" "${kept[@]}"
}

# A rule that somebody else deletes at the same moment is not an error: routes_prove and routes_remove look afterwards.
routes_drop_rule() {
  routes_with_words "$1" ip -4 rule del priority || log "could not delete the rule $1"
}

# Makes true what is not. Each piece is looked at first, because agents of the distribution may have made it already,
# and their version of it stays.
routes_fill_in() {
  # 2 is loose; the kernel takes the greater of this and `all`, so a strict `all` does not get in the way.
  routes_set "ipv4/conf/$routes_interface/rp_filter" 2 || return 1
  # Neither answers ARP here for addresses of other interfaces, nor asks with their addresses.
  routes_set "ipv4/conf/$routes_interface/arp_ignore" 1 || return 1
  routes_set "ipv4/conf/$routes_interface/arp_announce" 2 || return 1
  # Else a router's advertisement would make this interface a second IPv6 default route of the whole host.
  routes_set "ipv6/conf/$routes_interface/accept_ra_defrtr" 0 || return 1
  if ! routes_is_up; then
    routes_remember raised || return 1
    routes_try ip link set dev "$routes_interface" up || return 1
  fi
  if ! routes_has_address "$routes_interface"; then
    routes_remember "address $address/$routes_prefix" || return 1
    # Without noprefixroute the kernel would add a second way to the subnet to the main table.
    routes_try ip -4 addr add "$address/$routes_prefix" dev "$routes_interface" noprefixroute || return 1
  fi
  routes_fill_table && routes_fill_rules
}

# Runs COMMAND and keeps what it says for the reason.
routes_try() {
  routes_because=$("$@" 2>&1) && return
  routes_because="$*: $routes_because"
  return 1
}

# Replacing a route by itself does nothing, so this needs no look before. What else is in the table is stale.
routes_fill_table() {
  local line
  routes_try ip -4 route replace "$routes_subnet" dev "$routes_interface" table "$routes_table" proto kernel \
    scope link src "$address" || return 1
  routes_try ip -4 route replace default via "$routes_gateway" dev "$routes_interface" table "$routes_table" \
    proto kernel src "$address" onlink || return 1
  while read -r line; do
    case "$line " in
      *' metric '*) ;;
      'default '* | "$routes_subnet "*) continue ;;
    esac
    routes_with_words "$line" routes_drop_route || log "could not delete the route $line"
  done < <(routes_lines)
}

routes_drop_route() {
  ip -4 route del "$@" table "$routes_table"
}

# Drops stale and doubled rules before it adds the missing: the kernel takes a rule of another protocol for the same one,
# and would refuse ours beside it.
routes_fill_rules() {
  local wanted line seen=$'\n'
  wanted=$(routes_wanted_rules)
  while read -r line; do
    if [[ $'\n'$wanted$'\n' == *$'\n'"$line"$'\n'* && $seen != *$'\n'"$line"$'\n'* ]]; then
      seen+="$line"$'\n'
    else
      routes_drop_rule "$line"
    fi
  done < <(routes_rules)
  while read -r line; do
    [[ $seen == *$'\n'"$line"$'\n'* ]] || routes_with_words "$line" routes_add_rule || return 1
  done <<<"$wanted"
}

# An ip from before 2018 knows no protocols of rules, and then neither does the systemd-networkd beside it.
routes_add_rule() {
  routes_try ip -4 rule add priority "$@" protocol kernel || routes_try ip -4 rule add priority "$@"
}

# Sets a kernel parameter under /proc/sys/net, and notes what it was. What this kernel has not got needs no setting.
routes_set() {
  local file="/proc/sys/net/$1" current
  [[ -e $file ]] || return 0
  current=$(<"$file")
  [[ $current != "$2" ]] || return 0
  routes_remember "setting $1 $current" || return 1
  printf '%s\n' "$2" 2>/dev/null >"$file" && return
  routes_because="$1 cannot be set to $2"
  return 1
}

# Begins the notes for this interface, unless they are there: those of the first run are the true ones.
routes_keep_before() {
  local noted=''
  [[ ! -e $routes_before ]] || read -r noted <"$routes_before" || true
  [[ $noted == "interface $routes_interface $routes_index" ]] ||
    printf 'interface %s %s\n' "$routes_interface" "$routes_index" >"$routes_before"
}

# Notes how something was, before it is changed; only the first note on each thing counts.
routes_remember() {
  ! grep -qxF -- "$1" "$routes_before" || return 0
  if ! printf '%s\n' "$1" >>"$routes_before"; then
    routes_because="$routes_before cannot be written"
    return 1
  fi
}

# Leaves the interface as it was found, if it is still there: the same one, for names are used again.
routes_restore() {
  local kind what value link raised='' settings=' '
  [[ -e $routes_before ]] || return 0
  while read -r kind what value; do
    case $kind in
      interface)
        link=$(ip -o link show dev "$what" 2>/dev/null) || true
        [[ $link == "$value: "* ]] || break
        routes_interface=$what
        ;;
      raised) raised=true ;;
      address) ip -4 addr del "$what" dev "$routes_interface" 2>/dev/null || true ;;
      setting)
        [[ $settings == *" $what "* ]] || printf '%s\n' "$value" 2>/dev/null >"/proc/sys/net/$what" || true
        settings+="$what "
        ;;
    esac
  done <"$routes_before"
  # Somebody else who has put an address there meanwhile keeps the link.
  if [[ -n $raised && -z $(ip -4 -o addr show dev "$routes_interface" 2>/dev/null) ]]; then
    ip link set dev "$routes_interface" down 2>/dev/null || true
  fi
  rm -f "$routes_before"
}

# The kernel forgets all this at a reboot, and it forgets the routes when somebody takes the link down and up again. A
# unit at boot and a timer run the same functions again, which change nothing when nothing is missing. Where no systemd
# runs, nothing is installed.
routes_install() {
  has_systemd || return 0
  mkdir -p "$state_directory" "$library_directory"
  printf 'mac_address %s\naddress %s\nsubnet_cidr %s\npeers %s\n' \
    "$mac_address" "$address" "$subnet_cidr" "${peers[*]}" | write_durably "$routes_parameters"
  routes_print_library | write_durably "$routes_library"
  routes_print_service | write_durably "$routes_units/stayput-routes.service"
  routes_print_timer | write_durably "$routes_units/stayput-routes.timer"
  if ! systemctl daemon-reload || ! systemctl --quiet enable stayput-routes.service stayput-routes.timer ||
    ! systemctl start stayput-routes.timer; then
    fail 21 routes-failed 'systemd does not take the units that bring the routes back after a reboot'
  fi
}

# Stops the timer first, so that nothing is put back that has been removed.
routes_uninstall() {
  if has_systemd && [[ -e $routes_units/stayput-routes.service || -e $routes_units/stayput-routes.timer ]]; then
    systemctl --quiet disable --now stayput-routes.timer stayput-routes.service 2>/dev/null || true
    rm -f "$routes_units/stayput-routes.service" "$routes_units/stayput-routes.timer"
    systemctl daemon-reload || log 'systemd could not be told that the units have gone'
  fi
  rm -f "$routes_library" "$routes_parameters"
}

# What the unit runs: these very functions, and the parameters from a file that is read as data.
routes_print_library() {
  printf '#!/usr/bin/env bash\n# Written by a take-over, and removed by the hand-over.\nset -euo pipefail\n'
  printf 'export LC_ALL=C PATH=%q\n' "$PATH"
  declare -p routes_table routes_parameters routes_before routes_outside routes_interface_seconds routes_settle_seconds
  printf "attempt='' routes_others=()\n"
  # Unquoted on purpose: the names of functions have no spaces.
  # shellcheck disable=SC2046
  declare -f log json_text fail wait_until $(compgen -A function routes_)
  printf 'routes_read_parameters\nroutes_configure\n'
}

# Reads the parameters back. Their values are checked by routes_derive, as those of a document are.
routes_read_parameters() {
  local name value
  mac_address='' address='' subnet_cidr='' peers=('')
  while read -r name value; do
    case $name in
      mac_address) mac_address=$value ;;
      address) address=$value ;;
      subnet_cidr) subnet_cidr=$value ;;
      peers) read -r -a peers <<<"$value" ;;
      *) fail 64 bad-parameter "$routes_parameters holds something else" ;;
    esac
  done <"$routes_parameters"
}

# Called by bash and not by itself, so that it needs no SELinux type for executables.
routes_print_service() {
  printf '%s\n' '[Unit]' "Description=Routes of the member's static address" \
    "ConditionPathExists=!$tombstone" 'Wants=network-online.target' 'After=network-online.target' \
    '[Service]' 'Type=oneshot' "ExecStart=/bin/bash $routes_library" 'TimeoutStartSec=60' \
    '[Install]' 'WantedBy=multi-user.target'
}

routes_print_timer() {
  printf '%s\n' '[Unit]' "Description=Looks after the routes of the member's static address" \
    '[Timer]' 'OnActiveSec=30' 'OnUnitInactiveSec=30' 'AccuracySec=1' \
    '[Install]' 'WantedBy=timers.target'
}
