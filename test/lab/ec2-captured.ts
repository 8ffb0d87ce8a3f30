import { expect } from 'vitest'
import { type Fact, invalid } from './ec2-fact.ts'
import { refusal } from './ec2-scene.ts'

const stackd = 'radkawar/stackd testdata/aws/ec2/network_interfaces.json'
const unknownInterface = 'eni-0123456789abcdef0'

export const captured: readonly Fact[] = [
  {
    row: 'A28',
    grade: 'captured',
    source: 'radkawar/stackd testdata/aws/autoscaling',
    fact: 'TerminateInstances answers shutting-down (32) after running (16)',
    async prove({ call, runningInstance }) {
      const InstanceId = await runningInstance()
      expect(call('TerminateInstances', { InstanceIds: [InstanceId] }).TerminatingInstances).toEqual([
        {
          InstanceId,
          CurrentState: { Code: 32, Name: 'shutting-down' },
          PreviousState: { Code: 16, Name: 'running' },
        },
      ])
    },
  },
  {
    row: 'A30',
    grade: 'captured',
    source: stackd,
    fact: 'a new interface is pending in the answer, available in the next describe, and has no Attachment at all',
    prove({ call, subnetId }) {
      const created = call('CreateNetworkInterface', { SubnetId: subnetId }).NetworkInterface
      expect(created?.Status).toBe('pending')
      expect(created).not.toHaveProperty('Attachment')
      const [told] = call('DescribeNetworkInterfaces', {
        NetworkInterfaceIds: [created?.NetworkInterfaceId ?? ''],
      }).NetworkInterfaces!
      expect(told?.Status).toBe('available')
      expect(told).not.toHaveProperty('Attachment')
    },
  },
  {
    row: 'A31',
    grade: 'captured',
    source: stackd,
    fact: 'without groups an interface has the default one of its VPC; a group of another VPC is refused in two ways',
    prove({ call, subnetId, vpcId, otherSubnetId }) {
      const created = call('CreateNetworkInterface', { SubnetId: subnetId }).NetworkInterface
      expect(created?.Groups?.map((group) => group.GroupName)).toEqual(['default'])
      const GroupId = call('CreateSecurityGroup', { VpcId: vpcId, GroupName: 'g', Description: 'd' }).GroupId ?? ''
      const own = call('CreateNetworkInterface', { SubnetId: subnetId, Groups: [GroupId] }).NetworkInterface
      expect(own?.Groups).toEqual([{ GroupId, GroupName: 'g' }])

      const foreign = call('CreateSecurityGroup', { GroupName: 'f', Description: 'of the default VPC' }).GroupId ?? ''
      const create = refusal(() => call('CreateNetworkInterface', { SubnetId: subnetId, Groups: [foreign] }))
      expect(create.code).toBe('InvalidParameterValue')
      const NetworkInterfaceId = created?.NetworkInterfaceId
      const modify = refusal(() => call('ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, Groups: [foreign] }))
      expect(modify).toEqual({
        code: 'InvalidGroup.NotFound',
        message: `The security group '${foreign}' does not exist`,
        status: 400,
      })

      expect(refusal(() => call('DeleteSecurityGroup', { GroupId })).code).toBe('DependencyViolation')
      expect(refusal(() => call('DeleteSubnet', { SubnetId: subnetId })).code).toBe('DependencyViolation')
      expect(call('DeleteSubnet', { SubnetId: otherSubnetId })).toEqual({})
    },
  },
  {
    row: 'A32',
    grade: 'captured',
    source: stackd,
    fact: 'a /28 has 11 addresses, each interface takes one, none left is refused, a deletion gives one back',
    prove({ call, vpcId }) {
      const created = call('CreateSubnet', { VpcId: vpcId, CidrBlock: '10.1.9.0/28' }).Subnet
      expect(created?.AvailableIpAddressCount).toBe(11)
      const SubnetId = created?.SubnetId
      const left = () => call('DescribeSubnets', { SubnetIds: [SubnetId ?? ''] }).Subnets?.[0]?.AvailableIpAddressCount
      const taken = Array.from({ length: 11 }, () => call('CreateNetworkInterface', { SubnetId }).NetworkInterface)
      expect(new Set(taken.map((each) => each?.PrivateIpAddress)).size).toBe(11)
      expect(left()).toBe(0)
      expect(refusal(() => call('CreateNetworkInterface', { SubnetId })).code).toBe('InsufficientFreeAddressesInSubnet')
      call('DeleteNetworkInterface', { NetworkInterfaceId: taken[0]?.NetworkInterfaceId })
      expect(left()).toBe(1)
    },
  },
  {
    row: 'A33',
    grade: 'captured',
    source: stackd,
    fact: 'reserved, outside, used and doubly primary addresses are each refused in their own words',
    prove({ call, vpcId }) {
      const SubnetId = call('CreateSubnet', { VpcId: vpcId, CidrBlock: '10.1.9.0/28' }).Subnet?.SubnetId
      const ask = (PrivateIpAddress: string) => call('CreateNetworkInterface', { SubnetId, PrivateIpAddress })
      for (const reserved of ['.0', '.1', '.2', '.3', '.15']) {
        const answer = refusal(() => ask(`10.1.9${reserved}`))
        expect(answer).toEqual(invalid("Address is in subnet's reserved address range"))
      }
      expect(refusal(() => ask('10.1.9.16'))).toEqual(
        invalid("Address does not fall within the subnet's address range"),
      )
      expect(ask('10.1.9.4').NetworkInterface?.PrivateIpAddress).toBe('10.1.9.4')
      expect(refusal(() => ask('10.1.9.4'))).toEqual({
        code: 'InvalidIPAddress.InUse',
        message: 'The specified address is already in use.',
        status: 400,
      })
      const PrivateIpAddresses = ['10.1.9.5', '10.1.9.6'].map((each) => ({ PrivateIpAddress: each, Primary: true }))
      const twice = refusal(() => call('CreateNetworkInterface', { SubnetId, PrivateIpAddresses }))
      expect(twice.code).toBe('InvalidParameterValue')
    },
  },
  {
    row: 'A34',
    grade: 'captured',
    source: stackd,
    fact: 'a secondary address moves only with AllowReassignment; a primary one neither moves nor leaves',
    prove({ call, subnetId, ec2 }) {
      const create = () => call('CreateNetworkInterface', { SubnetId: subnetId }).NetworkInterface
      const [from, to] = [create()?.NetworkInterfaceId ?? '', create()?.NetworkInterfaceId ?? '']
      const primary = ec2.networkInterfaces.get(from)?.privateIpAddress ?? ''
      const free = call('AssignPrivateIpAddresses', { NetworkInterfaceId: from, SecondaryPrivateIpAddressCount: 1 })
      const PrivateIpAddresses = [free.AssignedPrivateIpAddresses?.[0]?.PrivateIpAddress ?? '']
      const move = (addresses: string[], AllowReassignment?: boolean) =>
        call('AssignPrivateIpAddresses', {
          NetworkInterfaceId: to,
          PrivateIpAddresses: addresses,
          AllowReassignment,
        })

      expect(refusal(() => move(PrivateIpAddresses))).toEqual(
        invalid(`[${PrivateIpAddresses[0]}] assigned, but move is not allowed.`),
      )
      move(PrivateIpAddresses, true)
      expect(ec2.networkInterfaces.get(to)?.secondaryPrivateIpAddresses).toEqual(PrivateIpAddresses)
      expect(ec2.networkInterfaces.get(from)?.secondaryPrivateIpAddresses).toEqual([])
      move(PrivateIpAddresses)
      expect(ec2.networkInterfaces.get(to)?.secondaryPrivateIpAddresses).toEqual(PrivateIpAddresses)

      expect(refusal(() => move([primary], true))).toEqual(invalid('secondary-addresses'))
      const unassign = (address: string) =>
        call('UnassignPrivateIpAddresses', { NetworkInterfaceId: from, PrivateIpAddresses: [address] })
      expect(refusal(() => unassign(primary))).toEqual(
        invalid(
          `Value (${primary}) for parameter privateIpAddress is invalid. ` +
            'The primary IP address of an interface cannot be unassigned.',
        ),
      )
      expect(refusal(() => unassign(PrivateIpAddresses[0] ?? ''))).toEqual(
        invalid(`Some of the specified addresses are not assigned to interface ${from}`),
      )
    },
  },
  {
    row: 'A35',
    grade: 'captured',
    source: stackd,
    fact: 'a description may have an ampersand but no angle bracket',
    prove({ call, subnetId }) {
      const create = (Description: string) => call('CreateNetworkInterface', { SubnetId: subnetId, Description })
      for (const bad of ['a<b', 'a>b', 'x'.repeat(256)]) {
        expect(refusal(() => create(bad))).toEqual(
          invalid(
            'Invalid interface description. Valid descriptions are strings less than 256 characters from the ' +
              'following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*',
          ),
        )
      }
      expect(create('a & b').NetworkInterface?.Description).toBe('a & b')
    },
  },
  {
    row: 'A36',
    grade: 'captured',
    source: stackd,
    fact: 'two attributes at once, or no groups, are refused; SourceDestCheck starts true',
    prove({ call, networkInterface, ec2 }) {
      const NetworkInterfaceId = networkInterface()
      const modify = (change: object) => call('ModifyNetworkInterfaceAttribute', { NetworkInterfaceId, ...change })
      const both = refusal(() => modify({ Description: { Value: 'd' }, SourceDestCheck: { Value: false } }))
      expect(both.code).toBe('InvalidParameterCombination')
      expect(refusal(() => modify({ Groups: [] })).code).toBe('InvalidParameterCombination')
      expect(ec2.networkInterfaces.get(NetworkInterfaceId)?.sourceDestCheck).toBe(true)
      modify({ SourceDestCheck: { Value: false } })
      expect(ec2.networkInterfaces.get(NetworkInterfaceId)?.sourceDestCheck).toBe(false)
    },
  },
  {
    row: 'A37',
    grade: 'captured',
    source: stackd,
    fact: 'a filtered page may be short although more follow: only a missing token ends the list',
    prove({ call, networkInterface, vpcId }) {
      const created = Array.from({ length: 6 }, () => networkInterface())
      const pages: string[][] = []
      let NextToken: string | undefined
      do {
        const answer = call('DescribeNetworkInterfaces', {
          MaxResults: 5,
          Filters: [{ Name: 'vpc-id', Values: [vpcId] }],
          NextToken,
        })
        pages.push((answer.NetworkInterfaces ?? []).map((each) => each.NetworkInterfaceId ?? ''))
        NextToken = answer.NextToken
      } while (NextToken !== undefined)
      expect(pages.flat()).toEqual(created)
      expect(pages.slice(0, -1).some((page) => page.length < 5)).toBe(true)
    },
  },
  {
    row: 'A38',
    grade: 'captured',
    source: stackd,
    fact: 'ids with MaxResults, garbage tokens, unknown filters, and unknown or malformed ids are refused',
    prove({ call, networkInterface }) {
      const own = networkInterface()
      const describeIds = (ids: string[], MaxResults?: number) =>
        call('DescribeNetworkInterfaces', { NetworkInterfaceIds: ids, MaxResults })
      expect(refusal(() => describeIds([own], 5)).code).toBe('InvalidParameterCombination')
      const garbage = refusal(() => call('DescribeNetworkInterfaces', { MaxResults: 5, NextToken: 'garbage' }))
      expect(garbage.code).toBe('InvalidParameterValue')
      const filter = refusal(() => call('DescribeNetworkInterfaces', { Filters: [{ Name: 'nope', Values: ['x'] }] }))
      expect(filter).toEqual(invalid("The filter 'nope' is invalid"))
      expect(refusal(() => describeIds([own, unknownInterface]))).toEqual({
        code: 'InvalidNetworkInterfaceID.NotFound',
        message: `The networkInterface ID '${unknownInterface}' does not exist`,
        status: 400,
      })
      expect(refusal(() => describeIds(['eni-nonsense'])).code).toBe('InvalidNetworkInterfaceId.Malformed')
    },
  },
  {
    row: 'A39',
    grade: 'captured',
    source: stackd,
    fact: 'a dry run answers 412 before anything else is looked at',
    prove({ call, subnetId, ec2 }) {
      const before = ec2.networkInterfaces.all().length
      const calls = [
        () => call('CreateNetworkInterface', { SubnetId: subnetId, PrivateIpAddress: 'no address', DryRun: true }),
        () => call('CreateNetworkInterface', { SubnetId: subnetId, DryRun: true }),
        () => call('DeleteNetworkInterface', { NetworkInterfaceId: unknownInterface, DryRun: true }),
      ]
      for (const each of calls) {
        expect(refusal(each)).toEqual({
          code: 'DryRunOperation',
          message: 'Request would have succeeded, but DryRun flag is set.',
          status: 412,
        })
      }
      expect(ec2.networkInterfaces.all()).toHaveLength(before)
    },
  },
]
