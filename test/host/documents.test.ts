import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { readDocuments } from '../../lab/stack/documents.ts'
import { projectFile } from '../../lab/stack/project.ts'
import { command } from './instance.ts'

const documents = [...readDocuments()].map(([name, content]) => ({ name, content }))
const text = (content: (typeof documents)[number]['content']): string =>
  content.mainSteps[0]?.inputs.runCommand.join('\n') ?? ''
const has = async (tool: string): Promise<boolean> =>
  (await command('bash', ['-c', 'command -v "$1"', 'look', tool])).exitCode === 0

// Systems Manager takes 64 KB of text, counted as strictly as that can be read.
const mostBytes = 64_000
const later = String(Math.floor(Date.now() / 1000) + 300)

/** Runs the document on this machine: only ever with parameters that it refuses before it has touched anything. */
const run = (name: string, parameters: Readonly<Record<string, string>>) =>
  command(
    'bash',
    ['-s'],
    Object.fromEntries(Object.entries(parameters).map(([key, value]) => [`SSM_${key}`, value])),
    text(readDocuments().get(name)!),
  )

describe.each(documents)('the document $name', ({ content }) => {
  test('is below the limit of Systems Manager', () => {
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(mostBytes)
  })

  test('leaves nothing for Systems Manager or the framework to fill in', () => {
    expect(text(content)).not.toContain('{{')
    expect(text(content)).not.toMatch(/\$\{(file|env|self|opt|sls|param|ssm|s3|cf|aws|strToBool)[(:]/)
  })

  test('reads the parameters that it declares, with the same patterns', () => {
    const read = [...text(content).matchAll(/^read_parameter \w+ (\w+) /gm)].map(([, name]) => name)
    // The parts are shared: a document may carry readers that its verb does not call.
    for (const name of Object.keys(content.parameters ?? {})) expect(read).toContain(name)
  })

  test('is Bash', async () => {
    expect(await command('bash', ['-n'], {}, text(content))).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })
})

/** The names of the parts of each document. */
function partsOfDocuments(): string[][] {
  const resources = readFileSync(projectFile('infra/documents.yml'), 'utf8').split(/\n {10}- action: /)
  const names = resources.map((text) => [...text.matchAll(/\$\{file\(infra\/parts\.cjs\):([a-z-]+)\}/g)])
  return names.slice(1).map((found) => found.flatMap(([, name]) => name ?? []))
}

const shellcheck = await has('shellcheck')

test.skipIf(!shellcheck)(`shellcheck finds nothing${shellcheck ? '' : ' (skipped: needs shellcheck)'}`, async () => {
  for (const parts of partsOfDocuments()) {
    const script = parts.map((name) => readFileSync(projectFile(`infra/host/${name}.sh`), 'utf8')).join('\n')
    // Not every verb uses every variable of the parts.
    const found = await command('shellcheck', ['-s', 'bash', '-e', 'SC2034', '-'], {}, script)
    expect(found.stdout).toBe('')
  }
})

test('every part belongs to a document', () => {
  const used = new Set(partsOfDocuments().flat())
  const parts = readdirSync(projectFile('infra/host')).map((file) => file.replace(/\.sh$/, ''))
  expect(parts.filter((part) => !used.has(part))).toEqual([])
})

describe('a parameter that is not as declared', () => {
  const good = {
    Ensemble: 'orders',
    Member: '1',
    Attempt: 'a-1',
    // Should everything else be accepted, this still ends the document before it begins.
    NotAfter: '1000000000',
    MacAddress: '02:00:00:00:00:01',
    Address: '192.0.2.1',
    SubnetCidr: '192.0.2.0/24',
    Volumes: 'vol-00000001=/nowhere/data',
    Peers: '1=192.0.2.1',
    Format: 'none',
    FileSystem: 'any',
    Bootstrap: 'denied',
    Service: 'keep',
  }

  test('a command that comes too late does nothing', async () => {
    for (const name of ['stayput-take-over', 'stayput-hand-over']) {
      const { exitCode, stdout } = await run(name, good)
      expect(exitCode).toBe(10)
      expect(JSON.parse(stdout)).toMatchObject({ attempt: 'a-1', failed: 'too-late' })
    }
  })

  test.each([
    ['Member', '256'],
    ['Member', '1; reboot'],
    ['MacAddress', ''],
    ['Volumes', 'vol-00000001=/a b'],
    ['Volumes', 'vol-00000001=/a,'],
    ['Peers', '2=192.0.2.1'],
    ['Peers', '1=192.0.2.12'],
    ['Format', '$(reboot)'],
    ['FileSystem', 'btrfs'],
    ['Bootstrap', 'perhaps'],
  ])('%s=%s is refused, and the refusal names the attempt', async (name, value) => {
    const { exitCode, stdout } = await run('stayput-take-over', { ...good, [name]: value })
    expect(exitCode).toBe(64)
    expect(JSON.parse(stdout)).toMatchObject({ attempt: 'a-1', failed: 'bad-parameter' })
    expect(stdout.trim().split('\n')).toHaveLength(1)
  })

  test('a parameter that an older agent does not set is refused', async () => {
    const { Bootstrap: _, ...rest } = good
    expect((await run('stayput-take-over', rest)).exitCode).toBe(64)
  })
})

describe('what nobody foresaw', () => {
  const common = readFileSync(projectFile('infra/host/common.sh'), 'utf8')

  test.each([
    ['a command that fails', 'attempt=a-1; cat /nowhere/at/all', 1],
    ['a failure inside a command substitution', 'attempt=a-1; x=$(fail 30 volume-missing "no disk")', 30],
  ])('%s is told as one line of facts', async (_, script, code) => {
    const { exitCode, stdout } = await command('bash', ['-s'], {}, `${common}\n${script}\n`)
    expect(exitCode).toBe(code)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(stdout)).toMatchObject({ attempt: 'a-1', failed: 'unexpected' })
  })
})

describe('health', () => {
  const row = '1=02:00:00:00:00:01=192.0.2.10=192.0.2.0/24=vol-00000001:/nowhere/data'
  const good = { Ensemble: 'orders', Members: row, NotAfter: '1000000000' }

  test('that comes too late, or is about nobody, is refused', async () => {
    const { exitCode, stdout } = await run('stayput-health', good)
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([10, { attempt: '', failed: 'too-late' }])
    const { Members: _, ...rest } = good
    expect((await run('stayput-health', rest)).exitCode).toBe(64)
  })

  test.each([
    row.replace('1=', '256='),
    row.replace('vol-00000001:', 'vol-00000001='),
    `${row},`,
    `${row}+/nowhere/else`,
    row.replace('/nowhere/data', '/$(reboot)'),
  ])('Members=%s is refused', async (Members) => {
    const { exitCode, stdout } = await run('stayput-health', { ...good, Members })
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([64, { failed: 'bad-parameter' }])
  })

  test('takes what Systems Manager has let through, with several volumes and members', async () => {
    const pattern = readDocuments().get('stayput-health')!.parameters!['Members']!.allowedPattern!
    const two = `${row}+vol-00000002:/nowhere/logs,${row.replace('1=', '2=')}`
    for (const Members of [row, two]) {
      expect(Members).toMatch(new RegExp(pattern))
      expect((await run('stayput-health', { ...good, Members })).exitCode).toBe(10)
    }
    for (const Members of [`${row};`, `${row} `, '']) expect(Members).not.toMatch(new RegExp(pattern))
  })

  test('changes nothing: it carries only parts that look', () => {
    const [, , , health] = partsOfDocuments()
    expect(health).toEqual(['common', 'parameters', 'routes', 'volumes', 'zookeeper', 'health'])
  })
})

describe('reach', () => {
  const peer = { Address: '127.0.0.1', Own: '127.0.0.1', NotAfter: later }

  test('succeeds at an open port', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
    const { stdout } = await run('stayput-reach', { ...peer, Port: String(port) })
    server.close()
    expect(JSON.parse(stdout)).toEqual({ attempt: null, reached: true })
  })

  test('a refused connection is no proof, nor a refutation where no server of its own has a role', async () => {
    const { exitCode, stdout } = await run('stayput-reach', { ...peer, Port: '1' })
    expect(exitCode).toBe(41)
    expect(JSON.parse(stdout)).toMatchObject({ failed: 'no-quorum' })
  })
})
