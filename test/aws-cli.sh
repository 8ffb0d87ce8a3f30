#!/usr/bin/env bash
# Proves the lab with a client that shares no code with it: the AWS CLI has its own models and its own parsers, so what
# it reads is what AWS's protocols say. Needs a lab that is running and empty:
#
#   npm run lab -- serve --port 4566 --empty
#   test/aws-cli.sh [http://127.0.0.1:4566]
#
# Makes one member (an interface and a volume) and a group of one, and looks on while the group's instance becomes that
# member, is refused to be robbed of it, and is replaced. Cleans nothing up: the lab is thrown away.
# Exit codes: 0 each check passed, 1 a check failed, 2 a prerequisite is missing.
set -euo pipefail

readonly endpoint=${1:-http://127.0.0.1:4566}
readonly cli=${AWS_CLI:-aws}
readonly limit_seconds=${LIMIT_SECONDS:-300}
readonly region=${AWS_DEFAULT_REGION:-eu-central-1}
readonly ensemble=zookeeper

# Nobody's own configuration may turn this to a real account: any key will do in the lab.
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export AWS_ACCESS_KEY_ID=lab AWS_SECRET_ACCESS_KEY=lab AWS_DEFAULT_REGION=$region AWS_PAGER=''

checks=0

call() {
  "$cli" --endpoint-url "$endpoint" --output text "$@"
}

ok() {
  checks=$((checks + 1))
  printf 'ok - %s\n' "$1"
}

fail() {
  printf 'not ok - %s\n' "$1" >&2
  exit 1
}

# refused WHAT TEXT COMMAND...: the command must fail, and say this.
refused() {
  local what=$1 text=$2 said
  shift 2
  if said=$(call "$@" 2>&1); then fail "$what: it was not refused"; fi
  [[ $said == *"$text"* ]] || fail "$what: expected '$text', found '$said'"
  printf '     %s\n' "${said//$'\n'/}"
  ok "$what"
}

# wait_for WHAT PATTERN COMMAND...: runs it again and again until its output matches the extended regular expression.
# Every read is waited for, even of what must be so already: AWS's reads may be stale, and say that what was just made
# does not exist.
wait_for() {
  local what=$1 pattern=$2 seen deadline=$((SECONDS + limit_seconds))
  shift 2
  until seen=$("$@" 2>&1) && [[ $seen =~ $pattern ]]; do
    ((SECONDS < deadline)) || fail "$what: not within ${limit_seconds} s, last seen: '$seen'"
    sleep 0.2
  done
  ok "$what"
}

require() {
  command -v "$cli" >/dev/null || {
    printf 'the AWS CLI is missing (%s): apt-get install awscli, or pip install awscli\n' "$cli" >&2
    exit 2
  }
  call ec2 describe-vpcs >/dev/null || {
    printf 'nothing answers at %s: npm run lab -- serve --port 4566 --empty\n' "$endpoint" >&2
    exit 2
  }
}

find_or_create_vpc() {
  local found
  found=$(call ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].[VpcId,CidrBlock]')
  [[ $found == vpc-* ]] || found=$(call ec2 create-vpc --cidr-block 10.0.0.0/16 --query 'Vpc.[VpcId,CidrBlock]')
  read -r vpc cidr <<<"$found"
}

create_member() {
  local zone=${region}a identity="{Key=stayput:ensemble,Value=$ensemble},{Key=stayput:member,Value=1}" created
  find_or_create_vpc
  subnet=$(call ec2 create-subnet --vpc-id "$vpc" --availability-zone "$zone" --cidr-block "${cidr%.*.*}.240.0/24" \
    --query Subnet.SubnetId)
  created=$(call ec2 create-network-interface --subnet-id "$subnet" --description "$ensemble member 1" \
    --tag-specifications "ResourceType=network-interface,Tags=[$identity]" \
    --query 'NetworkInterface.[NetworkInterfaceId,PrivateIpAddress]')
  read -r interface address <<<"$created"
  identity+=',{Key=stayput:mount,Value=/var/lib/zookeeper},{Key=stayput:format,Value=permitted},{Key=stayput:bootstrap,Value=permitted}'
  volume=$(call ec2 create-volume --availability-zone "$zone" --size 1 --volume-type gp3 \
    --tag-specifications "ResourceType=volume,Tags=[$identity]" --query VolumeId)
  wait_for 'the interface becomes available' '^available$' interface_status
  wait_for 'the volume becomes available' '^available$' volume_status
}

interface_status() {
  call ec2 describe-network-interfaces --network-interface-ids "$interface" --query 'NetworkInterfaces[].Status'
}

volume_status() {
  call ec2 describe-volumes --volume-ids "$volume" --query 'Volumes[].State'
}

create_group() {
  local template=$ensemble-member
  call ec2 create-launch-template --launch-template-name "$template" \
    --launch-template-data '{"ImageId":"ami-0123456789abcdef0","InstanceType":"t3.small"}' >/dev/null
  call autoscaling create-auto-scaling-group --auto-scaling-group-name "$ensemble" \
    --launch-template "LaunchTemplateName=$template,Version=\$Latest" \
    --min-size 1 --max-size 1 --desired-capacity 1 --vpc-zone-identifier "$subnet" \
    --tags "Key=stayput:ensemble,Value=$ensemble,PropagateAtLaunch=true" \
    --lifecycle-hook-specification-list \
    'LifecycleHookName=stayput-launch,LifecycleTransition=autoscaling:EC2_INSTANCE_LAUNCHING,HeartbeatTimeout=300,DefaultResult=ABANDON' \
    'LifecycleHookName=stayput-terminate,LifecycleTransition=autoscaling:EC2_INSTANCE_TERMINATING,HeartbeatTimeout=300,DefaultResult=CONTINUE'
}

# Each instance of the group on a line of its own: its id and its lifecycle state.
group_instances() {
  call autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$ensemble" \
    --query 'AutoScalingGroups[].Instances[].[InstanceId,LifecycleState]'
}

# Those but the one that is being replaced.
successors() {
  group_instances | sed "/^$first/d"
}

interface_holder() {
  call ec2 describe-network-interfaces --network-interface-ids "$interface" \
    --query 'NetworkInterfaces[].[Attachment.InstanceId,Attachment.DeviceIndex,Attachment.Status]'
}

volume_holder() {
  call ec2 describe-volumes --volume-ids "$volume" --query 'Volumes[].Attachments[].[InstanceId,State]'
}

interface_address() {
  call ec2 describe-network-interfaces --filters "Name=attachment.instance-id,Values=$1" \
    Name=attachment.device-index,Values=1 --query 'NetworkInterfaces[].PrivateIpAddress'
}

# is_member INSTANCE: it has the interface, with the address it was made with, and the volume.
is_member() {
  wait_for "$1 holds $interface at device index 1" "^$1"$'\t1\tattached$' interface_holder
  wait_for "$1 has the address $address there" "^${address//./\\.}$" interface_address "$1"
  wait_for "$1 holds $volume" "^$1"$'\tattached$' volume_holder
}

refuse_robbery() {
  refused 'an interface that is attached cannot be attached again' \
    "An error occurred (InvalidParameterValue) when calling the AttachNetworkInterface operation: Network interface '$interface' is currently in use." \
    ec2 attach-network-interface --network-interface-id "$interface" --instance-id "$first" --device-index 2
  refused 'a volume that is attached cannot be attached again' \
    "An error occurred (VolumeInUse) when calling the AttachVolume operation: $volume is already attached to an instance" \
    ec2 attach-volume --volume-id "$volume" --instance-id "$first" --device /dev/sdz
  refused 'an operation that is not simulated says so' '(NotImplemented) when calling the CopyImage operation' \
    ec2 copy-image --name copy --source-image-id ami-0123456789abcdef0 --source-region "$region"
}

replace() {
  call autoscaling terminate-instance-in-auto-scaling-group --instance-id "$first" \
    --no-should-decrement-desired-capacity >/dev/null
  wait_for 'the group launches another instance' $'^i-[0-9a-f]+\t' successors
  wait_for 'it comes into service by itself' $'^(i-[0-9a-f]+)\tInService$' successors
  second=${BASH_REMATCH[1]}
  [[ $second != "$first" ]] || fail "the successor is the same instance: $second"
  is_member "$second"
  wait_for 'the first instance leaves the group' "^$second"$'\tInService$' group_instances
}

require
create_member
create_group
wait_for 'an instance is launched and waits' $'^(i-[0-9a-f]+)\tPending(:Wait)?$' group_instances
first=${BASH_REMATCH[1]}
wait_for 'it comes into service by itself' "^$first"$'\tInService$' group_instances
is_member "$first"
refuse_robbery
replace
printf '%d checks passed\n' "$checks"
