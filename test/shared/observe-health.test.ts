import { describe, expect, test } from 'vitest'
import { emptyMemory, type Memory, observe } from '../../shared/observe.ts'
import { answersOf, config, refusal, rim } from './answers.ts'
import { command, health, heldBy, launching, member, noted, now, other, seconds, seen, third } from './scene.ts'

describe('the wish of a holder to leave', () => {
  const leaver = (by = other) => noted(heldBy(other, member(1)), { leaving: { instanceId: by, at: seconds(99) } })
  const at = (memory: Memory, ms: number, one = leaver()) => {
    const { ports } = rim(answersOf(seen({ members: [one] })))
    return observe(launching, ports, config, memory, now + ms)
  }

  test('is known since the first look that began after it had been seen', async () => {
    const memory = emptyMemory()
    expect((await at(memory, 0)).leavingSince).toEqual(new Map())
    expect((await at(memory, 300)).leavingSince).toEqual(new Map([[other, now + 300]]))
    expect((await at(memory, 9000)).leavingSince).toEqual(new Map([[other, now + 300]]))
  })

  test('begins anew when it was taken back, or not seen for once', async () => {
    const memory = emptyMemory()
    await at(memory, 0)
    await at(memory, 300)
    expect((await at(memory, 600, heldBy(other, member(1)))).leavingSince).toEqual(new Map())
    expect((await at(memory, 900)).leavingSince).toEqual(new Map())
    expect((await at(memory, 1200)).leavingSince).toEqual(new Map([[other, now + 1200]]))
  })

  test('of a holder before is none', async () => {
    const memory = emptyMemory()
    for (const ms of [0, 300]) expect((await at(memory, ms, leaver(third))).leavingSince).toEqual(new Map())
  })
})

describe('what a host tells of its member', () => {
  const asked = { id: command('takeOver', 'running').id, instanceId: other, sentAt: seconds(5) }
  const told = health(other, member(1), {}, asked.sentAt)
  const { id: _, ...about } = asked

  /** What is seen where SSM answers this to each question about an invocation, and how many it was asked. */
  async function look(memory: Memory, answer: object) {
    const { ports, inputs } = rim({ ...answersOf(seen()), 'ssm.GetCommandInvocation': () => answer })
    const { healths } = await observe(launching, ports, config, memory, now)
    return { healths, calls: inputs('ssm.GetCommandInvocation').length }
  }

  async function twice(answer: object) {
    const memory = emptyMemory()
    memory.consulted.push(asked)
    const { healths } = await look(memory, answer)
    const second = await look(memory, answer)
    expect(second.healths).toEqual(healths)
    return { healths, calls: second.calls }
  }

  test('is asked for once it has ended, and never again', async () => {
    const StandardOutputContent = `asking\n${JSON.stringify(told.answer)}\n`
    expect(await twice({ Status: 'Success', StandardOutputContent })).toEqual({ healths: [told], calls: 0 })
  })

  test.each([
    ['failed', { Status: 'Failed', StandardOutputContent: '{"failed":"too-late","because":"x"}' }],
    ['was lost', { Status: 'TimedOut' }],
    ['told no facts', { Status: 'Success', StandardOutputContent: 'well' }],
  ])('is silence where the command %s', async (_how, answer) => {
    expect(await twice(answer)).toEqual({ healths: [{ ...about, answer: 'silent' }], calls: 0 })
  })

  test.each([[{ Status: 'InProgress' }], [refusal('InvocationDoesNotExist')]])('is awaited: %o', async (answer) => {
    expect(await twice(answer)).toEqual({ healths: [{ ...about, answer: undefined }], calls: 1 })
  })

  test('is that of the last question to it', async () => {
    const memory = emptyMemory()
    const again = { ...asked, id: command('takeOver', 'running').id, sentAt: seconds(1) }
    const elsewhere = { ...asked, instanceId: third }
    memory.consulted.push(asked, elsewhere, again)
    const { healths } = await look(memory, { Status: 'Pending' })
    expect(healths.map(({ instanceId, sentAt }) => [instanceId, sentAt])).toEqual([
      [other, seconds(1)],
      [third, seconds(5)],
    ])
  })
})
