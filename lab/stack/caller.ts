import { AsyncLocalStorage } from 'node:async_hooks'
import { type FunctionName, functionNames } from './functions.ts'

/** Each function signs with an access key of its own, as each has a role of its own on AWS. */
export const accessKeys: Readonly<Record<FunctionName, string>> = {
  launch: 'AKIALOCALLAUNCH00000',
  terminate: 'AKIALOCALTERMINATE00',
  sweep: 'AKIALOCALSWEEP000000',
}

/** The function that runs, where functions run in this process side by side on one port. */
export const running = new AsyncLocalStorage<FunctionName>()

export const credentialsOf = (name: FunctionName) => ({ AWS_ACCESS_KEY_ID: accessKeys[name] })

/** The function that signs with this key; undefined for everybody else. */
export function callerOf(accessKey: string | undefined): FunctionName | undefined {
  return functionNames.find((name) => accessKeys[name] === accessKey)
}
