import type {
  CreateOrUpdateTagsCommandInput,
  DeleteTagsCommandInput,
  DescribeTagsCommandInput,
  DescribeTagsCommandOutput,
  Filter,
  Tag,
  TagDescription,
} from '@aws-sdk/client-auto-scaling'
import type { Answer, OperationTable } from '../operation.ts'
import { page } from './page.ts'
import type { Group, GroupTag, TemplateSpecification } from './records.ts'
import { groupNamed, invalid, type Store } from './store.ts'

const defaultPage = 50

/** The tags that an instance gets from its group: those that propagate, and the three that AWS sets itself. */
export function instanceTags(group: Group, template: TemplateSpecification): Record<string, string> {
  const propagated = group.tags.filter((tag) => tag.propagateAtLaunch).map((tag) => [tag.key, tag.value] as const)
  return {
    ...Object.fromEntries(propagated),
    'aws:autoscaling:groupName': group.name,
    'aws:ec2launchtemplate:id': template.launchTemplateId,
    'aws:ec2launchtemplate:version': template.version,
  }
}

/** Reads the tags of a request; a later one replaces an earlier one of the same key, and AWS sorts them by key. */
export function mergeTags(existing: readonly GroupTag[], tags: readonly Tag[]): GroupTag[] {
  const merged = new Map(existing.map((tag) => [tag.key, tag]))
  for (const { Key: key, Value: value, PropagateAtLaunch: propagate } of tags) {
    if (key === undefined) throw invalid('1 validation error detected: Value null at tags.key')
    if (key.startsWith('aws:')) {
      throw invalid('Provided tags are invalid. aws: prefixed tag key names are not allowed for external use.')
    }
    merged.set(key, { key, value: value ?? '', propagateAtLaunch: propagate ?? false })
  }
  return [...merged.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1))
}

export function tagDescriptions(group: Group): TagDescription[] {
  return group.tags.map((tag) => ({
    ResourceId: group.name,
    ResourceType: 'auto-scaling-group',
    Key: tag.key,
    Value: tag.value,
    PropagateAtLaunch: tag.propagateAtLaunch,
  }))
}

export function tagOperations(store: Store): OperationTable {
  return {
    CreateOrUpdateTags(input: CreateOrUpdateTagsCommandInput) {
      for (const tag of input.Tags ?? []) {
        const group = groupNamed(store, tag.ResourceId)
        store.groups.change(group.name, { tags: mergeTags(group.tags, [tag]) })
      }
      return {}
    },
    DeleteTags(input: DeleteTagsCommandInput) {
      for (const { ResourceId, Key } of input.Tags ?? []) {
        const group = groupNamed(store, ResourceId)
        store.groups.change(group.name, { tags: group.tags.filter((tag) => tag.key !== Key) })
      }
      return {}
    },
    DescribeTags(input: DescribeTagsCommandInput): Answer<DescribeTagsCommandOutput> {
      const tags = store.groups
        .past(store.kernel.lag())
        .flatMap(tagDescriptions)
        .filter((tag) => (input.Filters ?? []).every((filter) => holds(filter, tag)))
      const { items, nextToken } = page(tags, input.NextToken, input.MaxRecords ?? defaultPage)
      return { Tags: items, NextToken: nextToken }
    },
  }
}

function holds(filter: Filter, tag: TagDescription): boolean {
  const values = filter.Values ?? []
  switch (filter.Name) {
    case 'auto-scaling-group':
      return values.includes(tag.ResourceId ?? '')
    case 'key':
      return values.includes(tag.Key ?? '')
    case 'value':
      return values.includes(tag.Value ?? '')
    case 'propagate-at-launch':
      return values.includes(String(tag.PropagateAtLaunch))
    default:
      throw invalid(
        `Filter type ${filter.Name} is not correct. Allowed Filter types are: auto-scaling-group key value propagate-at-launch`,
      )
  }
}
