const known = new Map<string, boolean>()

/** Whether an operation only looks. */
export function isRead(operation: string): boolean {
  const answer = known.get(operation) ?? /\.(Describe|Get|List)/.test(operation)
  known.set(operation, answer)
  return answer
}
