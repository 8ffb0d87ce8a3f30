import type {
  _InstanceType,
  DescribeInstanceTypesCommandInput,
  DescribeInstanceTypesCommandOutput,
  InstanceTypeInfo,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { compileFilters, type FilterTable } from './filter.ts'
import { invalidValue } from './refusal.ts'

/** What bounds a machine of a type. Sizes in MiB. Source: AWS, "Maximum IP addresses per network interface" (2023). */
export interface TypeLimits {
  readonly interfaces: number
  readonly addressesPerInterface: number
  readonly cores: number
  readonly memoryMiB: number
}

const limit = (interfaces: number, addressesPerInterface: number, cores: number, memoryMiB: number): TypeLimits => ({
  interfaces,
  addressesPerInterface,
  cores,
  memoryMiB,
})

const types: Readonly<Record<string, TypeLimits>> = {
  'm1.small': limit(2, 4, 1, 1740),
  't2.micro': limit(2, 2, 1, 1024),
  't3.nano': limit(2, 2, 2, 512),
  't3.micro': limit(2, 2, 2, 1024),
  't3.small': limit(3, 4, 2, 2048),
  't3.medium': limit(3, 6, 2, 4096),
  't3.large': limit(3, 12, 2, 8192),
  't3a.micro': limit(2, 2, 2, 1024),
  't3a.small': limit(2, 4, 2, 2048),
  't3a.medium': limit(3, 6, 2, 4096),
  't4g.nano': limit(2, 2, 2, 512),
  't4g.micro': limit(2, 2, 2, 1024),
  't4g.small': limit(3, 4, 2, 2048),
  't4g.medium': limit(3, 6, 2, 4096),
  't4g.large': limit(3, 12, 2, 8192),
  'm5.large': limit(3, 10, 2, 8192),
  'm6g.medium': limit(2, 4, 1, 4096),
  'm6i.large': limit(3, 10, 2, 8192),
  'm6g.large': limit(3, 10, 2, 8192),
  'm7g.medium': limit(2, 4, 1, 4096),
  'm7g.large': limit(3, 10, 2, 8192),
  'm7i.large': limit(3, 10, 2, 8192),
  'c6g.medium': limit(2, 4, 1, 2048),
  'c7g.medium': limit(2, 4, 1, 2048),
  'r6g.medium': limit(2, 4, 1, 8192),
  'r6g.large': limit(3, 10, 2, 16_384),
}

/** Most Nitro types: network interfaces and EBS volumes share this many slots (AWS, "Amazon EBS volume limits"). */
export const nitroAttachments = 28

export function limitsOf(instanceType: string): TypeLimits {
  const limits = Object.hasOwn(types, instanceType) ? types[instanceType] : undefined
  if (!limits) throw invalidValue(`Invalid value '${instanceType}' for InstanceType.`)
  return limits
}

function answer(instanceType: string): InstanceTypeInfo {
  const limits = limitsOf(instanceType)
  const xen = /^(m1|t2)\./.test(instanceType)
  // The letter after the generation's number names the processor: g is Graviton.
  const arm = /^[a-z]+\d+g/.test(instanceType)
  return {
    // The SDK lists the types that were known when it was generated; all of ours are among them.
    InstanceType: instanceType as _InstanceType,
    CurrentGeneration: !instanceType.startsWith('m1.'),
    BareMetal: false,
    Hypervisor: xen ? 'xen' : 'nitro',
    ProcessorInfo: { SupportedArchitectures: [arm ? 'arm64' : 'x86_64'] },
    VCpuInfo: { DefaultVCpus: limits.cores },
    MemoryInfo: { SizeInMiB: limits.memoryMiB },
    NetworkInfo: {
      MaximumNetworkInterfaces: limits.interfaces,
      MaximumNetworkCards: 1,
      DefaultNetworkCardIndex: 0,
      NetworkCards: [{ NetworkCardIndex: 0, MaximumNetworkInterfaces: limits.interfaces }],
      Ipv4AddressesPerInterface: limits.addressesPerInterface,
      Ipv6AddressesPerInterface: limits.addressesPerInterface,
      Ipv6Supported: true,
      EnaSupport: 'required',
      EfaSupported: false,
    },
  }
}

const filters: FilterTable<InstanceTypeInfo> = {
  'instance-type': (type) => [type.InstanceType],
  'current-generation': (type) => [String(type.CurrentGeneration)],
  hypervisor: (type) => [type.Hypervisor],
  'processor-info.supported-architecture': (type) => type.ProcessorInfo?.SupportedArchitectures ?? [],
  'network-info.maximum-network-interfaces': (type) => [String(type.NetworkInfo?.MaximumNetworkInterfaces)],
}

export const instanceTypeOperations: OperationTable = {
  DescribeInstanceTypes(input: DescribeInstanceTypesCommandInput): Answer<DescribeInstanceTypesCommandOutput> {
    const asked: readonly string[] = input.InstanceTypes?.length ? input.InstanceTypes : Object.keys(types)
    const unknown = asked.filter((type) => !Object.hasOwn(types, type))
    if (unknown.length > 0) {
      const list = unknown.join(', ')
      throw new AwsError('InvalidInstanceType', `The following supplied instance types do not exist: [${list}]`)
    }
    const matches = compileFilters(input.Filters, filters)
    return { InstanceTypes: asked.map(answer).filter(matches) }
  },
}
