import type {
  AvailabilityZone,
  DescribeAvailabilityZonesCommandInput,
  DescribeAvailabilityZonesCommandOutput,
} from '@aws-sdk/client-ec2'
import type { Settings } from '../settings.ts'
import type { Answer, OperationTable } from '../operation.ts'
import { compileFilters, type FilterTable } from './filter.ts'
import { invalidValue } from './refusal.ts'

/** A Region of the local cloud has three Availability Zones. */
export interface Zone {
  readonly name: string
  readonly zoneId: string
}

/** Zone ids are stable short forms of the Region's name: eu-central-1 has euc1-az1, us-east-1 has use1-az1. */
export function zonesOf(settings: Settings): Zone[] {
  const [continent = '', direction = '', number = ''] = settings.region.split('-')
  const short = direction.replaceAll(/north|south|east|west|central/g, (word) => word.charAt(0))
  return ['a', 'b', 'c'].map((letter, index) => ({
    name: `${settings.region}${letter}`,
    zoneId: `${continent}${short}${number}-az${index + 1}`,
  }))
}

/** The zone by its name or its id; without either the first, where EC2 would choose for itself. */
export function chooseZone(settings: Settings, name: string | undefined, zoneId?: string): Zone {
  const zones = zonesOf(settings)
  const zone = zones.find((each) => (name ?? each.name) === each.name && (zoneId ?? each.zoneId) === each.zoneId)
  if (zone) return zone
  const known = zones.map((each) => each.name).join(', ')
  throw invalidValue(
    `Value (${name ?? zoneId}) for parameter availabilityZone is invalid. ` +
      `Subnets can currently only be created in the following availability zones: ${known}.`,
  )
}

const filters: FilterTable<Zone> = {
  'zone-name': (zone) => [zone.name],
  'zone-id': (zone) => [zone.zoneId],
  state: () => ['available'],
  'zone-type': () => ['availability-zone'],
  'region-name': (zone) => [zone.name.slice(0, -1)],
  'opt-in-status': () => ['opt-in-not-required'],
}

export function zoneOperations(settings: Settings): OperationTable {
  const answer = (zone: Zone): AvailabilityZone => ({
    ZoneName: zone.name,
    ZoneId: zone.zoneId,
    RegionName: settings.region,
    GroupName: settings.region,
    NetworkBorderGroup: settings.region,
    ZoneType: 'availability-zone',
    State: 'available',
    OptInStatus: 'opt-in-not-required',
    Messages: [],
  })
  return {
    DescribeAvailabilityZones(
      input: DescribeAvailabilityZonesCommandInput,
    ): Answer<DescribeAvailabilityZonesCommandOutput> {
      const matches = compileFilters(input.Filters, filters)
      const chosen = zonesOf(settings).filter(
        (zone) =>
          matches(zone) &&
          (input.ZoneNames?.includes(zone.name) ?? true) &&
          (input.ZoneIds?.includes(zone.zoneId) ?? true),
      )
      const unknown = input.ZoneNames?.filter((name) => !chosen.some((zone) => zone.name === name)) ?? []
      if (unknown.length > 0 && !input.Filters) throw invalidValue(`Invalid availability zone: [${unknown.join()}]`)
      return { AvailabilityZones: chosen.map(answer) }
    },
  }
}
