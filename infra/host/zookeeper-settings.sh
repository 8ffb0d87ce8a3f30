# Which ZooKeeper this host has, and the settings that its server runs with: the user's, but for those that would break
# a promise.

# What is left of the 120 seconds must do for a restart; the orchestrator asks again.
readonly zookeeper_install_seconds=60

zookeeper_layout='' zookeeper_home='' zookeeper_user_config='' zookeeper_user_id='' zookeeper_group_id=''
zookeeper_whitelist='srvr,mntr,ruok,conf' zookeeper_keys=' ' zookeeper_kept=()

# A plain image installs ZooKeeper at its first boot, by cloud-init, and the agent may be online long before that is done.
zookeeper_is_coming() {
  [[ -d /run/cloud-init && ! -e /var/lib/cloud/instance/boot-finished ]]
}

zookeeper_candidates() {
  local candidate
  for candidate in /usr/share/java/zookeeper.jar /opt/zookeeper*/bin/zkServer.sh /usr/local/zookeeper*/bin/zkServer.sh \
    /opt/apache-zookeeper*/bin/zkServer.sh /usr/local/apache-zookeeper*/bin/zkServer.sh; do
    [[ ! -e $candidate ]] || printf '%s\n' "$candidate"
  done
}

zookeeper_is_decided() {
  [[ -n $(zookeeper_candidates) ]] || ! zookeeper_is_coming
}

# Debian's package, or one unpacked archive of Apache's. With two of them nobody could say which one is meant.
zookeeper_find() {
  local candidate home homes=' ' count=0
  wait_until "$zookeeper_install_seconds" 0.5 zookeeper_is_decided ||
    fail 12 busy 'cloud-init is still at work, and may be installing ZooKeeper'
  while read -r candidate; do
    [[ -n $candidate ]] || continue
    home=$(readlink -f "${candidate%/bin/zkServer.sh}")
    # One installation may have several names.
    [[ $homes != *" $home "* ]] || continue
    homes+="$home "
    count=$((count + 1))
  done <<<"$(zookeeper_candidates)"
  ((count == 1)) || zookeeper_refuse "there must be one ZooKeeper in /usr/share/java, /opt or /usr/local: found$homes"
  homes=${homes# }
  zookeeper_home=${homes% }
  if [[ $zookeeper_home == *.jar ]]; then
    zookeeper_layout=debian
    zookeeper_check_version /usr/share/java/zookeeper-[0-9]*.jar
    zookeeper_user_config=/etc/zookeeper/conf/zoo.cfg
  else
    zookeeper_layout=apache
    zookeeper_check_version "$zookeeper_home"/lib/zookeeper-[0-9]*.jar
    zookeeper_user_config=$zookeeper_home/conf/zoo.cfg
  fi
  { zookeeper_user_id=$(id -u "$zookeeper_user") && zookeeper_group_id=$(id -g "$zookeeper_user"); } 2>/dev/null ||
    zookeeper_refuse "there is no user $zookeeper_user to run ZooKeeper"
}

# The version is in the archive's name, in Debian's package too.
zookeeper_check_version() {
  [[ $# == 1 && $1 =~ zookeeper-([0-9]+)\.([0-9]+)\.([0-9]+)[^/]*\.jar$ ]] ||
    zookeeper_refuse "cannot tell the version of ZooKeeper from $*"
  local version="${BASH_REMATCH[1]}.${BASH_REMATCH[2]}.${BASH_REMATCH[3]}"
  ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 3006)) ||
    zookeeper_refuse "ZooKeeper $version is too old: before 3.6.0 an empty disk cannot be kept from voting"
  [[ $version != 3.9.3 ]] || zookeeper_refuse 'ZooKeeper 3.9.3 loses data (ZOOKEEPER-4925): use 3.9.4 or later'
}

# What would break a promise if the user's value stood; the user's file is read but never written.
zookeeper_owns() {
  case $1 in
    dataDir | dataLogDir | server.* | dynamicConfigFile | reconfigEnabled | standaloneEnabled) return 0 ;;
    clientPort | clientPortAddress | group.* | weight.* | DigestAuthenticationProvider.superDigest) return 0 ;;
    quorumListenOnAllIPs | peerType | 4lw.commands.whitelist | db.autocreate | datadir.autocreate) return 0 ;;
    *) return 1 ;;
  esac
}

