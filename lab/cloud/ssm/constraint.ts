import { AwsError } from '../error.ts'

/**
 * What the front end of the service checks before the service itself sees a request. It tells every violation at once,
 * in one text (captured: radkawar/stackd, managed_execution_control_edges).
 */
export class Constraints {
  readonly #violations: string[] = []

  /** `at` is the member's name in the wire's lower camel case; some members are told with their value, some without. */
  require(holds: boolean, at: string, constraint: string, value?: string | number): this {
    const what = value === undefined ? 'Value' : `Value '${value}'`
    if (!holds) this.#violations.push(`${what} at '${at}' failed to satisfy constraint: Member must ${constraint}`)
    return this
  }

  enforce(): void {
    const count = this.#violations.length
    if (count === 0) return
    const errors = count === 1 ? 'error' : 'errors'
    throw new AwsError('ValidationException', `${count} validation ${errors} detected: ${this.#violations.join('; ')}`)
  }
}

const uuid = '^[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$'
const node = String.raw`(^i-(\w{8}|\w{17})$)|(^mi-\w{17}$)`
const uuidForm = new RegExp(uuid)
const nodeForm = new RegExp(node)

export function requireCommandId(constraints: Constraints, id: string): void {
  constraints
    .require(id.length >= 36, 'commandId', 'have length greater than or equal to 36', id)
    .require(uuidForm.test(id), 'commandId', `satisfy regular expression pattern: ${uuid}`, id)
}

export function requireInstanceId(constraints: Constraints, id: string): void {
  constraints
    .require(id.length >= 10, 'instanceId', 'have length greater than or equal to 10', id)
    .require(nodeForm.test(id), 'instanceId', `satisfy regular expression pattern: ${node}`, id)
}

export function requirePageSize(constraints: Constraints, size: number | undefined, least: number): void {
  if (size === undefined) return
  constraints
    .require(size >= least, 'maxResults', `have value greater than or equal to ${least}`)
    .require(size <= 50, 'maxResults', 'have value less than or equal to 50')
}
