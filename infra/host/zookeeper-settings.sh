# Which ZooKeeper this host has, and the settings that its server runs with: the user's, but for those that would break
# a promise.

# What is left of the 120 seconds must do for a restart; the orchestrator asks again.
readonly zk_install_seconds=60

zk_layout='' zk_home='' zk_user_config='' zk_user_id='' zk_group_id=''
zk_whitelist='srvr,mntr,ruok,conf' zk_keys=' ' zk_kept=()

# A plain image installs ZooKeeper at its first boot, by cloud-init, and the agent may be online long before that is done.
zk_is_coming() {
  [[ -d /run/cloud-init && ! -e /var/lib/cloud/instance/boot-finished ]]
}

zk_candidates() {
  local candidate
  for candidate in /usr/share/java/zookeeper.jar /opt/zookeeper*/bin/zkServer.sh /usr/local/zookeeper*/bin/zkServer.sh \
    /opt/apache-zookeeper*/bin/zkServer.sh /usr/local/apache-zookeeper*/bin/zkServer.sh; do
    [[ ! -e $candidate ]] || printf '%s\n' "$candidate"
  done
}

zk_is_decided() {
  [[ -n $(zk_candidates) ]] || ! zk_is_coming
}

# Debian's package, or one unpacked archive of Apache's. With two of them nobody could say which one is meant.
zk_find() {
  local candidate home homes=' ' count=0
  wait_until "$zk_install_seconds" 0.5 zk_is_decided ||
    fail 12 busy 'cloud-init is still at work, and may be installing ZooKeeper'
  while read -r candidate; do
    [[ -n $candidate ]] || continue
    home=$(readlink -f "${candidate%/bin/zkServer.sh}")
    # One installation may have several names.
    [[ $homes != *" $home "* ]] || continue
    homes+="$home "
    count=$((count + 1))
  done <<<"$(zk_candidates)"
  ((count == 1)) || zk_refuse "there must be one ZooKeeper in /usr/share/java, /opt or /usr/local: found$homes"
  homes=${homes# }
  zk_home=${homes% }
  if [[ $zk_home == *.jar ]]; then
    zk_layout=debian
    zk_check_version /usr/share/java/zookeeper-[0-9]*.jar
    zk_user_config=/etc/zookeeper/conf/zoo.cfg
  else
    zk_layout=apache
    zk_check_version "$zk_home"/lib/zookeeper-[0-9]*.jar
    zk_user_config=$zk_home/conf/zoo.cfg
  fi
  { zk_user_id=$(id -u "$zk_user") && zk_group_id=$(id -g "$zk_user"); } 2>/dev/null ||
    zk_refuse "there is no user $zk_user to run ZooKeeper"
}

# The version is in the archive's name, in Debian's package too.
zk_check_version() {
  [[ $# == 1 && $1 =~ zookeeper-([0-9]+)\.([0-9]+)\.([0-9]+)[^/]*\.jar$ ]] ||
    zk_refuse "cannot tell the version of ZooKeeper from $*"
  local version="${BASH_REMATCH[1]}.${BASH_REMATCH[2]}.${BASH_REMATCH[3]}"
  ((BASH_REMATCH[1] * 1000 + BASH_REMATCH[2] >= 3006)) ||
    zk_refuse "ZooKeeper $version is too old: before 3.6.0 an empty disk cannot be kept from voting"
  [[ $version != 3.9.3 ]] || zk_refuse 'ZooKeeper 3.9.3 loses data (ZOOKEEPER-4925): use 3.9.4 or later'
}

# What would break a promise if the user's value stood; the user's file is read but never written.
zk_owns() {
  case $1 in
    dataDir | dataLogDir | server.* | dynamicConfigFile | reconfigEnabled | standaloneEnabled) return 0 ;;
    clientPort | clientPortAddress | group.* | weight.* | DigestAuthenticationProvider.superDigest) return 0 ;;
    quorumListenOnAllIPs | peerType | 4lw.commands.whitelist | db.autocreate | datadir.autocreate) return 0 ;;
    *) return 1 ;;
  esac
}

# Settings under which an acknowledged write may be lost, or readiness cannot be seen. Usage: WHERE KEY VALUE.
zk_refuse_setting() {
  # ZooKeeper makes system properties of what it does not know, and accepts their full names as well.
  local setting="${2#zookeeper.}=$3"
  case ${setting,,} in
    snapshot.trust.empty=true | forcesync=no | db.autocreate=true | leaderserves=no)
      zk_refuse "$1 sets $setting: a member must not run with it" ;;
  esac
}

# Reads a file of settings into zk_kept. It is in the form of Java's properties; the escapes and continued lines
# of that form are refused rather than understood almost right.
zk_read_settings() {
  local file=$1 line number=0 key value
  [[ -f $file ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ ! $line =~ ^[[:space:]]*([#!].*)?$ ]] || continue
    [[ $line != *\\* ]] || zk_refuse "$file:$number has a backslash, which is not supported"
    [[ $line =~ ^[[:space:]]*([^[:space:]=:]+)[[:space:]]*[=:]?[[:space:]]*(.*)$ ]] || continue
    key=${BASH_REMATCH[1]}
    value=${BASH_REMATCH[2]%"${BASH_REMATCH[2]##*[![:space:]]}"}
    zk_refuse_setting "$file:$number" "$key" "$value"
    if [[ $key == 4lw.commands.whitelist ]]; then
      zk_whitelist="srvr,mntr,ruok,conf,$value"
    elif [[ $key == clientPort ]]; then
      zk_client_port=$value
    elif ! zk_owns "${key#zookeeper.}"; then
      zk_kept+=("$key=$value")
      zk_keys+="$key "
    fi
  done <"$file"
}

# The same refusals for the flags of the Java machine, in the files where each layout has them.
zk_read_flags() {
  local file line number pattern='-D(zookeeper\.[A-Za-z.]+)=([^[:space:]"'\'']*)(.*)'
  for file in "${zk_user_config%/*}"/{environment,java.env,zookeeper-env.sh}; do
    [[ -f $file ]] || continue
    number=0
    while IFS= read -r line || [[ -n $line ]]; do
      number=$((number + 1))
      [[ ! $line =~ ^[[:space:]]*# ]] || continue
      while [[ $line =~ $pattern ]]; do
        line=${BASH_REMATCH[3]}
        zk_refuse_setting "$file:$number" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
      done
    done <"$file"
  done
}

# A setting unless the user has it.
zk_default() {
  [[ $zk_keys == *" ${1%%=*} "* ]] || printf '%s\n' "$1"
}

zk_settings() {
  printf '# Written by Stayput from %s, whose settings are kept where they may be. Do not edit.\n' "$zk_user_config"
  ((${#zk_kept[@]} == 0)) || printf '%s\n' "${zk_kept[@]}"
  zk_default tickTime=2000
  zk_default initLimit=10
  zk_default syncLimit=5
  zk_default admin.enableServer=false
  # ZooKeeper's own default never removes a snapshot, until the volume is full.
  zk_default autopurge.purgeInterval=1
  zk_default autopurge.snapRetainCount=3
  printf '%s\n' "dataDir=$zk_data" "dataLogDir=$zk_transactions" quorumListenOnAllIPs=false \
    reconfigEnabled=true standaloneEnabled=false db.autocreate=false datadir.autocreate=false \
    "clientPort=$zk_client_port" "4lw.commands.whitelist=$zk_whitelist"
}
