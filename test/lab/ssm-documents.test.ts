import { describe, expect, it } from 'vitest'
import { content, createScene, i1, ready, send } from './ssm.scene.ts'

describe('documents', () => {
  it('run the default version, which an update does not change', async () => {
    const scene = await ready()
    const Content = content({ timeoutSeconds: '20' })
    scene.call('UpdateDocument', { Name: 'doc', Content, DocumentVersion: '1', VersionName: 'second' })
    const timeouts = async (more: object) => {
      send(scene, more)
      await scene.pass(5000)
      return scene.runs.at(-1)!.run.timeoutMs
    }
    expect(await timeouts({})).toBe(10_000)
    expect(await timeouts({ DocumentVersion: '$LATEST' })).toBe(20_000)
    expect(await timeouts({ DocumentVersion: '2' })).toBe(20_000)
    scene.call('UpdateDocumentDefaultVersion', { Name: 'doc', DocumentVersion: '2' })
    expect(await timeouts({})).toBe(20_000)
    expect(scene.call('GetDocument', { Name: 'doc' })).toMatchObject({ Content, VersionName: 'second' })
    expect(scene.call('GetDocument', { Name: 'doc', DocumentVersion: '1' }).Content).not.toBe(Content)
  })

  it('can be named by ARN, and their hash can be pinned', async () => {
    const scene = await ready()
    const arn = 'arn:aws:ssm:eu-central-1:123456789012:document/doc'
    const { Hash } = scene.call('DescribeDocument', { Name: arn }).Document!
    send(scene, { DocumentName: arn, DocumentHash: Hash, DocumentHashType: 'Sha256' })
    await scene.pass(5000)
    expect(scene.runs).toHaveLength(1)
  })

  it('are listed by name, owner and tag', () => {
    const scene = createScene()
    scene.call('CreateDocument', { Name: 'stayput-a', Content: content(), Tags: [{ Key: 'k', Value: 'v' }] })
    scene.call('CreateDocument', { Name: 'other', Content: content() })
    const by = (Key: string, ...Values: string[]) =>
      scene.call('ListDocuments', { Filters: [{ Key, Values }] }).DocumentIdentifiers!.map((each) => each.Name)
    expect(by('Owner', 'Self')).toEqual(['stayput-a', 'other'])
    expect(by('Name', 'stayput')).toEqual(['stayput-a'])
    expect(by('tag:k', 'v')).toEqual(['stayput-a'])
    expect(by('Owner', 'Amazon')).toEqual([])
    expect(scene.refusal('ListDocuments', { Filters: [{ Key: 'x', Values: ['y'] }] })).toMatch(/^InvalidFilterKey/)
  })
})

describe('putDocument', () => {
  it('makes other content the default at once and same content nothing', async () => {
    const scene = createScene()
    const document = JSON.parse(content())
    scene.ssm.putDocument('doc', document)
    scene.ssm.putDocument('doc', document)
    expect(scene.ssm.documents.get('doc')!.lastNumber).toBe(1)
    scene.ssm.putDocument('doc', { ...document, description: 'another' })
    expect(scene.ssm.documents.get('doc')).toMatchObject({ defaultVersion: 2, lastNumber: 2 })
    await scene.online(i1)
    send(scene)
    await scene.pass(5000)
    expect(scene.runs[0]!.run.content.description).toBe('another')
  })
})
