import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { whyNoFabric } from './fabric.ts'
import { address, card, createScene, farPeer, type Scene } from './routes-scene.ts'

const reason = whyNoFabric()
const noAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0 ? undefined : 'needs systemd-analyze'

describe.skipIf(reason)(`routes after a reboot${reason === undefined ? '' : ` (${reason})`}`, () => {
  let scene: Scene
  let plug: string
  const path = (name: string) => join(scene.host.directory, name)
  const service = 'etc/systemd/system/stayput-routes.service'
  const timer = 'etc/systemd/system/stayput-routes.timer'
  const parameters = 'var/lib/stayput/routes'
  const library = 'usr/local/lib/stayput/routes.sh'

  beforeAll(async () => {
    scene = await createScene()
  })
  afterAll(() => scene.fabric.remove())
  /** A systemd that runs, as far as the scripts can see, and notes what it is told. */
  beforeEach(async () => {
    await scene.renew()
    plug = scene.fabric.attach(scene.host, card)
    mkdirSync(path('run/systemd/system'), { recursive: true })
    writeFileSync(path('usr/local/sbin/systemctl'), '#!/bin/sh\necho "$@" >>/run/told\n', { mode: 0o755 })
  })

  const told = () => (existsSync(path('run/told')) ? readFileSync(path('run/told'), 'utf8').trim().split('\n') : [])
  const atBoot = async () => {
    const start = readFileSync(path(service), 'utf8').match(/^ExecStart=(.*)$/m)![1]!
    return await scene.host.execute(start.split(' '))
  }
  /** The kernel has forgotten all, and /run is empty; the interface is found at boot. */
  const reboot = async () => {
    scene.fabric.detach(plug)
    scene.host.shell('for priority in 7829 7831 7832; do ip rule del priority $priority; done')
    await scene.host.execute(['sh', '-c', 'rm -f /run/stayput-routes'])
    plug = scene.fabric.attach(scene.host, card)
  }

  test('a unit brings back the same bytes, from parameters that it reads as data', async () => {
    const { host, far, run } = scene
    expect((await run('apply')).code).toBe(0)
    const whole = host.state()
    await reboot()
    expect(far.ask(address)).toBeUndefined()
    expect(await atBoot()).toMatchObject({ code: 0, stderr: '' })
    const numbers = /@if\d+|^\d+: /gm
    expect(host.state().replaceAll(numbers, '')).toBe(whole.replaceAll(numbers, ''))
    expect(far.ask(address)).toBe(farPeer)
    expect((await atBoot()).stderr).toBe('')
    expect((await run('check')).code).toBe(0)
  })

  test('the units are enabled, with a timer that looks again, and a second run leaves the same', async () => {
    const { run } = scene
    await run('apply')
    const files = [service, timer, parameters, library].map((name) => readFileSync(path(name), 'utf8'))
    expect(told()).toEqual([
      'daemon-reload',
      '--quiet enable stayput-routes.service stayput-routes.timer',
      'start stayput-routes.timer',
    ])
    await run('apply')
    expect([service, timer, parameters, library].map((name) => readFileSync(path(name), 'utf8'))).toEqual(files)
    expect(files[0]).toContain('ConditionPathExists=!/var/lib/stayput/handed-over')
  })

  test('the removal leaves neither units nor files, and tells systemd so', async () => {
    const { run } = scene
    await run('apply')
    expect((await run('remove')).code).toBe(0)
    expect(
      [service, timer, parameters, library, 'run/stayput-routes'].filter((name) => existsSync(path(name))),
    ).toEqual([])
    expect(told().slice(3)).toEqual([
      '--quiet disable --now stayput-routes.timer stayput-routes.service',
      'daemon-reload',
    ])
    await run('remove')
    expect(told()).toHaveLength(5)
  })

  test.each([
    ['an address that is a command', `address $(touch /run/harm)`],
    ['an address elsewhere', 'address 10.60.9.9'],
    ['members that are none', 'peers 1=10.60.1.10 2=;touch'],
    ['something else', 'PATH /tmp'],
    ['half of it', undefined],
  ])('%s in the file of parameters is refused', async (_, line) => {
    const { host, run } = scene
    await run('apply')
    const text = readFileSync(path(parameters), 'utf8')
    writeFileSync(path(parameters), line === undefined ? text.split('\n')[0]! : `${text}${line}\n`)
    const before = host.state()
    expect(await atBoot()).toMatchObject({ code: 64, facts: { failed: 'bad-parameter' } })
    expect(host.state()).toBe(before)
    expect(existsSync(path('run/harm'))).toBe(false)
  })

  test('nothing is installed where no systemd runs', async () => {
    await scene.host.execute(['rm', '-rf', '/run/systemd'])
    expect((await scene.run('apply')).code).toBe(0)
    expect([service, timer, parameters, library].filter((name) => existsSync(path(name)))).toEqual([])
    expect(told()).toEqual([])
  })

  test.skipIf(noAnalyze)(`systemd takes the units${noAnalyze === undefined ? '' : ` (${noAnalyze})`}`, async () => {
    await scene.run('apply')
    writeFileSync(path('run/verify'), '#!/bin/sh\nsystemd-analyze verify /etc/systemd/system/stayput-routes.* >&2\n')
    const ran = await scene.host.execute(['sh', '/run/verify'])
    expect(ran.stderr).not.toContain('stayput')
    expect(ran.code).toBe(0)
  })
})
