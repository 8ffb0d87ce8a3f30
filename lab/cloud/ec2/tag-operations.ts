import type {
  CreateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  ResourceType,
  TagDescription,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { Table } from '../table.ts'
import { compileFilters, type FilterTable } from './filter.ts'
import type { Tags } from './records.ts'
import { type Kind, kinds, missingParameter, requireRecord } from './refusal.ts'
import { paginate } from './selection.ts'
import { isVisible, requireInstance, type State } from './state.ts'
import { addTags, removeTags } from './tag.ts'

/** Tags of whatever carries them. A call for several resources is checked as a whole before anything is changed. */

interface Taggable {
  readonly prefix: string
  readonly resourceType: ResourceType
  /** Every resource as it was `lagMs` ago. */
  readonly past: (lagMs: number) => { readonly id: string; readonly tags: Tags }[]
  /** The tags as they truly are, or the refusal that the resource does not exist. */
  readonly tagsOf: (id: string) => Tags
  readonly change: (id: string, tags: Tags) => void
}

function taggable<T extends { readonly tags: Tags }>(
  table: Table<T>,
  kind: Kind,
  resourceType: ResourceType,
  idOf: (record: T) => string,
  put: (id: string, tags: Tags) => void,
): Taggable {
  return {
    prefix: kind.prefix,
    resourceType,
    past: (lagMs) => table.past(lagMs).map((record) => ({ id: idOf(record), tags: record.tags })),
    tagsOf: (id) => requireRecord(table, kind, id).tags,
    change: put,
  }
}

function taggables(state: State): Taggable[] {
  const { instances, networkInterfaces, volumes, subnets, vpcs, securityGroups, launchTemplates } = state
  const instance = taggable(
    instances,
    kinds.instance,
    'instance',
    (each) => each.instanceId,
    (id, tags) => instances.change(id, { tags }),
  )
  return [
    {
      ...instance,
      past: (lagMs) =>
        instances
          .past(lagMs)
          .filter((each) => isVisible(state, each))
          .map((each) => ({ id: each.instanceId, tags: each.tags })),
      tagsOf: (id) => requireInstance(state, id).tags,
    },
    taggable(
      networkInterfaces,
      kinds.networkInterface,
      'network-interface',
      (each) => each.networkInterfaceId,
      (id, tags) => networkInterfaces.change(id, { tags }),
    ),
    taggable(
      volumes,
      kinds.volume,
      'volume',
      (each) => each.volumeId,
      (id, tags) => volumes.change(id, { tags }),
    ),
    taggable(
      subnets,
      kinds.subnet,
      'subnet',
      (each) => each.subnetId,
      (id, tags) => subnets.change(id, { tags }),
    ),
    taggable(
      vpcs,
      kinds.vpc,
      'vpc',
      (each) => each.vpcId,
      (id, tags) => vpcs.change(id, { tags }),
    ),
    taggable(
      securityGroups,
      kinds.securityGroup,
      'security-group',
      (each) => each.groupId,
      (id, tags) => securityGroups.change(id, { tags }),
    ),
    taggable(
      launchTemplates,
      kinds.launchTemplate,
      'launch-template',
      (each) => each.launchTemplateId,
      (id, tags) => launchTemplates.change(id, { tags }),
    ),
  ]
}

/** Applies a change of tags to every named resource, or to none. */
function changeAll(
  all: readonly Taggable[],
  resources: readonly string[] | undefined,
  changed: (tags: Tags) => Tags,
): void {
  if (!resources?.length) throw missingParameter('resourceIdSet')
  const changes = resources.map((id) => {
    const kind = all.find((each) => each.prefix === id.slice(0, id.lastIndexOf('-')))
    if (!kind) throw new AwsError('InvalidID', `The ID '${id}' is not valid`)
    return { kind, id, tags: changed(kind.tagsOf(id)) }
  })
  for (const { kind, id, tags } of changes) kind.change(id, tags)
}

const filters: FilterTable<TagDescription> = {
  key: (tag) => [tag.Key],
  value: (tag) => [tag.Value],
  'resource-id': (tag) => [tag.ResourceId],
  'resource-type': (tag) => [tag.ResourceType],
}

function tagId(tag: TagDescription): string {
  return `${tag.ResourceId} ${tag.Key}`
}

export function tagOperations(state: State): OperationTable {
  const all = taggables(state)
  return {
    CreateTags(input: CreateTagsCommandInput): object {
      const tags = input.Tags
      if (!input.Resources?.length) throw missingParameter('resourceIdSet')
      if (!tags?.length) throw missingParameter('tagSet')
      changeAll(all, input.Resources, (before) => addTags(before, tags))
      return {}
    },
    DeleteTags(input: DeleteTagsCommandInput): object {
      changeAll(all, input.Resources, (before) => removeTags(before, input.Tags))
      return {}
    },
    DescribeTags(input: DescribeTagsCommandInput): Answer<DescribeTagsCommandOutput> {
      const lagMs = state.kernel.lag()
      const matches = compileFilters(input.Filters, filters, (tag) => ({ [tag.Key ?? '']: tag.Value ?? '' }))
      const tags = all.flatMap((kind) =>
        kind.past(lagMs).flatMap((resource) =>
          Object.entries(resource.tags).map(([Key, Value]): TagDescription => ({
            Key,
            Value,
            ResourceId: resource.id,
            ResourceType: kind.resourceType,
          })),
        ),
      )
      const page = paginate(
        tags.filter(matches),
        {
          idOf: tagId,
          filters: input.Filters,
          maxResults: input.MaxResults,
          nextToken: input.NextToken,
        },
        state.kernel.random,
      )
      return { Tags: page.records, NextToken: page.nextToken }
    },
  }
}
