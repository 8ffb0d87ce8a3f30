# The parameters of a document, read into the variables that its parts share.

readonly member_file="$state_directory/member"
# shellcheck disable=SC2034 # Other parts use them.
not_after='' ensemble='' member='' mac_address='' address='' subnet_cidr='' bootstrap=denied service=keep file_system=any \
  peers=() volume_ids=() mounts=() format=() formatted=()

readonly address_pattern='([0-9]{1,3}\.){3}[0-9]{1,3}'
readonly volume_pattern='vol-[0-9a-f]{8,17}'
readonly mount_pattern='(/[A-Za-z0-9_.-]+)+'

# Who takes or gives what: what a take-over and a hand-over have in common. The attempt comes first, so that every
# failure after it names it.
read_member() {
  local list pair
  read_parameter attempt Attempt '[a-zA-Z0-9.:-]{1,64}'
  read_parameter not_after NotAfter '[0-9]{10}'
  read_parameter ensemble Ensemble '[a-z][a-z0-9-]{0,31}'
  read_parameter member Member '[1-9][0-9]{0,2}'
  ((member <= 255)) || fail 64 bad-parameter "Member is $member, and ZooKeeper's server ids end at 255"
  read_parameter mac_address MacAddress '([0-9a-f]{2}:){5}[0-9a-f]{2}'
  read_parameter address Address "$address_pattern"
  read_parameter list Volumes "$volume_pattern=$mount_pattern(,$volume_pattern=$mount_pattern)*"
  volume_ids=()
  mounts=()
  for pair in ${list//,/ }; do
    volume_ids+=("${pair%%=*}")
    mounts+=("${pair#*=}")
  done
}

# What only a take-over needs. A list without this member in it would start a server that is not in its own ensemble.
read_ensemble() {
  local list
  read_parameter subnet_cidr SubnetCidr "$address_pattern/[0-9]{1,2}"
  read_parameter list Peers "[1-9][0-9]{0,2}=$address_pattern(,[1-9][0-9]{0,2}=$address_pattern)*"
  peers=()
  IFS=, read -r -a peers <<<"$list"
  [[ ",$list," == *",$member=$address,"* ]] ||
    fail 64 bad-parameter "Peers is $list, without member $member at $address"
  read_parameter list Format "none|$volume_pattern(,$volume_pattern)*"
  format=()
  # shellcheck disable=SC2034 # The volumes' part uses it.
  [[ $list == none ]] || IFS=, read -r -a format <<<"$list"
  # shellcheck disable=SC2034 # The same.
  read_parameter file_system FileSystem 'any|xfs|ext4'
  read_parameter bootstrap Bootstrap 'permitted|denied'
  read_parameter service Service 'keep|restart'
}

# Which member this host is: it takes over at most one, for good. The pieces of two members must never meet on a host.
refuse_other_member() {
  local claimed=''
  [[ -e $member_file ]] || return 0
  IFS= read -r -n 100 claimed <"$member_file" || true
  [[ $claimed == "$ensemble $member" ]] ||
    fail 40 service-failed "this host is member ${claimed##* } of ${claimed%% *}, not member $member of $ensemble"
}
