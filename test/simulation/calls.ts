/** Whether an operation only looks. */
export function isRead(operation: string): boolean {
  const name = operation.slice(operation.indexOf('.') + 1)
  return name.startsWith('Describe') || name.startsWith('Get') || name.startsWith('List')
}
