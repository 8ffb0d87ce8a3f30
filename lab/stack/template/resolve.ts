/**
 * CloudFormation's intrinsic functions, as many as the template uses (CloudFormation User Guide, "Intrinsic function
 * reference"). One that is not known is an error that names it.
 */
export interface Physical {
  /** What `Ref` of a logical id or pseudo parameter gives. */
  ref(logicalId: string): string
  getAtt(logicalId: string, attribute: string): string
}

export class BadTemplate extends Error {
  override readonly name = 'BadTemplate'
}

/** The value with every function in it replaced by what it gives; AWS::NoValue takes its property away. */
export function resolve(value: unknown, physical: Physical): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isNoValue(one)).map((one: unknown) => resolve(one, physical))
  if (!isRecord(value)) return value
  const [[name, argument] = [''], ...others] = Object.entries(value)
  if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return call(name, argument, physical)
  const kept = Object.entries(value).filter(([, one]) => !isNoValue(one))
  return Object.fromEntries(kept.map(([key, one]) => [key, resolve(one, physical)]))
}

function call(name: string, argument: unknown, physical: Physical): unknown {
  const resolved = (given: unknown): string => text(resolve(given, physical), name)
  switch (name) {
    case 'Ref':
      return physical.ref(text(argument, name))
    case 'Fn::GetAtt':
      return getAtt(Array.isArray(argument) ? argument.map(resolved).join('.') : text(argument, name), physical)
    case 'Fn::Sub':
      return substitute(argument, physical)
    case 'Fn::Join': {
      const [separator, parts] = list(argument, name)
      return list(resolve(parts, physical), name).map(resolved).join(text(separator, name))
    }
    case 'Fn::Base64':
      return Buffer.from(resolved(argument)).toString('base64')
    default:
      throw new BadTemplate(`${name} is not known here`)
  }
}

/** `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which stands for itself. */
function substitute(argument: unknown, physical: Physical): string {
  const [template, variables = {}] = Array.isArray(argument) ? (argument as unknown[]) : [argument]
  const given = resolve(variables, physical)
  return text(template, 'Fn::Sub').replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`
    if (isRecord(given) && name in given) return text(given[name], 'Fn::Sub')
    return name.includes('.') ? getAtt(name, physical) : physical.ref(name)
  })
}

function getAtt(path: string, physical: Physical): string {
  const dot = path.indexOf('.')
  return physical.getAtt(path.slice(0, dot), path.slice(dot + 1))
}

/** Every logical id to which a value refers. */
export function references(value: unknown): Set<string> {
  const found = new Set<string>()
  const note = (id: string): string => {
    if (!id.startsWith('AWS::')) found.add(id)
    return ''
  }
  resolve(value, { ref: note, getAtt: note })
  return found
}

const isNoValue = (value: unknown): boolean => isRecord(value) && value['Ref'] === 'AWS::NoValue'

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new BadTemplate(`${name} of ${JSON.stringify(value)}`)
}

function list(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new BadTemplate(`${name} of ${JSON.stringify(value)}`)
}
