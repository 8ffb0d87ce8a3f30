/** What the request says, else what is there already, else the default: so every setting is read. */
export function choose<T>(given: T | undefined, existing: T | undefined, otherwise: T): T {
  return given ?? existing ?? otherwise
}
