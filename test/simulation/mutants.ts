import { attaching } from './mutants/attaching.ts'
import type { Mutant } from './mutants/plant.ts'
import { healing } from './mutants/healing.ts'
import { proving } from './mutants/proving.ts'
import { reading } from './mutants/reading.ts'
import { releasing } from './mutants/releasing.ts'

/** Every planted bug, by name. Each has to be found. */
export const mutants: Readonly<Record<string, Mutant>> = {
  ...attaching,
  ...proving,
  ...releasing,
  ...reading,
  ...healing,
}
