import type {
  CreateNetworkInterfaceCommandInput,
  CreateNetworkInterfaceCommandOutput,
  DeleteNetworkInterfaceCommandInput,
  DescribeNetworkInterfacesCommandInput,
  DescribeNetworkInterfacesCommandOutput,
  ModifyNetworkInterfaceAttributeCommandInput,
  NetworkInterface as NetworkInterfaceAnswer,
  NetworkInterfaceStatus,
} from '@aws-sdk/client-ec2'
import type { Answer, OperationTable } from '../operation.ts'
import type { FilterTable } from './filter.ts'
import { chosenAddresses, newInterface } from './new-interface.ts'
import type { NetworkInterface } from './records.ts'
import type { AwsError } from '../error.ts'
import { checkId, invalidCombination, invalidValue, kinds, notFound, required, requireRecord } from './refusal.ts'
import { chooseGroups, groupIdentifiers } from './security-group.ts'
import { select } from './selection.ts'
import { once, type State } from './state.ts'
import { tagList, tagsFrom } from './tag.ts'

/** Network interfaces as resources: created, told of, changed, deleted. Their attachment has a file of its own. */

function create(state: State, input: CreateNetworkInterfaceCommandInput): NetworkInterface {
  const subnet = requireRecord(state.subnets, kinds.subnet, input.SubnetId)
  checkDescription(input.Description)
  const securityGroupIds = chooseGroups(state, input.Groups, subnet.vpcId, () =>
    invalidValue('You have specified two resources that belong to different networks.'),
  )
  const tags = tagsFrom(input.TagSpecifications, 'network-interface')
  const [privateIpAddress, ...secondaryPrivateIpAddresses] = chosenAddresses(state, subnet, input)
  return newInterface(state, subnet, {
    privateIpAddress,
    secondaryPrivateIpAddresses,
    securityGroupIds,
    description: input.Description ?? '',
    tags,
  })
}

/** The two spaces in EC2's text are EC2's. */
function checkDescription(description: string | undefined): void {
  if (description === undefined || /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/.test(description)) return
  throw invalidValue(
    'Invalid interface description. Valid descriptions are strings less than 256 characters from the following set:' +
      '  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
  )
}

export function inUseError(networkInterfaceId: string): AwsError {
  return invalidValue(`Network interface '${networkInterfaceId}' is currently in use.`)
}

function modify(state: State, input: ModifyNetworkInterfaceAttributeCommandInput): void {
  const networkInterface = requireRecord(state.networkInterfaces, kinds.networkInterface, input.NetworkInterfaceId)
  const change = changeOf(state, networkInterface, input)
  state.networkInterfaces.change(networkInterface.networkInterfaceId, change)
}

function changeOf(
  state: State,
  networkInterface: NetworkInterface,
  input: ModifyNetworkInterfaceAttributeCommandInput,
): Partial<NetworkInterface> {
  const { Attachment, Description, Groups, SourceDestCheck } = input
  const asked = [Attachment, Description, Groups, SourceDestCheck].filter((each) => each !== undefined)
  if (asked.length > 1) throw invalidCombination('You may specify only one attribute to modify at a time.')
  if (Attachment) return { attachment: changedAttachment(networkInterface, Attachment) }
  if (Description) {
    checkDescription(Description.Value)
    return { description: Description.Value ?? '' }
  }
  if (SourceDestCheck) return { sourceDestCheck: SourceDestCheck.Value ?? true }
  if (!Groups?.length) throw invalidCombination('No attributes specified.')
  return { securityGroupIds: chooseGroups(state, Groups, networkInterface.vpcId, unknownGroup) }
}

function unknownGroup(groupId: string): AwsError {
  return notFound(kinds.securityGroup, [groupId])
}

function changedAttachment(
  { attachment }: NetworkInterface,
  asked: NonNullable<ModifyNetworkInterfaceAttributeCommandInput['Attachment']>,
): NonNullable<NetworkInterface['attachment']> {
  const attachmentId = checkId(kinds.interfaceAttachment, required(asked.AttachmentId, 'attachmentId'))
  const deleteOnTermination = required(asked.DeleteOnTermination, 'attachment.deleteOnTermination')
  if (attachment?.attachmentId !== attachmentId) throw notFound(kinds.interfaceAttachment, [attachmentId])
  return { ...attachment, deleteOnTermination }
}

