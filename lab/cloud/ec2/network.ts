import type {
  CreateSubnetCommandInput,
  CreateSubnetCommandOutput,
  CreateVpcCommandInput,
  CreateVpcCommandOutput,
  DeleteSubnetCommandInput,
  DescribeSubnetsCommandInput,
  DescribeSubnetsCommandOutput,
  DescribeVpcsCommandInput,
  DescribeVpcsCommandOutput,
  Subnet as SubnetAnswer,
  Vpc as VpcAnswer,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { type Block, contains, formatBlock, overlaps, parseBlock, usableAddresses } from './address.ts'
import type { FilterTable } from './filter.ts'
import type { Subnet, Tags, Vpc } from './records.ts'
import { invalidValue, kinds, required, requireRecord } from './refusal.ts'
import { createDefaultGroup } from './security-group.ts'
import { select } from './selection.ts'
import { arn, type State } from './state.ts'
import { tagList, tagsFrom } from './tag.ts'
import { chooseZone } from './zone.ts'

/** VPCs and subnets. Routes, gateways and rules are not simulated: within a VPC everything reaches everything. */

export function createVpc(state: State, cidrBlock: string, isDefault: boolean, tags: Tags): Vpc {
  const block = blockBetween(cidrBlock, 16, 28, 'InvalidVpc.Range')
  const vpcId = state.kernel.id('vpc')
  const vpc = state.vpcs.put(vpcId, {
    vpcId,
    cidrBlock: formatBlock(block),
    isDefault,
    dhcpOptionsId: state.kernel.id('dopt'),
    associationId: state.kernel.id('vpc-cidr-assoc'),
    tags,
  })
  createDefaultGroup(state, vpcId)
  return vpc
}

export function blockOf(subnet: Subnet): Block {
  const block = parseBlock(subnet.cidrBlock)
  if (!block) throw new Error(`subnet ${subnet.subnetId} has no CIDR block`)
  return block
}

/** Every address that an interface holds in the subnet, as it truly is. */
export function usedAddresses(state: State, subnetId: string): Set<string> {
  const used = new Set<string>()
  for (const each of state.networkInterfaces.all()) {
    if (each.subnetId !== subnetId) continue
    used.add(each.privateIpAddress)
    for (const address of each.secondaryPrivateIpAddresses) used.add(address)
  }
  return used
}

function blockBetween(cidrBlock: string, widest: number, narrowest: number, code: string): Block {
  const block = parseBlock(cidrBlock)
  if (!block) {
    throw invalidValue(`Value (${cidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`)
  }
  if (block.prefixLength < widest || block.prefixLength > narrowest) {
    throw new AwsError(code, `The CIDR '${cidrBlock}' is invalid.`)
  }
  return block
}

function createSubnet(state: State, input: CreateSubnetCommandInput): Subnet {
  const vpc = requireRecord(state.vpcs, kinds.vpc, input.VpcId)
  const cidrBlock = required(input.CidrBlock, 'cidrBlock')
  const zone = chooseZone(state.kernel.settings, input.AvailabilityZone, input.AvailabilityZoneId)
  const block = blockBetween(cidrBlock, 16, 28, 'InvalidSubnet.Range')
  const whole = parseBlock(vpc.cidrBlock)
  if (!whole || !contains(whole, block)) {
    throw new AwsError('InvalidSubnet.Range', `The CIDR '${cidrBlock}' is invalid.`)
  }
  const siblings = state.subnets.all().filter((each) => each.vpcId === vpc.vpcId)
  if (siblings.some((each) => overlaps(blockOf(each), block))) {
    throw new AwsError('InvalidSubnet.Conflict', `The CIDR '${cidrBlock}' conflicts with another subnet`)
  }
  const subnetId = state.kernel.id('subnet')
  return state.subnets.put(subnetId, {
    subnetId,
    vpcId: vpc.vpcId,
    zone: zone.name,
    zoneId: zone.zoneId,
    cidrBlock: formatBlock(block),
    mapPublicIpOnLaunch: false,
    tags: tagsFrom(input.TagSpecifications, 'subnet'),
  })
}

function subnetAnswer(state: State, subnet: Subnet): SubnetAnswer {
  return {
    SubnetId: subnet.subnetId,
    SubnetArn: arn(state, `subnet/${subnet.subnetId}`),
    State: 'available',
    OwnerId: state.kernel.settings.accountId,
    VpcId: subnet.vpcId,
    CidrBlock: subnet.cidrBlock,
    Ipv6CidrBlockAssociationSet: [],
    AvailableIpAddressCount: usableAddresses(blockOf(subnet)) - usedAddresses(state, subnet.subnetId).size,
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: subnet.zoneId,
    DefaultForAz: false,
    MapPublicIpOnLaunch: subnet.mapPublicIpOnLaunch,
    Tags: tagList(subnet.tags),
    AssignIpv6AddressOnCreation: false,
    MapCustomerOwnedIpOnLaunch: false,
    EnableDns64: false,
    Ipv6Native: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
  }
}

function vpcAnswer(state: State, vpc: Vpc, vpcState: 'pending' | 'available'): VpcAnswer {
  return {
    VpcId: vpc.vpcId,
    State: vpcState,
    OwnerId: state.kernel.settings.accountId,
    CidrBlock: vpc.cidrBlock,
    CidrBlockAssociationSet: [
      { AssociationId: vpc.associationId, CidrBlock: vpc.cidrBlock, CidrBlockState: { State: 'associated' } },
    ],
    Ipv6CidrBlockAssociationSet: [],
    DhcpOptionsId: vpc.dhcpOptionsId,
    InstanceTenancy: 'default',
    IsDefault: vpc.isDefault,
    Tags: tagList(vpc.tags),
  }
}

const vpcFilters: FilterTable<Vpc> = {
  'vpc-id': (vpc) => [vpc.vpcId],
  cidr: (vpc) => [vpc.cidrBlock],
  'cidr-block-association.cidr-block': (vpc) => [vpc.cidrBlock],
  'is-default': (vpc) => [String(vpc.isDefault)],
  state: () => ['available'],
}

const subnetFilters: FilterTable<Subnet> = {
  'subnet-id': (subnet) => [subnet.subnetId],
  'vpc-id': (subnet) => [subnet.vpcId],
  'availability-zone': (subnet) => [subnet.zone],
  'availability-zone-id': (subnet) => [subnet.zoneId],
  'cidr-block': (subnet) => [subnet.cidrBlock],
  cidr: (subnet) => [subnet.cidrBlock],
  'default-for-az': () => ['false'],
  'map-public-ip-on-launch': (subnet) => [String(subnet.mapPublicIpOnLaunch)],
  state: () => ['available'],
}

export function networkOperations(state: State): OperationTable {
  const { kernel } = state
  return {
    CreateVpc(input: CreateVpcCommandInput): Answer<CreateVpcCommandOutput> {
      const cidrBlock = required(input.CidrBlock, 'cidrBlock')
      const vpc = createVpc(state, cidrBlock, false, tagsFrom(input.TagSpecifications, 'vpc'))
      return { Vpc: vpcAnswer(state, vpc, 'pending') }
    },
    DescribeVpcs(input: DescribeVpcsCommandInput): Answer<DescribeVpcsCommandOutput> {
      const page = select(
        state.vpcs.past(kernel.lag()),
        {
          kind: kinds.vpc,
          idOf: (vpc) => vpc.vpcId,
          filterTable: vpcFilters,
          tagsOf: (vpc) => vpc.tags,
          ids: input.VpcIds,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        kernel.random,
      )
      return { Vpcs: page.records.map((vpc) => vpcAnswer(state, vpc, 'available')), NextToken: page.nextToken }
    },
    CreateSubnet: (input: CreateSubnetCommandInput): Answer<CreateSubnetCommandOutput> => ({
      Subnet: subnetAnswer(state, createSubnet(state, input)),
    }),
    DescribeSubnets(input: DescribeSubnetsCommandInput): Answer<DescribeSubnetsCommandOutput> {
      const page = select(
        state.subnets.past(kernel.lag()),
        {
          kind: kinds.subnet,
          idOf: (subnet) => subnet.subnetId,
          filterTable: subnetFilters,
          tagsOf: (subnet) => subnet.tags,
          ids: input.SubnetIds,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        kernel.random,
      )
      return { Subnets: page.records.map((subnet) => subnetAnswer(state, subnet)), NextToken: page.nextToken }
    },
    DeleteSubnet(input: DeleteSubnetCommandInput): object {
      const { subnetId } = requireRecord(state.subnets, kinds.subnet, input.SubnetId)
      if (usedAddresses(state, subnetId).size > 0) {
        throw new AwsError('DependencyViolation', `The subnet '${subnetId}' has dependencies and cannot be deleted.`)
      }
      state.subnets.remove(subnetId)
      return {}
    },
  }
}
