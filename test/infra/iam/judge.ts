import { memberPlace, type RecordLine } from '../../../lab/stack/record-file.ts'
import type { Physical } from '../../../lab/stack/template/resolve.ts'
import { createWorld, template } from '../../core/world.ts'
import { resourcesFor } from './evidence.ts'
import { type Evidence, missing } from './proof.ts'
import { readReference } from './reference.ts'
import { requestOf } from './request.ts'
import { readRoles, type Roles } from './roles.ts'

/** What of these calls the roles do not allow: of an adopted ensemble each of them, of the template those made on it. */
export async function judge(lines: readonly RecordLine[]): Promise<string[]> {
  const physical = places()
  const fromTemplate = lines.filter(({ from }) => from === 'template')
  const kindOf = ({ ensemble, from }: RecordLine): string => `${ensemble} ${from}`
  const kinds = [...new Set(lines.map(kindOf))].map((kind) => lines.filter((line) => kindOf(line) === kind))
  const evidence = [
    evidenceOf(fromTemplate, readRoles(template.resources, physical)),
    ...kinds.map((own) => evidenceOf(own, adoptingRoles(own, physical))),
  ]
  return missing(evidence, await readReference(lines.map(({ action }) => action)))
}

function evidenceOf(lines: readonly RecordLine[], roles: Roles): Evidence {
  return { roles, calls: lines.map((line) => ({ caller: line.caller, request: requestOf(line) })) }
}

/** With the groups and the documents that the calls name: they are what such an ensemble's settings would say. */
function adoptingRoles(lines: readonly RecordLine[], physical: Physical): Roles {
  const [{ ensemble } = { ensemble: '' }] = lines
  const named = (type: string): string[] => {
    const resources = lines.flatMap(({ resources }) => resources.filter((one) => one.type === type))
    return [...new Set(resources.map(({ arn }) => arn.replace(/^.*\//, '')))]
  }
  const documents: Readonly<Record<string, string>> = {
    TakeOverDocument: 'take-over',
    HandOverDocument: 'hand-over',
    ReachDocument: 'reach',
    HealthDocument: 'health',
    ReconfigureDocument: 'reconfigure',
  }
  const ref = (id: string): string =>
    named('document').find((name) => name.endsWith(documents[id] ?? '/')) ?? physical.ref(id)
  const groups = named('autoScalingGroup')
  const raw = {
    ensemble,
    region: 'eu-central-1',
    adopt: { groups: groups.length > 0 ? groups : ['none'], members: 3, mounts: ['/data'] },
  }
  return readRoles(resourcesFor(raw), { ...physical, ref })
}

/** Where the template's interfaces and volumes have their places, by their tags; everything else by its name. */
function places(): Physical {
  const { cloud, physical } = createWorld({ size: 3 })
  return {
    ...physical,
    ref(id) {
      const real = physical.ref(id)
      const found = cloud.ec2.networkInterfaces.get(real) ?? cloud.ec2.volumes.get(real)
      return found ? memberPlace(found.tags) : real
    },
  }
}
