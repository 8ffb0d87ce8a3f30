import { describe, expect, it } from 'vitest'
import { content, create, createScene, get, i1, i2, invocations, listed, ready, send } from './ssm.scene.ts'

describe('a command', () => {
  it('is Pending, then InProgress, then Success, with what the document printed', async () => {
    const scene = await ready()
    const id = send(scene)
    expect(listed(scene, id)).toMatchObject({ Status: 'Pending', TargetCount: 1, CompletedCount: 0 })
    await scene.pass(500)
    expect(listed(scene, id).Status).toBe('InProgress')
    expect(get(scene, id)).toMatchObject({ Status: 'InProgress', ResponseCode: -1, ExecutionEndDateTime: '' })
    await scene.pass(5000)
    expect(get(scene, id)).toMatchObject({ Status: 'Success', ResponseCode: 0, StandardOutputContent: 'done\n' })
    expect(listed(scene, id)).toMatchObject({ Status: 'Success', CompletedCount: 1, ErrorCount: 0 })
  })

  it('gives the host its declared parameters, defaults filled in, and its content as registered', async () => {
    const scene = createScene()
    const parameters = { a: { type: 'String', default: 'one' }, b: { type: 'String' } }
    create(scene, 'doc', content({ timeoutSeconds: '10' }, parameters))
    await scene.online(i1)
    send(scene, { Parameters: { b: ['two'] } })
    await scene.pass(2000)
    expect(scene.runs[0]!.run).toMatchObject({
      document: 'doc',
      parameters: { a: ['one'], b: ['two'] },
      timeoutMs: 10_000,
      content: { schemaVersion: '2.2' },
    })
  })

  it('is not touched by a later change of its document', async () => {
    const scene = await ready()
    send(scene)
    scene.call('DeleteDocument', { Name: 'doc' })
    await scene.pass(5000)
    expect(scene.runs).toHaveLength(1)
  })

  it('sent twice is two commands', async () => {
    const scene = await ready()
    expect(send(scene)).not.toBe(send(scene))
    await scene.pass(5000)
    expect(scene.runs).toHaveLength(2)
  })

  it('is announced by event for each change but Pending', async () => {
    const scene = await ready()
    const id = send(scene)
    await scene.pass(5000)
    const statuses = (type: string) =>
      scene.events
        .filter((event) => event['detail-type'] === type)
        .map((event) => (event.detail as { status: string }).status)
    expect(statuses('EC2 Command Invocation Status-change Notification')).toEqual(['InProgress', 'Success'])
    expect(statuses('EC2 Command Status-change Notification')).toEqual(['InProgress', 'Success'])
    expect(scene.events[1]).toMatchObject({
      source: 'aws.ssm',
      resources: [`arn:aws:ec2:eu-central-1:123456789012:instance/${i1}`],
      detail: { 'command-id': id, 'document-name': 'doc', 'instance-id': i1 },
    })
  })

  it('to several nodes fails as soon as more fail than it allows', async () => {
    const scene = await ready()
    await scene.online(i2)
    scene.onRun = (_run, instanceId) =>
      scene.after(1000, { exitCode: instanceId === i2 ? 3 : 0, stdout: '', stderr: '' })
    const strict = send(scene, { InstanceIds: [i1, i2] })
    const lenient = send(scene, { InstanceIds: [i1, i2], MaxErrors: '1' })
    await scene.pass(10_000)
    expect(listed(scene, strict)).toMatchObject({ Status: 'Failed', StatusDetails: 'Failed', ErrorCount: 1 })
    expect(listed(scene, lenient)).toMatchObject({ Status: 'Failed', StatusDetails: 'Incomplete', ErrorCount: 1 })
  })
})

