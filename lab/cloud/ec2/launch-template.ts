import type {
  CreateLaunchTemplateCommandInput,
  CreateLaunchTemplateCommandOutput,
  CreateLaunchTemplateVersionCommandInput,
  CreateLaunchTemplateVersionCommandOutput,
  DeleteLaunchTemplateCommandInput,
  DeleteLaunchTemplateCommandOutput,
  DescribeLaunchTemplatesCommandInput,
  DescribeLaunchTemplatesCommandOutput,
  DescribeLaunchTemplateVersionsCommandInput,
  DescribeLaunchTemplateVersionsCommandOutput,
  LaunchTemplate as LaunchTemplateAnswer,
  LaunchTemplateVersion as LaunchTemplateVersionAnswer,
  ModifyLaunchTemplateCommandInput,
  ModifyLaunchTemplateCommandOutput,
  RequestLaunchTemplateData,
} from '@aws-sdk/client-ec2'
import { AwsError } from '../error.ts'
import type { Answer, OperationTable } from '../operation.ts'
import type { FilterTable } from './filter.ts'
import type { LaunchTemplate, Tags } from './records.ts'
import { kinds, required, requireRecord } from './refusal.ts'
import { paginate, select } from './selection.ts'
import { once, type State } from './state.ts'
import { tagList, tagsFrom } from './tag.ts'

/** Launch templates: as much as an Auto Scaling group and RunInstances need of them, the rest is echoed. */

export interface LaunchTemplateReference {
  readonly LaunchTemplateId?: string | undefined
  readonly LaunchTemplateName?: string | undefined
  readonly Version?: string | undefined
}

/** What a launch template says, with its version as a number. */
export interface ResolvedLaunchTemplate {
  readonly launchTemplateId: string
  readonly launchTemplateName: string
  readonly version: number
  readonly imageId?: string | undefined
  readonly instanceType?: string | undefined
  readonly securityGroupIds: readonly string[]
  /** For the instances that it launches. */
  readonly tags: Tags
  readonly keyName?: string | undefined
  /** Its ARN, or its name where the template gives only that. */
  readonly iamInstanceProfile?: string | undefined
  readonly data: RequestLaunchTemplateData
}

