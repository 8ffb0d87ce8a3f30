import type { Transition } from '../../model/action.ts'
import type { Group, Hook } from '../../model/observation.ts'
import type { Finding } from './heal.ts'

/** Without these no instance is replaced, or none is looked after. */
const needed = ['Launch', 'Terminate', 'HealthCheck', 'ReplaceUnhealthy']

/**
 * What somebody has changed by hand at a group, so that members would be lost or wait for ever. Told and not mended: the
 * functions may not change groups, and whoever deploys the stack again has it as it should be.
 */
export function driftOf(
  group: Group,
  hooks: readonly Hook[],
  wanted: Readonly<Record<Transition, string>>,
): readonly Finding[] {
  return [
    ...hookFaults(hooks, wanted),
    ...group.suspended
      .filter((process) => needed.includes(process))
      .map((process) => `${process} is suspended: resume it, or no member is replaced`),
    ...rebalancing(group),
    ...maintenance(group),
  ].map((fault) => ({ because: `group ${group.name}: ${fault}`, alarm: true }))
}

function hookFaults(hooks: readonly Hook[], wanted: Readonly<Record<Transition, string>>): string[] {
  const faults: string[] = []
  const launch = hooks.find((hook) => hook.name === wanted.launching && hook.transition === 'launching')
  const terminate = hooks.find((hook) => hook.name === wanted.terminating && hook.transition === 'terminating')
  if (!launch) {
    faults.push(`it has no launch hook ${wanted.launching}: its instances come into service as no member; deploy again`)
  } else if (launch.byDefault !== 'ABANDON') {
    faults.push(`${wanted.launching} lets an instance into service that nobody has proved: its default must be ABANDON`)
  }
  if (!terminate) {
    faults.push(`it has no terminate hook ${wanted.terminating}: nothing is handed over; deploy again`)
  }
  return faults
}

/** A group of one zone has nothing to rebalance. */
function rebalancing({ zones, suspended }: Group): string[] {
  if (zones.length < 2 || suspended.includes('AZRebalance')) return []
  return ['AZRebalance may end a member to even out the zones: suspend it']
}

/** The address can be in one place only. */
const maintenance = ({ minHealthy }: Group): string[] =>
  minHealthy === undefined || minHealthy < 100
    ? []
    : [
        'its maintenance policy launches before it terminates, and both would wait for one address: set its minimum to 0 %',
      ]
