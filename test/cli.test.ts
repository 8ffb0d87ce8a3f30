import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = `${root}cli/stayput.mjs`

/** Runs a command line to its end. */
async function stayput(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}

describe('the command line', () => {
  test('tells its commands, and each command its options', async () => {
    const { code, stdout } = await stayput('--help')
    expect(code).toBe(0)
    for (const name of ['start', 'lab', 'replay']) {
      expect(stdout).toContain(name)
      expect((await stayput(name, '--help')).stdout).toContain('usage: npm ')
    }
  })

  test.each([
    [['stop'], 'there is no command "stop"'],
    [['start', '--speed', '0'], '--speed "0" is not a number from 1 to 1000'],
    [['start', '--hosts', 'imaginary'], '--hosts "imaginary"'],
    [['start', '--fast'], "Unknown option '--fast'"],
    [['lab', 'fly'], 'lab: "fly" is not a verb of it'],
    [['replay'], 'which files?'],
    [['replay', 'no-such-file.json'], "no-such-file.json can't be read"],
    [['replay', 'README.md'], 'README.md is not JSON'],
  ])('%j is refused with the reason and the usage', async (args, reason) => {
    const { code, stderr } = await stayput(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(reason)
    expect(stderr).toContain('usage: ')
  })
})

describe('start', () => {
  test('ends with the documented object: both take-overs kept address and volumes, no data and no quorum was lost', async () => {
    const { code, stdout } = await stayput('start', '--json', '--hosts', 'modelled', '--speed', '40')
    expect(code).toBe(0)
    const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(report).toMatchObject({
      ok: true,
      hosts: 'modelled',
      service: expect.any(String),
      data: { written: 1000, found: 1000 },
      quorumLost: false,
    })
    expect(report.members).toEqual(
      [1, 2, 3].map((id) => ({
        id,
        zone: expect.stringMatching(/^eu-central-1[abc]$/),
        address: `10.0.${id}.10`,
        volumes: [expect.stringMatching(/^vol-/)],
        instance: expect.stringMatching(/^i-/),
        role: expect.stringMatching(/^(leader|follower)$/),
      })),
    )
    expect(report.takeovers).toHaveLength(2)
    for (const takeover of report.takeovers) {
      expect(takeover.from).not.toBe(takeover.to)
      expect(takeover.seconds).toBeGreaterThan(0)
      const names = takeover.steps.map((step: { name: string }) => step.name)
      expect(names).toEqual(
        expect.arrayContaining(['launch', 'boot', 'attach-interface', 'attach-volume', 'take-over']),
      )
    }
  }, 120_000)
})

describe('replay', () => {
  const file = (name: string): string => `${root}test/events/${name}.json`

  test('prints the verdict of each event and why; a malformed one is an error that names the field', async () => {
    const files = ['launch', 'launch-duplicate', 'foreign-hook', 'malformed-token', 'terminate'].map(file)
    const { code, stdout } = await stayput('replay', ...files)
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatch(/^launch\.json: CONTINUE: member 1 is proved/)
    expect(lines[1]).toMatch(/^launch-duplicate\.json: NOTHING: .* is InService/)
    expect(lines[2]).toBe('foreign-hook.json: NOTHING: hook drain-connections is not ours (stayput-launch)')
    expect(lines[3]).toMatch(/^malformed-token\.json: ERROR: .*detail\.LifecycleActionToken must be a UUID/)
    expect(lines[4]).toMatch(/^terminate\.json: CONTINUE: it holds no member/)
    expect(code).toBe(1)
  }, 120_000)

  test('a JSON object a file, for machines', async () => {
    const { code, stdout } = await stayput('replay', '--json', file('foreign-account'))
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      file: file('foreign-account'),
      verdict: 'NOTHING',
      because: 'account 210987654321 is not ours (123456789012)',
    })
  })
})

describe('the AWS CLI', () => {
  const awsCli = spawnSync('aws', ['--version']).status === 0

  test.skipIf(!awsCli)(
    `sees the local cloud as AWS${awsCli ? '' : ' (skipped: there is no aws on the PATH)'}`,
    async () => {
      const lab = spawn(process.execPath, [cli, 'lab', 'serve', '--port', '0', '--empty', '--speed', '10'], {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      try {
        let url = ''
        for await (const line of createInterface({ input: lab.stderr })) {
          url = /serving \S+ at (http:\S+);/.exec(line)?.[1] ?? ''
          if (url !== '') break
        }
        const script = spawn('bash', [`${root}test/aws-cli.sh`, url], { stdio: ['ignore', 'pipe', 'pipe'] })
        let output = ''
        script.stdout.on('data', (data: Buffer) => (output += data.toString()))
        script.stderr.on('data', (data: Buffer) => (output += data.toString()))
        const [code] = (await once(script, 'close')) as [number]
        expect(output).toMatch(/\d+ checks passed\s*$/)
        expect(code).toBe(0)
      } finally {
        lab.kill('SIGTERM')
        await once(lab, 'close')
      }
    },
    240_000,
  )
})
