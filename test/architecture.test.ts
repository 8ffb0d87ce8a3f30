import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Import {
  readonly from: string
  readonly to: string
  readonly typeOnly: boolean
}

/** Every import of every TypeScript file below a folder, relative ones resolved to a path from the top. */
function imports(folder: string): Import[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  return files.flatMap((file) => {
    const from = join(folder, file)
    const source = readFileSync(join(root, from), 'utf8')
    return [...source.matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)'/gm)].map(
      ([, typeOnly, target = '']) => ({
        from,
        to: target.startsWith('.') ? normalize(join(dirname(from), target)) : target,
        typeOnly: typeOnly !== undefined,
      }),
    )
  })
}

const below = (folder: string) => (one: Import) => one.to.startsWith(`${folder}/`)
const product = [...imports('shared'), ...imports('functions')]

describe('imports point one way', () => {
  test('there is something to look at', () => {
    expect(product.length).toBeGreaterThan(80)
  })

  test('nothing in shared or functions imports lab, cli or test', () => {
    expect(product.filter((one) => ['lab', 'cli', 'test'].some((folder) => below(folder)(one)))).toEqual([])
  })

  test('nothing in shared imports functions', () => {
    expect(imports('shared').filter(below('functions'))).toEqual([])
  })

  test('the model imports nothing but itself and the schema library', () => {
    const outside = imports('shared/model').filter((one) => !below('shared/model')(one))
    expect([...new Set(outside.map((one) => one.to))]).toEqual(['valibot'])
  })

  test('the plan sees the model alone: no port, no clock, no configuration', () => {
    const outside = imports('shared/plan').filter((one) => !below('shared/plan')(one) && !below('shared/model')(one))
    expect(outside).toEqual([])
  })

  test('the ports know the model, not the stages', () => {
    const inside = imports('shared/aws').filter((one) => one.to.startsWith('shared/'))
    expect(inside.filter((one) => !below('shared/aws')(one) && !below('shared/model')(one))).toEqual([])
  })
})

describe('AWS is met in one place', () => {
  const aws = (one: Import): boolean => one.to.startsWith('@aws-sdk/') || one.to.startsWith('@smithy/')

  test('one file of the product imports the clients', () => {
    const files = product.filter((one) => aws(one) && !one.typeOnly).map((one) => one.from)
    expect([...new Set(files)]).toEqual(['shared/aws/sdk.ts'])
  })

  test('in the lab only the wire imports the SDK, the clients for their schemas alone', () => {
    const files = imports('lab').filter((one) => aws(one) && !one.typeOnly)
    expect([...new Set(files.map((one) => dirname(one.from)))]).toEqual(['lab/wire'])
    const clients = files.filter((one) => one.to.startsWith('@aws-sdk/client-')).map((one) => one.from)
    expect([...new Set(clients)]).toEqual(['lab/wire/schemas.ts'])
  })
})

describe('time and chance are arguments', () => {
  const readers = (folder: string, pattern: RegExp): string[] =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file))
      .filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))

  test('the core reads the clock in one file and rolls no dice', () => {
    expect(readers('shared', /Date\.now|setTimeout|performance\.|hrtime/)).toEqual(['shared/clock.ts'])
    expect(readers('shared', /Math\.random|randomUUID|process\.env/)).toEqual([])
  })

  test('the local cloud reads the clock in one file and rolls its own dice', () => {
    expect(readers('lab/cloud', /Date\.now|setTimeout|performance\.|hrtime/)).toEqual(['lab/cloud/clock.ts'])
    expect(readers('lab/cloud', /Math\.random|randomUUID|process\.env/)).toEqual([])
  })
})