export function interfaceAnswer(state: State, record: NetworkInterface): NetworkInterfaceAnswer {
  const { attachment } = record
  const { accountId } = state.kernel.settings
  return {
    NetworkInterfaceId: record.networkInterfaceId,
    SubnetId: record.subnetId,
    VpcId: record.vpcId,
    AvailabilityZone: record.zone,
    Description: record.description,
    OwnerId: accountId,
    RequesterManaged: false,
    Status: record.status,
    MacAddress: record.macAddress,
    PrivateIpAddress: record.privateIpAddress,
    PrivateIpAddresses: [
      { Primary: true, PrivateIpAddress: record.privateIpAddress },
      ...record.secondaryPrivateIpAddresses.map((each) => ({ Primary: false, PrivateIpAddress: each })),
    ],
    SourceDestCheck: record.sourceDestCheck,
    Groups: groupIdentifiers(state, record.securityGroupIds),
    InterfaceType: 'interface',
    Ipv6Addresses: [],
    TagSet: tagList(record.tags),
    ...(attachment && {
      Attachment: {
        AttachmentId: attachment.attachmentId,
        InstanceId: attachment.instanceId,
        InstanceOwnerId: accountId,
        DeviceIndex: attachment.deviceIndex,
        NetworkCardIndex: attachment.networkCardIndex,
        Status: attachment.status,
        AttachTime: new Date(attachment.attachTime),
        DeleteOnTermination: attachment.deleteOnTermination,
      },
    }),
  }
}

const filters = (state: State): FilterTable<NetworkInterface> => ({
  'network-interface-id': (each) => [each.networkInterfaceId],
  'subnet-id': (each) => [each.subnetId],
  'vpc-id': (each) => [each.vpcId],
  'availability-zone': (each) => [each.zone],
  'availability-zone-id': (each) => [each.zoneId],
  description: (each) => [each.description],
  'mac-address': (each) => [each.macAddress],
  'private-ip-address': (each) => [each.privateIpAddress],
  'addresses.private-ip-address': (each) => [each.privateIpAddress, ...each.secondaryPrivateIpAddresses],
  'addresses.primary': (each) => ['true', each.secondaryPrivateIpAddresses.length > 0 ? 'false' : undefined],
  'group-id': (each) => each.securityGroupIds,
  'group-name': (each) => each.securityGroupIds.map((id) => state.securityGroups.get(id)?.groupName),
  'interface-type': () => ['interface'],
  'owner-id': () => [state.kernel.settings.accountId],
  'requester-managed': () => ['false'],
  'source-dest-check': (each) => [String(each.sourceDestCheck)],
  status: (each) => [each.status],
  'attachment.attachment-id': (each) => [each.attachment?.attachmentId],
  'attachment.instance-id': (each) => [each.attachment?.instanceId],
  'attachment.instance-owner-id': (each) => [each.attachment && state.kernel.settings.accountId],
  'attachment.device-index': (each) => [each.attachment && String(each.attachment.deviceIndex)],
  'attachment.status': (each) => [each.attachment?.status],
  'attachment.delete-on-termination': (each) => [each.attachment && String(each.attachment.deleteOnTermination)],
})

export function networkInterfaceOperations(state: State): OperationTable {
  const filterTable = filters(state)
  return {
    CreateNetworkInterface: (input: CreateNetworkInterfaceCommandInput): Answer<CreateNetworkInterfaceCommandOutput> =>
      once(state, 'CreateNetworkInterface', input, () => {
        const answer = interfaceAnswer(state, create(state, input))
        // Seen in EC2's answers although the SDK's list of states does not have it; the next Describe says available.
        const pending = 'pending' as NetworkInterfaceStatus
        return { NetworkInterface: { ...answer, Status: pending }, ClientToken: input.ClientToken }
      }),
    DescribeNetworkInterfaces(
      input: DescribeNetworkInterfacesCommandInput,
    ): Answer<DescribeNetworkInterfacesCommandOutput> {
      const page = select(
        state.networkInterfaces.past(state.kernel.lag()),
        {
          kind: kinds.networkInterface,
          idOf: (each) => each.networkInterfaceId,
          filterTable,
          tagsOf: (each) => each.tags,
          ids: input.NetworkInterfaceIds,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        state.kernel.random,
      )
      return {
        NetworkInterfaces: page.records.map((each) => interfaceAnswer(state, each)),
        NextToken: page.nextToken,
      }
    },
    DeleteNetworkInterface(input: DeleteNetworkInterfaceCommandInput): object {
      const record = requireRecord(state.networkInterfaces, kinds.networkInterface, input.NetworkInterfaceId)
      if (record.attachment) throw inUseError(record.networkInterfaceId)
      state.networkInterfaces.remove(record.networkInterfaceId)
      return {}
    },
    ModifyNetworkInterfaceAttribute(input: ModifyNetworkInterfaceAttributeCommandInput): object {
      modify(state, input)
      return {}
    },
  }
}