describe('CancelCommand', () => {
  it('kills a running document', async () => {
    const scene = await ready()
    scene.onRun = (run) =>
      new Promise((resolve) => {
        run.abort!.addEventListener('abort', () => resolve({ exitCode: 137, stdout: 'half\n', stderr: '' }))
      })
    const id = send(scene)
    await scene.pass(2000)
    scene.call('CancelCommand', { CommandId: id, InstanceIds: [i1] })
    expect(listed(scene, id).Status).toBe('Cancelling')
    expect(get(scene, id).Status).toBe('InProgress')
    await scene.pass(3000)
    expect(get(scene, id)).toMatchObject({ Status: 'Cancelled', ResponseCode: 137, StandardOutputContent: 'half\n' })
    expect(listed(scene, id)).toMatchObject({ Status: 'Cancelled', CompletedCount: 1, ErrorCount: 0 })
  })

  it('keeps a command that no agent has from being run', async () => {
    const scene = await ready()
    scene.ssm.stopAgent(i1)
    const id = send(scene)
    await scene.pass(5000)
    scene.call('CancelCommand', { CommandId: id })
    await scene.pass(5000)
    scene.ssm.startAgent(i1)
    await scene.pass(10_000)
    expect(get(scene, id)).toMatchObject({ Status: 'Cancelled', ResponseCode: -1 })
    expect(scene.runs).toEqual([])
  })

  it('of a command that the service has not yet got to leaves no invocation', async () => {
    const scene = await ready()
    const id = send(scene)
    scene.call('CancelCommand', { CommandId: id })
    await scene.pass(5000)
    expect(listed(scene, id).Status).toBe('Cancelled')
    expect(scene.runs).toEqual([])
  })

  it('of a command that has ended changes nothing', async () => {
    const scene = await ready()
    const id = send(scene)
    await scene.pass(10_000)
    scene.call('CancelCommand', { CommandId: id })
    await scene.pass(10_000)
    expect(listed(scene, id).Status).toBe('Success')
  })
})

describe('the history of commands', () => {
  it('is listed newest first, in pages, by node, status, document and time', async () => {
    const scene = await ready()
    await scene.online(i2)
    create(scene, 'other')
    const first = send(scene)
    await scene.pass(10_000)
    const middle = new Date(scene.clock.now()).toISOString()
    const second = send(scene, { InstanceIds: [i2], DocumentName: 'other' })
    await scene.pass(700)
    const ids = (input: object) => invocations(scene, input).map((each) => each.CommandId)
    expect(ids({})).toEqual([second, first])
    expect(ids({ InstanceId: i2 })).toEqual([second])
    expect(ids({ Filters: [{ key: 'InvokedAfter', value: middle }] })).toEqual([second])
    expect(ids({ Filters: [{ key: 'InvokedBefore', value: middle }] })).toEqual([first])
    expect(ids({ Filters: [{ key: 'Status', value: 'Success' }] })).toEqual([first])
    expect(ids({ Filters: [{ key: 'DocumentName', value: 'other' }] })).toEqual([second])
    const page = scene.call('ListCommands', { MaxResults: 1 })
    expect(page.Commands!.map((command) => command.CommandId)).toEqual([second])
    const rest = scene.call('ListCommands', { MaxResults: 1, NextToken: page.NextToken })
    expect(rest.Commands!.map((command) => command.CommandId)).toEqual([first])
    expect(rest).not.toHaveProperty('NextToken')
  })

  it('tells plugins and their output only with Details', async () => {
    const scene = await ready()
    const CommandId = send(scene)
    await scene.pass(10_000)
    expect(invocations(scene, { CommandId })[0]!.CommandPlugins).toEqual([])
    expect(invocations(scene, { CommandId, Details: true })[0]!.CommandPlugins![0]).toMatchObject({ Output: 'done\n' })
  })

  it('may be read stale: an invocation that was seen may be missing in the next answer', async () => {
    const scene = createScene({ staleReads: 0.5 })
    create(scene)
    await scene.online(i1)
    const id = send(scene)
    await scene.pass(401)
    const answers = Array.from({ length: 40 }, () =>
      scene.refusal('GetCommandInvocation', { CommandId: id, InstanceId: i1 }),
    )
    expect(new Set(answers.map((answer) => answer.split(':')[0]))).toEqual(new Set(['none', 'InvocationDoesNotExist']))
  })
})
