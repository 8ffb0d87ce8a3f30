import type { Settings } from '../cloud/settings.ts'

/** Names under which the local cloud deploys Stayput: hooks and documents as infra/ declares them. */
export const names = {
  launchHook: 'stayput-launch',
  terminateHook: 'stayput-terminate',
  takeOver: 'stayput-take-over',
  handOver: 'stayput-hand-over',
  reach: 'stayput-reach',
  health: 'stayput-health',
  reconfigure: 'stayput-reconfigure',
} as const

/** The environment of functions in the local cloud that no template has deployed. */
export function functionEnvironment(ensemble: string, settings: Settings, endpoint?: string): Record<string, string> {
  return {
    STAYPUT_ENSEMBLE: ensemble,
    STAYPUT_ACCOUNT: settings.accountId,
    STAYPUT_LAUNCH_HOOK: names.launchHook,
    STAYPUT_TERMINATE_HOOK: names.terminateHook,
    STAYPUT_TAKE_OVER_DOCUMENT: names.takeOver,
    STAYPUT_HAND_OVER_DOCUMENT: names.handOver,
    STAYPUT_REACH_DOCUMENT: names.reach,
    STAYPUT_HEALTH_DOCUMENT: names.health,
    STAYPUT_RECONFIGURE_DOCUMENT: names.reconfigure,
    ...runtimeEnvironment(settings, endpoint),
  }
}

/** What Lambda itself adds to a function's environment, and where AWS is. */
export function runtimeEnvironment(settings: Settings, endpoint?: string): Record<string, string> {
  return {
    AWS_REGION: settings.region,
    // The functions are built for a newer Node than the one that may run the local cloud.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    // The wire checks no signature, but the SDK makes none without credentials.
    AWS_ACCESS_KEY_ID: 'AKIALOCALCLOUD000000',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
    ...(endpoint !== undefined && { AWS_ENDPOINT_URL: endpoint }),
  }
}
