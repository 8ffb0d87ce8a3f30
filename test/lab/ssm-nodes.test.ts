import { describe, expect, it } from 'vitest'
import { calm } from '../../lab/cloud/settings.ts'
import { createScene, i1, i2, invocations, listed, nobody, ready, type Scene, send } from './ssm.scene.ts'

function told(scene: Scene) {
  return scene.call('DescribeInstanceInformation', {}).InstanceInformationList!
}

describe('managed nodes', () => {
  it('appear only some time after the instance is running', async () => {
    const scene = createScene()
    scene.enter(i1, 'pending')
    scene.enter(i1, 'running')
    await scene.pass(2000)
    expect(told(scene)).toEqual([])
    await scene.pass(600_000)
    expect(told(scene)[0]).toMatchObject({ InstanceId: i1, PingStatus: 'Online', IPAddress: '10.0.1.20' })
  })

  it('never appear when the agent never comes online', async () => {
    const scene = createScene({ agentNeverOnline: 1 })
    scene.enter(i1, 'running')
    await scene.pass(3_600_000)
    expect(told(scene)).toEqual([])
  })

  it('never appear when the instance is gone before its agent registers', async () => {
    const scene = createScene()
    scene.enter(i1, 'running')
    scene.enter(i1, 'shutting-down')
    scene.enter(i1, 'terminated')
    await scene.pass(3_600_000)
    expect(told(scene)).toEqual([])
  })

  it('ping every five minutes, and faster in a lab that runs faster', async () => {
    const scene = await ready()
    const registered = scene.clock.now()
    await scene.pass(11 * 60_000)
    expect(told(scene)[0]!.LastPingDateTime!.getTime()).toBe(Math.floor(registered + 10 * 60_000))
    const fast = await ready({ speed: 10 })
    const start = fast.clock.now()
    await fast.pass(65_000)
    expect(told(fast)[0]!.LastPingDateTime!.getTime()).toBe(Math.floor(start + 60_000))
  })

  it('are told Online for minutes after their agent has stopped, and ConnectionLost later', async () => {
    const scene = await ready()
    scene.ssm.stopAgent(i1)
    await scene.pass(90_000)
    expect(told(scene)[0]!.PingStatus).toBe('Online')
    await scene.pass(15 * 60_000)
    expect(told(scene)[0]!.PingStatus).toBe('ConnectionLost')
    scene.ssm.startAgent(i1)
    expect(told(scene)[0]!.PingStatus).toBe('Online')
  })

  it('register again after a stop and a start of the instance', async () => {
    const scene = await ready()
    scene.enter(i1, 'stopped')
    expect(told(scene)).toEqual([])
    await scene.online(i1)
    expect(told(scene)).toHaveLength(1)
  })

  it('register by the timer of the last start only', async () => {
    const steady = { median: 10_000, p99: 10_000.001 }
    const scene = createScene({ latencies: { ...calm.latencies, runningToAgentOnline: steady } })
    scene.enter(i1, 'running')
    await scene.pass(5000)
    scene.enter(i1, 'stopped')
    scene.enter(i1, 'running')
    await scene.pass(7000)
    expect(told(scene)).toEqual([])
    await scene.pass(5000)
    expect(told(scene)).toHaveLength(1)
  })

  it('are found by tag and by status', async () => {
    const scene = await ready()
    await scene.online(i2, { role: 'x' })
    const by = (Key: string, ...Values: string[]) =>
      scene
        .call('DescribeInstanceInformation', { Filters: [{ Key, Values }] })
        .InstanceInformationList!.map((node) => node.InstanceId)
    expect(by('tag:role', 'x')).toEqual([i2])
    expect(by('tag-key', 'role')).toEqual([i2])
    expect(by('PingStatus', 'Online')).toEqual([i1, i2])
    expect(by('InstanceIds', i1)).toEqual([i1])
  })
})

describe('targets', () => {
  it('by tag select registered nodes of running instances only, and every target must fit', async () => {
    const scene = await ready()
    await scene.online(i2, { role: 'x', zone: 'a' })
    scene.enter(nobody, 'running', { role: 'x', zone: 'a' })
    scene.ssm.stopAgent(nobody)
    const Targets = [
      { Key: 'tag:role', Values: ['y', 'x'] },
      { Key: 'tag:zone', Values: ['a'] },
    ]
    const CommandId = send(scene, { InstanceIds: [], Targets })
    await scene.pass(500)
    expect(invocations(scene, { CommandId }).map((each) => each.InstanceId)).toEqual([i2])
    expect(listed(scene, CommandId)).toMatchObject({ TargetCount: 1, InstanceIds: [] })
  })
})
