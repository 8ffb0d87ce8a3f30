/**
 * Everything that may go wrong, by name. Each seed draws its own mixture; `--only-faults` leaves out the others.
 *
 * A call's fate is drawn at our own port, where the request leaves the core. Whatever befalls machines, agents, volumes
 * and groups befalls the local cloud itself, so that the core learns of it as it would on AWS: by looking.
 */
export const callFaults = [
  'throttled',
  'throttling-storm',
  'request-lost',
  'answer-lost',
  'unavailable-though-done',
  'lands-late',
  'answer-late',
  'killed-before',
  'killed-after',
  'killed-in-flight',
] as const

export const eventFaults = [
  'event-lost',
  'event-twice',
  'event-late',
  'event-foreign',
  'sweep-lost',
  'sweep-twice',
  'clock-jump',
] as const

/** Rules of the cloud for as long as faults are on. */
export const temperFaults = [
  'stale-reads',
  'stuck-attaching',
  'slow-attach',
  'slow-detach',
  'slow-terminate',
  'agent-never',
  'agent-late',
  'delete-on-termination',
] as const

/** What befalls a member in service, and is left to Stayput: nobody puts it right. */
export const sicknesses = [
  'service-hangs',
  'service-killed',
  'service-dies-again',
  'routes-lost',
  'mount-lost',
  'disk-full',
  'host-silent',
  'two-down',
] as const

/** What befalls one thing at one moment. */
export const mishaps = [
  'instance-dies',
  'instance-reboots',
  'zone-outage',
  'network-cut',
  'address-hidden',
  'holder-hangs',
  'agent-dies',
  'agent-restarts',
  'command-twice',
  'command-late',
  'unmount-fails',
  'mount-fails',
  'routes-fail',
  'service-fails',
  'volume-blank',
  'volume-foreign',
  'volume-corrupt',
  'volume-swapped',
  ...sicknesses,
] as const

/** What operators do at any time, because they may. */
export const operatorFaults = [
  'terminate-outside',
  'terminate-in-group',
  'terminate-together',
  'scale-in-and-out',
  'members-in-and-out',
  'refresh',
  'refresh-launch-first',
  'launch-before-terminate',
  'two-launches',
  'set-unhealthy',
  'detach-volume',
  'detach-interface',
  'volume-astray',
  'tag-changed',
  'hook-short',
] as const

export const faultKinds = [...callFaults, ...eventFaults, ...temperFaults, ...mishaps, ...operatorFaults] as const

export type CallFault = (typeof callFaults)[number]
export type EventFault = (typeof eventFaults)[number]
export type TemperFault = (typeof temperFaults)[number]
export type Sickness = (typeof sicknesses)[number]
export type MishapKind = (typeof mishaps)[number] | (typeof operatorFaults)[number]
export type FaultKind = (typeof faultKinds)[number]
