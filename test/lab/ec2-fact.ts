import type { Ec2Scene } from './ec2-scene.ts'

/**
 * What public sources say that AWS answers. Grades: captured from AWS; verified against AWS by the authors of a test;
 * seen in public logs of AWS; asserted by an emulator's author only, which proves nothing about AWS.
 */
export interface Fact {
  readonly row: string
  readonly grade: 'captured' | 'verified' | 'seen in logs' | 'asserted'
  readonly source: string
  readonly fact: string
  readonly prove: (scene: Ec2Scene) => void | Promise<void>
}

/** The refusal that stands for most faults of a parameter: one code, many texts. */
export const invalid = (message: string) => ({ code: 'InvalidParameterValue', message, status: 400 })
