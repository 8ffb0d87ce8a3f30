import type { RecordedCall, RecordedResource } from '../../../lab/stack/record.ts'
import type { Context } from './conditions.ts'
import type { Request } from './evaluate.ts'

/** The tag keys of each service's own condition, beside `aws:ResourceTag`, which all of them know. */
const ownTags: Readonly<Record<string, string>> = {
  autoscaling: 'autoscaling:resourcetag',
  ec2: 'ec2:resourcetag',
  ssm: 'ssm:resourcetag',
}

/** A recorded call as IAM sees it, with what AWS tells about it and each of its resources. */
export function requestOf(call: RecordedCall): Request {
  const { action, resources } = call
  return {
    action,
    resources: resources.map((resource) => ({
      type: resource.type,
      arn: resource.arn,
      context: contextOf(call, resource),
    })),
  }
}

function contextOf(call: RecordedCall, { type, tags, profile }: RecordedResource): Context {
  const [service = ''] = call.action.split(':')
  const own = ownTags[service] ?? ''
  const entries = Object.entries(tags).map(([key, value]) => [key.toLowerCase(), [value]] as const)
  return new Map<string, readonly string[]>([
    ['aws:resourcetag/*', []],
    [`${own}/*`, []],
    ...entries.flatMap(([key, value]) => [
      [`aws:resourcetag/${key}`, value] as const,
      [`${own}/${key}`, value] as const,
    ]),
    ...(call.tagKeys ? [['aws:tagkeys', call.tagKeys] as const] : []),
    ...(call.attribute === undefined ? [] : [['ec2:attribute', [call.attribute]] as const]),
    ...(type === 'instance' ? [['ec2:instanceprofile', profile === undefined ? [] : [profile]] as const] : []),
  ])
}
