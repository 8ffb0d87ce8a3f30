import { describe, expect, it } from 'vitest'
import { get, i1, ready, send } from './ssm.scene.ts'

describe('a node that does not answer', () => {
  it('leaves a command that it has not taken Delayed, and takes it when its agent starts in time', async () => {
    const scene = await ready()
    scene.ssm.stopAgent(i1)
    const id = send(scene)
    await scene.pass(10_000)
    expect(get(scene, id)).toMatchObject({ Status: 'Pending', StatusDetails: 'Delayed' })
    scene.ssm.startAgent(i1)
    await scene.pass(5000)
    expect(get(scene, id).Status).toBe('Success')
  })

  it('is not given a command after its delivery timeout', async () => {
    const scene = await ready()
    scene.ssm.stopAgent(i1)
    const id = send(scene)
    await scene.pass(31_000)
    scene.ssm.startAgent(i1)
    await scene.pass(60_000)
    expect(scene.runs).toEqual([])
    expect(get(scene, id)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut', ResponseCode: -1 })
  })

  it('whose machine dies under the document leaves it InProgress until the command expires', async () => {
    const scene = await ready()
    scene.onRun = async () => {
      await scene.after(1000, undefined)
      throw new Error('powered off')
    }
    const id = send(scene)
    await scene.pass(5000)
    scene.enter(i1, 'shutting-down')
    scene.enter(i1, 'terminated')
    await scene.pass(30_000)
    expect(get(scene, id).Status).toBe('InProgress')
    await scene.pass(30_000)
    expect(get(scene, id).StatusDetails).toBe('DeliveryTimedOut')
  })

  it('whose agent stops under the document reports when the agent starts again', async () => {
    const scene = await ready()
    const id = send(scene)
    await scene.pass(1500)
    scene.ssm.stopAgent(i1)
    await scene.pass(10_000)
    expect(get(scene, id).Status).toBe('InProgress')
    scene.ssm.startAgent(i1)
    await scene.pass(2000)
    expect(get(scene, id).Status).toBe('Success')
    expect(scene.runs).toHaveLength(1)
  })

  it('changes nothing by a report that comes after the end', async () => {
    const scene = await ready()
    const id = send(scene)
    await scene.pass(1500)
    scene.ssm.stopAgent(i1)
    await scene.pass(120_000)
    scene.ssm.startAgent(i1)
    await scene.pass(10_000)
    expect(get(scene, id).StatusDetails).toBe('DeliveryTimedOut')
  })

  it('keeps the timeouts at AWS length in a lab that runs faster', async () => {
    const scene = await ready({ speed: 50 })
    scene.ssm.stopAgent(i1)
    const id = send(scene)
    await scene.pass(39_000)
    expect(get(scene, id).Status).toBe('Pending')
    await scene.pass(20_000)
    expect(get(scene, id).Status).toBe('TimedOut')
  })
})

describe('mishaps of delivery', () => {
  it('a document may run twice, and its first report counts', async () => {
    const scene = await ready()
    let count = 0
    scene.onRun = () => scene.after(1000, { exitCode: 0, stdout: `${++count}`, stderr: '' })
    scene.ssm.duplicateNextDelivery()
    const id = send(scene)
    await scene.pass(10_000)
    expect(scene.runs).toHaveLength(2)
    expect(get(scene, id).StandardOutputContent).toBe('1')
    send(scene)
    await scene.pass(10_000)
    expect(scene.runs).toHaveLength(3)
  })

  it('a document may start long after its command has timed out', async () => {
    const scene = await ready()
    scene.ssm.delayNextDelivery(300_000, i1)
    const id = send(scene)
    await scene.pass(120_000)
    expect(get(scene, id).StatusDetails).toBe('DeliveryTimedOut')
    expect(scene.runs).toEqual([])
    await scene.pass(200_000)
    expect(scene.runs).toHaveLength(1)
    expect(get(scene, id).StatusDetails).toBe('DeliveryTimedOut')
  })
})
