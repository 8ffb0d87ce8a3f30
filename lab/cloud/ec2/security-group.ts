import type {
  CreateSecurityGroupCommandInput,
  CreateSecurityGroupCommandOutput,
  DeleteSecurityGroupCommandInput,
  DeleteSecurityGroupCommandOutput,
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupsCommandOutput,
  GroupIdentifier,
  SecurityGroup as SecurityGroupAnswer,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { FilterTable } from './filter.ts'
import type { SecurityGroup } from './records.ts'
import { kinds, notFound, required, requireRecord } from './refusal.ts'
import { select } from './selection.ts'
import { arn, type State } from './state.ts'
import { tagList, tagsFrom } from './tag.ts'

/** Security groups exist so that interfaces and instances can name them; their rules are not enforced. */

const defaultName = 'default'

export function createDefaultGroup(state: State, vpcId: string): void {
  const groupId = state.kernel.id('sg')
  const description = 'default VPC security group'
  state.securityGroups.put(groupId, { groupId, groupName: defaultName, description, vpcId, tags: {} })
}

/** The asked-for groups, or the VPC's default group. A group of another VPC is refused as `elsewhere` says. */
export function chooseGroups(
  state: State,
  groupIds: readonly string[] | undefined,
  vpcId: string,
  elsewhere: (groupId: string) => AwsError,
): string[] {
  if (!groupIds?.length) {
    const groups = state.securityGroups.all()
    return groups
      .filter((group) => group.vpcId === vpcId && group.groupName === defaultName)
      .map((each) => each.groupId)
  }
  for (const groupId of groupIds) {
    const group = requireRecord(state.securityGroups, kinds.securityGroup, groupId)
    if (group.vpcId !== vpcId) throw elsewhere(groupId)
  }
  return [...groupIds]
}

export function groupIdentifiers(state: State, groupIds: readonly string[]): GroupIdentifier[] {
  return groupIds.map((GroupId) => ({ GroupId, GroupName: state.securityGroups.get(GroupId)?.groupName }))
}

function createGroup(state: State, input: CreateSecurityGroupCommandInput): SecurityGroup {
  const groupName = required(input.GroupName, 'groupName')
  const description = required(input.Description, 'groupDescription')
  const vpcId = input.VpcId ?? state.vpcs.all().find((vpc) => vpc.isDefault)?.vpcId
  const vpc = requireRecord(state.vpcs, kinds.vpc, vpcId)
  const siblings = state.securityGroups.all().filter((group) => group.vpcId === vpc.vpcId)
  if (siblings.some((group) => group.groupName === groupName)) {
    throw new AwsError(
      'InvalidGroup.Duplicate',
      `The security group '${groupName}' already exists for VPC '${vpc.vpcId}'`,
    )
  }
  const groupId = state.kernel.id('sg')
  const tags = tagsFrom(input.TagSpecifications, 'security-group')
  return state.securityGroups.put(groupId, { groupId, groupName, description, vpcId: vpc.vpcId, tags })
}

function deleteGroup(state: State, group: SecurityGroup): void {
  if (group.groupName === defaultName) {
    throw new AwsError(
      'CannotDelete',
      `the specified group: "${group.groupId}" name: "${defaultName}" cannot be deleted by a user`,
    )
  }
  if (state.networkInterfaces.all().some((each) => each.securityGroupIds.includes(group.groupId))) {
    throw new AwsError('DependencyViolation', `resource ${group.groupId} has a dependent object`)
  }
  state.securityGroups.remove(group.groupId)
}

/** Rules are told as every new group has them: everything may leave. */
function groupAnswer(state: State, group: SecurityGroup): SecurityGroupAnswer {
  const { accountId } = state.kernel.settings
  const everything = { IpProtocol: '-1', UserIdGroupPairs: [], IpRanges: [], Ipv6Ranges: [], PrefixListIds: [] }
  return {
    GroupId: group.groupId,
    GroupName: group.groupName,
    Description: group.description,
    VpcId: group.vpcId,
    OwnerId: accountId,
    SecurityGroupArn: arn(state, `security-group/${group.groupId}`),
    IpPermissions:
      group.groupName === defaultName
        ? [{ ...everything, UserIdGroupPairs: [{ UserId: accountId, GroupId: group.groupId }] }]
        : [],
    IpPermissionsEgress: [{ ...everything, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
    Tags: tagList(group.tags),
  }
}

const filters: FilterTable<SecurityGroup> = {
  'group-id': (group) => [group.groupId],
  'group-name': (group) => [group.groupName],
  'vpc-id': (group) => [group.vpcId],
  description: (group) => [group.description],
}

export function securityGroupOperations(state: State): OperationTable {
  return {
    CreateSecurityGroup(input: CreateSecurityGroupCommandInput): Answer<CreateSecurityGroupCommandOutput> {
      const group = createGroup(state, input)
      const groupArn = arn(state, `security-group/${group.groupId}`)
      return { GroupId: group.groupId, Tags: tagList(group.tags), SecurityGroupArn: groupArn }
    },
    DescribeSecurityGroups(input: DescribeSecurityGroupsCommandInput): Answer<DescribeSecurityGroupsCommandOutput> {
      const seen = state.securityGroups.past(state.kernel.lag())
      const named = seen.filter((group) => input.GroupNames?.includes(group.groupName) ?? true)
      const page = select(
        named,
        {
          kind: kinds.securityGroup,
          idOf: (group) => group.groupId,
          filterTable: filters,
          tagsOf: (group) => group.tags,
          ids: input.GroupIds,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        state.kernel.random,
      )
      return { SecurityGroups: page.records.map((group) => groupAnswer(state, group)), NextToken: page.nextToken }
    },
    DeleteSecurityGroup(input: DeleteSecurityGroupCommandInput): Answer<DeleteSecurityGroupCommandOutput> {
      const group =
        input.GroupId === undefined
          ? state.securityGroups.all().find((each) => each.groupName === required(input.GroupName, 'groupId'))
          : requireRecord(state.securityGroups, kinds.securityGroup, input.GroupId)
      if (!group) throw notFound(kinds.securityGroup, [input.GroupName ?? ''])
      deleteGroup(state, group)
      return { Return: true, GroupId: group.groupId }
    },
  }
}
