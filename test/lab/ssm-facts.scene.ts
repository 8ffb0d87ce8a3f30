import type { CommandInvocation, SendCommandResult } from '@aws-sdk/client-ssm'
import { expect } from 'vitest'
import { type Answers, content, i1, type Scene } from './ssm.scene.ts'

/**
 * What AWS answers, and who has seen it answer so. A: captured from AWS; B: in AWS's own source code; D: in AWS's
 * documentation or SDK models; E: seen in a public log of AWS.
 */
export interface Fact {
  readonly fact: string
  readonly grade: 'A' | 'B' | 'D' | 'E'
  readonly source: string
  readonly holds: (scene: Scene) => void | Promise<void>
}

export const captured = 'radkawar/stackd testdata/aws/ssm'
export const userGuide = 'AWS Systems Manager User Guide'

export function create(scene: Scene, inputs: object = { timeoutSeconds: '5' }, parameters: object = {}): void {
  scene.call('CreateDocument', { Name: 'doc', DocumentType: 'Command', Content: content(inputs, parameters) })
}

export function send(scene: Scene, more: object = {}) {
  const input = { DocumentName: 'doc', InstanceIds: [i1], TimeoutSeconds: 30, ...more }
  return scene.call('SendCommand', input).Command!
}

export function invocation(scene: Scene, CommandId: string): CommandInvocation {
  return scene.call('ListCommandInvocations', { CommandId, Details: true }).CommandInvocations![0]!
}

export function get(scene: Scene, CommandId: string) {
  return scene.call('GetCommandInvocation', { CommandId, InstanceId: i1 })
}

export function command(scene: Scene, CommandId: string) {
  return scene.call('ListCommands', { CommandId }).Commands![0]!
}

export function expirySeconds({ ExpiresAfter, RequestedDateTime }: SendCommandResult['Command'] & object): number {
  return Math.round((ExpiresAfter!.getTime() - RequestedDateTime!.getTime()) / 1000)
}

export function nodes(scene: Scene, input: object) {
  return scene.call('DescribeInstanceInformation', input).InstanceInformationList!
}

/** A text is compared whole, so that a refusal's words count. */
export function expectRefusal(scene: Scene, operation: keyof Answers, input: object, told: string | RegExp): void {
  const refusal = scene.refusal(operation, input)
  if (typeof told === 'string') expect(refusal).toBe(told)
  else expect(refusal).toMatch(told)
}

export function expectExpiry(sent: SendCommandResult['Command'] & object, seconds: number): void {
  expect(expirySeconds(sent)).toBe(seconds)
}