# Settings under which an acknowledged write may be lost, or readiness cannot be seen. Usage: WHERE KEY VALUE.
zookeeper_refuse_setting() {
  # ZooKeeper makes system properties of what it does not know, and accepts their full names as well.
  local setting="${2#zookeeper.}=$3"
  case ${setting,,} in
    snapshot.trust.empty=true | forcesync=no | db.autocreate=true | leaderserves=no)
      zookeeper_refuse "$1 sets $setting: a member must not run with it" ;;
  esac
}

# Reads a file of settings into zookeeper_kept. It is in the form of Java's properties; the escapes and continued lines
# of that form are refused rather than understood almost right.
zookeeper_read_settings() {
  local file=$1 line number=0 key value
  [[ -f $file ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ ! $line =~ ^[[:space:]]*([#!].*)?$ ]] || continue
    [[ $line != *\\* ]] || zookeeper_refuse "$file:$number has a backslash, which is not supported"
    [[ $line =~ ^[[:space:]]*([^[:space:]=:]+)[[:space:]]*[=:]?[[:space:]]*(.*)$ ]] || continue
    key=${BASH_REMATCH[1]}
    value=${BASH_REMATCH[2]%"${BASH_REMATCH[2]##*[![:space:]]}"}
    zookeeper_refuse_setting "$file:$number" "$key" "$value"
    if [[ $key == 4lw.commands.whitelist ]]; then
      zookeeper_whitelist="srvr,mntr,ruok,conf,$value"
    elif [[ $key == clientPort ]]; then
      zookeeper_client_port=$value
    elif ! zookeeper_owns "${key#zookeeper.}"; then
      zookeeper_kept+=("$key=$value")
      zookeeper_keys+="$key "
    fi
  done <"$file"
}

# The same refusals for the flags of the Java machine, in the files where each layout has them.
zookeeper_read_flags() {
  local file line number pattern='-D(zookeeper\.[A-Za-z.]+)=([^[:space:]"'\'']*)(.*)'
  for file in "${zookeeper_user_config%/*}"/{environment,java.env,zookeeper-env.sh}; do
    [[ -f $file ]] || continue
    number=0
    while IFS= read -r line || [[ -n $line ]]; do
      number=$((number + 1))
      [[ ! $line =~ ^[[:space:]]*# ]] || continue
      while [[ $line =~ $pattern ]]; do
        line=${BASH_REMATCH[3]}
        zookeeper_refuse_setting "$file:$number" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
      done
    done <"$file"
  done
}

# A setting unless the user has it.
zookeeper_default() {
  [[ $zookeeper_keys == *" ${1%%=*} "* ]] || printf '%s\n' "$1"
}

zookeeper_settings() {
  printf '# Written by Stayput from %s, whose settings are kept where they may be. Do not edit.\n' "$zookeeper_user_config"
  ((${#zookeeper_kept[@]} == 0)) || printf '%s\n' "${zookeeper_kept[@]}"
  zookeeper_default tickTime=2000
  zookeeper_default initLimit=10
  zookeeper_default syncLimit=5
  zookeeper_default admin.enableServer=false
  # ZooKeeper's own default never removes a snapshot, until the volume is full.
  zookeeper_default autopurge.purgeInterval=1
  zookeeper_default autopurge.snapRetainCount=3
  printf '%s\n' "dataDir=$zookeeper_data" "dataLogDir=$zookeeper_transactions" quorumListenOnAllIPs=false \
    reconfigEnabled=true standaloneEnabled=false db.autocreate=false datadir.autocreate=false \
    "clientPort=$zookeeper_client_port" "4lw.commands.whitelist=$zookeeper_whitelist"
}
