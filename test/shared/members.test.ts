import { describe, expect, test } from 'vitest'
import { assembleMembers, type Tagged } from '../../shared/model/members.ts'
import { member, volume } from './scene.ts'

const zone = 'eu-central-1a'
const tagged = <Resource>(resource: Resource, of: string | undefined, where = zone): Tagged<Resource> => ({
  resource,
  zone: where,
  member: of,
})
const card = (number: number) => member(number).networkInterface

describe('members are put together from tags', () => {
  test('one interface and its volumes are a member, ordered by id', () => {
    const volumes = [tagged(volume(2, { mount: '/log' }), '7'), tagged(volume(1), '7')]
    const { members, faults } = assembleMembers([tagged(card(1), '7')], volumes)
    expect(faults).toEqual([])
    expect(members).toEqual([
      { id: 7, zone, networkInterface: card(1), volumes: [volume(1), volume(2, { mount: '/log' })] },
    ])
  })

  test('the order in which AWS tells them changes nothing', () => {
    const cards = [tagged(card(2), '2'), tagged(card(1), '1')]
    const volumes = [tagged(volume(2), '2'), tagged(volume(1), '1')]
    expect(assembleMembers(cards, volumes)).toEqual(assembleMembers(cards.toReversed(), volumes.toReversed()))
  })

  test.each([
    [
      'two interfaces',
      [tagged(card(1), '1'), tagged(card(2), '1')],
      [tagged(volume(1), '1')],
      /has 2 network interfaces/,
    ],
    ['no interface', [], [tagged(volume(1), '1')], /has 0 network interfaces \(none\)/],
    ['no volume', [tagged(card(1), '1')], [], /has no volume/],
    [
      'a volume without a mount',
      [tagged(card(1), '1')],
      [tagged(volume(1, { mount: '' }), '1')],
      /stayput:mount is ""/,
    ],
    [
      'a mount that is no path',
      [tagged(card(1), '1')],
      [tagged(volume(1, { mount: '/a b' }), '1')],
      /stayput:mount is "\/a b"/,
    ],
    [
      'two volumes for one mount',
      [tagged(card(1), '1')],
      [tagged(volume(1), '1'), tagged(volume(2), '1')],
      /two volumes for \/var\/lib\/zookeeper/,
    ],
    [
      'a volume in another zone',
      [tagged(card(1), '1')],
      [tagged(volume(1), '1', 'eu-central-1b')],
      /is in eu-central-1b, the network interface of member 1 in eu-central-1a/,
    ],
    ['no number', [tagged(card(1), 'one')], [tagged(volume(1), 'one')], /stayput:member is "one"/],
    ['a number too large', [tagged(card(1), '256')], [tagged(volume(1), '256')], /stayput:member is "256"/],
    ['no member tag', [tagged(card(1), undefined)], [], /stayput:member is null/],
  ])('%s is a fault, not a member', (_, cards, volumes, fault) => {
    const { members, faults } = assembleMembers(cards, volumes)
    expect(members).toEqual([])
    expect(faults.join('\n')).toMatch(fault)
  })

  test('a fault names every resource that it is about', () => {
    const cards = [tagged(card(1), 'x'), tagged(card(2), '2'), tagged(card(3), '2')]
    const { faults } = assembleMembers(cards, [tagged(volume(1), 'x'), tagged(volume(2), '2')])
    expect(faults[0]).toContain(`${card(1).id}, ${volume(1).id}: tag stayput:member is "x"`)
    expect(faults[1]).toContain(`(${card(2).id}, ${card(3).id})`)
  })

  test('a volume without an interface has no zone to be compared with', () => {
    expect(assembleMembers([], [tagged(volume(1), '1')]).faults).toEqual([
      'member 1 has 0 network interfaces (none), not one',
    ])
  })

  test('a fault of one member leaves the others alone', () => {
    const cards = [tagged(card(1), '1'), tagged(card(2), '2')]
    expect(assembleMembers(cards, [tagged(volume(2), '2')]).members.map((one) => one.id)).toEqual([2])
  })

  test.each([
    ['a member whose tags are lost', { members: 2 }, /tags speak of 1 members, and there are 2/],
    ['a member too many', { members: 0 }, /tags speak of 1 members, and there are 0/],
    ['a volume whose tags are lost', { mounts: ['/var/lib/zookeeper', '/log'] }, /member 1 has no volume for \/log/],
  ])('%s is missed where it is known what there must be', (_, shape, fault) => {
    const { faults } = assembleMembers([tagged(card(1), '1')], [tagged(volume(1), '1')], shape)
    expect(faults.join('\n')).toMatch(fault)
  })

  test('tags that add up to what there must be are no fault', () => {
    const shape = { members: 1, mounts: ['/var/lib/zookeeper'] }
    expect(assembleMembers([tagged(card(1), '1')], [tagged(volume(1), '1')], shape).faults).toEqual([])
  })
})
