/**
 * vitest 5 prints failures with Map.groupBy, which Node 20 does not have. Loaded before vitest, so that a failing test
 * on Node 20 tells why it failed instead of crashing the reporter.
 */
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map()
  let index = 0
  for (const item of items) {
    const key = keyOf(item, index++)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}