export function findTemplate(state: State, reference: LaunchTemplateReference): LaunchTemplate {
  if (reference.LaunchTemplateId !== undefined) {
    return requireRecord(state.launchTemplates, kinds.launchTemplate, reference.LaunchTemplateId)
  }
  const name = required(reference.LaunchTemplateName, 'LaunchTemplateName')
  const template = state.launchTemplates.all().find((each) => each.launchTemplateName === name)
  if (template) return template
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name}, does not exist.`,
  )
}

/** The version by number or alias; without one, EC2 takes the default version. */
export function templateVersion(
  state: State,
  reference: LaunchTemplateReference,
): { template: LaunchTemplate; version: number; data: RequestLaunchTemplateData } {
  const template = findTemplate(state, reference)
  const version = versionNumber(template, reference.Version ?? '$Default')
  const found = template.versions[version - 1]
  if (!found) {
    throw new AwsError('InvalidLaunchTemplateId.VersionNotFound', 'Could not find launch template version')
  }
  return { template, version, data: found.data }
}

function versionNumber(template: LaunchTemplate, version: string): number {
  if (version === '$Latest') return template.versions.length
  if (version === '$Default' || version === '') return template.defaultVersion
  return Number(version)
}

export function templateTags(state: State, reference: LaunchTemplateReference | undefined, resourceType: string): Tags {
  return reference ? tagsFrom(templateVersion(state, reference).data.TagSpecifications, resourceType) : {}
}

export function resolveLaunchTemplate(state: State, reference: LaunchTemplateReference): ResolvedLaunchTemplate {
  const { template, version, data } = templateVersion(state, reference)
  return {
    launchTemplateId: template.launchTemplateId,
    launchTemplateName: template.launchTemplateName,
    version,
    imageId: data.ImageId,
    instanceType: data.InstanceType,
    securityGroupIds: data.SecurityGroupIds ?? data.NetworkInterfaces?.[0]?.Groups ?? [],
    tags: templateTags(state, { ...reference, Version: String(version) }, 'instance'),
    keyName: data.KeyName,
    iamInstanceProfile: data.IamInstanceProfile?.Arn ?? data.IamInstanceProfile?.Name,
    data,
  }
}

function create(state: State, input: CreateLaunchTemplateCommandInput): LaunchTemplate {
  const launchTemplateName = required(input.LaunchTemplateName, 'LaunchTemplateName')
  const data = required(input.LaunchTemplateData, 'LaunchTemplateData')
  if (state.launchTemplates.all().some((each) => each.launchTemplateName === launchTemplateName)) {
    throw new AwsError('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.')
  }
  const launchTemplateId = state.kernel.id('lt')
  const createTime = state.kernel.clock.now()
  return state.launchTemplates.put(launchTemplateId, {
    launchTemplateId,
    launchTemplateName,
    createTime,
    defaultVersion: 1,
    versions: [{ description: input.VersionDescription, createTime, data }],
    tags: tagsFrom(input.TagSpecifications, 'launch-template'),
  })
}

function addVersion(state: State, input: CreateLaunchTemplateVersionCommandInput): LaunchTemplate {
  const template = findTemplate(state, input)
  const asked = required(input.LaunchTemplateData, 'LaunchTemplateData')
  const source = input.SourceVersion && templateVersion(state, { ...input, Version: input.SourceVersion }).data
  const version = {
    description: input.VersionDescription,
    createTime: state.kernel.clock.now(),
    data: source ? { ...source, ...asked } : asked,
  }
  return state.launchTemplates.change(template.launchTemplateId, { versions: [...template.versions, version] })
}

function creator(state: State): string {
  return `arn:aws:iam::${state.kernel.settings.accountId}:root`
}

function templateAnswer(state: State, template: LaunchTemplate): LaunchTemplateAnswer {
  return {
    LaunchTemplateId: template.launchTemplateId,
    LaunchTemplateName: template.launchTemplateName,
    CreateTime: new Date(template.createTime),
    CreatedBy: creator(state),
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.versions.length,
    Tags: tagList(template.tags),
  }
}

function versionAnswer(state: State, template: LaunchTemplate, version: number): LaunchTemplateVersionAnswer {
  const found = template.versions[version - 1]
  if (!found) {
    throw new AwsError('InvalidLaunchTemplateId.VersionNotFound', 'Could not find launch template version')
  }
  return {
    LaunchTemplateId: template.launchTemplateId,
    LaunchTemplateName: template.launchTemplateName,
    VersionNumber: version,
    VersionDescription: found.description,
    CreateTime: new Date(found.createTime),
    CreatedBy: creator(state),
    DefaultVersion: version === template.defaultVersion,
    LaunchTemplateData: found.data,
  }
}

function versionsAsked(template: LaunchTemplate, input: DescribeLaunchTemplateVersionsCommandInput): number[] {
  if (input.Versions?.length) return input.Versions.map((each) => versionNumber(template, each))
  const least = Number(input.MinVersion ?? 1)
  const most = Number(input.MaxVersion ?? template.versions.length)
  // The newest version comes first.
  return template.versions
    .map((_, index) => index + 1)
    .filter((version) => version >= least && version <= most)
    .toReversed()
}

const filters: FilterTable<LaunchTemplate> = {
  'launch-template-name': (each) => [each.launchTemplateName],
  'create-time': (each) => [new Date(each.createTime).toISOString()],
}

function describe(
  state: State,
  input: DescribeLaunchTemplatesCommandInput,
): Answer<DescribeLaunchTemplatesCommandOutput> {
  for (const LaunchTemplateName of input.LaunchTemplateNames ?? []) findTemplate(state, { LaunchTemplateName })
  const seen = state.launchTemplates.past(state.kernel.lag())
  const page = select(
    seen.filter((each) => input.LaunchTemplateNames?.includes(each.launchTemplateName) ?? true),
    {
      kind: kinds.launchTemplate,
      idOf: (each) => each.launchTemplateId,
      filterTable: filters,
      tagsOf: (each) => each.tags,
      ids: input.LaunchTemplateIds,
      filters: input.Filters,
      maxResults: input.MaxResults,
      nextToken: input.NextToken,
    },
    state.kernel.random,
  )
  return { LaunchTemplates: page.records.map((each) => templateAnswer(state, each)), NextToken: page.nextToken }
}

export function launchTemplateOperations(state: State): OperationTable {
  return {
    CreateLaunchTemplate: (input: CreateLaunchTemplateCommandInput): Answer<CreateLaunchTemplateCommandOutput> =>
      once(state, 'CreateLaunchTemplate', input, () => ({
        LaunchTemplate: templateAnswer(state, create(state, input)),
      })),
    CreateLaunchTemplateVersion: (
      input: CreateLaunchTemplateVersionCommandInput,
    ): Answer<CreateLaunchTemplateVersionCommandOutput> =>
      once(state, 'CreateLaunchTemplateVersion', input, () => {
        const template = addVersion(state, input)
        return { LaunchTemplateVersion: versionAnswer(state, template, template.versions.length) }
      }),
    DescribeLaunchTemplates: (
      input: DescribeLaunchTemplatesCommandInput,
    ): Answer<DescribeLaunchTemplatesCommandOutput> => describe(state, input),
    DescribeLaunchTemplateVersions(
      input: DescribeLaunchTemplateVersionsCommandInput,
    ): Answer<DescribeLaunchTemplateVersionsCommandOutput> {
      const template = findTemplate(state, input)
      const page = paginate(
        versionsAsked(template, input),
        { idOf: String, maxResults: input.MaxResults, nextToken: input.NextToken },
        state.kernel.random,
      )
      return {
        LaunchTemplateVersions: page.records.map((version) => versionAnswer(state, template, version)),
        NextToken: page.nextToken,
      }
    },
    ModifyLaunchTemplate(input: ModifyLaunchTemplateCommandInput): Answer<ModifyLaunchTemplateCommandOutput> {
      const Version = required(input.DefaultVersion, 'SetDefaultVersion')
      const { template, version } = templateVersion(state, { ...input, Version })
      const changed = state.launchTemplates.change(template.launchTemplateId, { defaultVersion: version })
      return { LaunchTemplate: templateAnswer(state, changed) }
    },
    DeleteLaunchTemplate(input: DeleteLaunchTemplateCommandInput): Answer<DeleteLaunchTemplateCommandOutput> {
      const template = findTemplate(state, input)
      state.launchTemplates.remove(template.launchTemplateId)
      return { LaunchTemplate: templateAnswer(state, template) }
    },
  }
}
