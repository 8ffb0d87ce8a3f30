import { Fabric, type Card, type Host, joinScript, type Ran } from './fabric.ts'

export const address = '10.60.1.10'
export const primary = '10.60.1.200'
export const farPeer = '10.60.2.10'
export const nearPeer = '10.60.1.20'
export const stranger = '10.60.3.30'
export const card: Card = { mac: '02:60:aa:00:00:10', address, subnet: '10.60.1.0/24' }
export const peers = `1=${address},2=${farPeer},3=${nearPeer}`

/** What a document's main script does with the parameters before it calls the routes. */
const main = `
mac_address=$SSM_MacAddress address=$SSM_Address subnet_cidr=$SSM_SubnetCidr
IFS=, read -r -a peers <<<"$SSM_Peers"
"routes_$SSM_Verb"
printf '{"routes":"%s"}\\n' "$SSM_Verb"
`

export type Verb = 'apply' | 'check' | 'remove'

type Run = (verb: Verb, changes?: Readonly<Record<string, string>>) => Promise<Ran>

/** Counts the calls of ip that change something, and kills the script at one of them. */
const crash = `
ip() {
  local -i number
  case " $* " in
    *' add '* | *' del '* | *' replace '* | *' flush '* | *' set '*)
      number=$(cat /run/changes 2>/dev/null || echo 0)+1
      echo "$number" >/run/changes
      if [[ $SSM_Crash == *" $number" ]]; then
        [[ $SSM_Crash != after* ]] || command ip "$@"
        kill -9 $$
        exit 1
      fi
      ;;
  esac
  command ip "$@"
}
`

export interface Scene {
  readonly fabric: Fabric
  /** The instance that takes over. The others, two members and somebody who is none, do not change. */
  readonly host: Host
  readonly far: Host
  readonly near: Host
  readonly outsider: Host
  /** Puts another instance in the host's place, as new as it was. */
  readonly renew: () => Promise<void>
  /** Runs a verb of the routes as a document would; `changes` replace parameters. */
  readonly run: Run
  /** The same with a wait of one second for the interface, and two for the rest. */
  readonly runImpatiently: Run
  /** The same, killed before or after the change that the parameter Crash numbers, like `before 3`. */
  readonly runAndCrash: Run
}

const parts = ['common.sh', 'routes.sh', 'routes-change.sh']
const impatient = (script: string) =>
  script
    .replace('routes_interface_seconds=30', 'routes_interface_seconds=1')
    .replace('settle_seconds=15', 'settle_seconds=2')

export async function createScene(): Promise<Scene> {
  const fabric = new Fabric()
  try {
    fabric.open()
    let host = fabric.addHost(primary, card.subnet)
    const far = fabric.addHost(farPeer, '10.60.2.0/24')
    const near = fabric.addHost(nearPeer, card.subnet)
    const outsider = fabric.addHost(stranger, '10.60.3.0/24')
    await Promise.all([host, far, near, outsider].map(async (one) => await one.serve()))
    const given = { MacAddress: card.mac, Address: address, SubnetCidr: card.subnet, Peers: peers }
    const runner =
      (file: string) =>
      async (verb: Verb, changes: Readonly<Record<string, string>> = {}) => {
        const parameters = Object.entries({ ...given, Verb: verb, ...changes })
        return await host.execute([file], Object.fromEntries(parameters.map(([name, value]) => [`SSM_${name}`, value])))
      }
    return {
      fabric,
      get host() {
        return host
      },
      far,
      near,
      outsider,
      renew: async () => {
        fabric.removeHost(host)
        host = fabric.addHost(primary, card.subnet)
        await host.serve()
      },
      run: runner(joinScript(fabric, parts, main)),
      runImpatiently: runner(joinScript(fabric, parts, main, impatient)),
      runAndCrash: runner(joinScript(fabric, parts, crash + main)),
    }
  } catch (error) {
    fabric.remove()
    throw error
  }
}
