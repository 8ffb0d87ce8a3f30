import { isRead } from '../calls.ts'
import type { Sending, Watch } from './watch.ts'

/** S8: every resource that a changing call names belongs to the ensemble whose function makes it. */
export class Belonging {
  readonly #watch: Watch

  constructor(watch: Watch) {
    this.#watch = watch
  }

  sending({ operation, input, life }: Sending): void {
    if (isRead(operation)) return
    const { byVolume, byInterface, ensembleOfGroup, ensembleOfInstance } = this.#watch
    const { ensemble } = life
    const own = (what: unknown, whose: (id: string) => string | undefined): void => {
      if (typeof what !== 'string' || whose(what) === ensemble) return
      this.#watch.break('S8', `${ensemble} calls ${operation} for ${what} of ${whose(what) ?? 'nobody'}`)
    }
    for (const id of listed(input['InstanceIds'])) own(id, (one) => ensembleOfInstance.get(one))
    for (const id of listed(input['Resources'])) own(id, (one) => (byVolume.get(one) ?? byInterface.get(one))?.ensemble)
    own(input['VolumeId'], (one) => byVolume.get(one)?.ensemble)
    own(input['NetworkInterfaceId'], (one) => byInterface.get(one)?.ensemble)
    own(input['InstanceId'], (one) => ensembleOfInstance.get(one))
    own(input['AutoScalingGroupName'], (one) => ensembleOfGroup.get(one))
  }
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
