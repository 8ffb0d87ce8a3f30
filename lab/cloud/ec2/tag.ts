import type { Tag, TagSpecification } from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Tags } from './records.ts'
import { invalidValue } from './refusal.ts'

/** A resource carries at most this many tags of its owner; AWS's own, under `aws:`, do not count. */
const mostTags = 50
const longestKey = 128
const longestValue = 256

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** The tags that a create call asks for, for the resources of one type that it creates. */
export function tagsFrom(specifications: readonly TagSpecification[] | undefined, resourceType: string): Tags {
  const asked = (specifications ?? []).filter((each) => each.ResourceType === resourceType)
  return addTags(
    {},
    asked.flatMap((each) => each.Tags ?? []),
  )
}

/** The tags with others set over them, or the refusal. */
export function addTags(tags: Tags, added: readonly Tag[]): Tags {
  const keys = new Set<string>()
  for (const tag of added) {
    const key = tag.Key ?? ''
    checkTag(key, tag.Value ?? '')
    if (keys.has(key)) throw invalidValue(`Duplicate tag key '${key}' specified.`)
    keys.add(key)
  }
  const result = { ...tags, ...Object.fromEntries(added.map((tag) => [tag.Key ?? '', tag.Value ?? ''])) }
  if (Object.keys(result).filter((key) => !key.startsWith('aws:')).length > mostTags) {
    throw new AwsError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
  }
  return result
}

/** The tags without those: a value that is given must be the tag's own, and no list at all means all of them. */
export function removeTags(tags: Tags, removed: readonly Tag[] | undefined): Tags {
  for (const tag of removed ?? []) checkReserved(tag.Key ?? '')
  const goes = ([key, value]: [string, string]): boolean =>
    removed
      ? removed.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value))
      : !key.startsWith('aws:')
  return Object.fromEntries(Object.entries(tags).filter((entry) => !goes(entry)))
}

function checkTag(key: string, value: string): void {
  if (key === '') throw invalidValue('Tag key cannot be null or empty.')
  checkReserved(key)
  if (key.length > longestKey) throw invalidValue(`Tag key exceeds the maximum length of ${longestKey} characters`)
  if (value.length > longestValue) {
    throw invalidValue(`Tag value exceeds the maximum length of ${longestValue} characters`)
  }
}

function checkReserved(key: string): void {
  if (key.startsWith('aws:')) throw invalidValue("Tag keys starting with 'aws:' are reserved for internal use")
}
