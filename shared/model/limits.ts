/** Every limit of the core: a name, a unit, a reason. All in milliseconds unless the name says otherwise. */
export const limits = {
  /** CONTINUE rests on a verification that was sent at most this long ago: an older one speaks of another world. */
  proofAgeMax: 60_000,
  /** From the first read of an observation to its plan: a read that hangs makes the others, and the clock, old news. */
  observationAgeMax: 20_000,
  /**
   * A volume normally attaches within 1 to 4 s. One that is still attaching after 90 s is stuck (so judges
   * kubernetes-sigs/aws-ebs-csi-driver), and a stuck one must not be attached to the same instance again.
   */
  attachStuckAfter: 90_000,
  /** After this an attach call that was announced but never seen has not happened, or never will. */
  intentSettlesAfter: 90_000,
  /** Agents come online within seconds to minutes; the slowest published sample took 6 min 07 s. */
  agentOnlineWithin: 7 * 60_000,
  /** A newcomer that finds each member of its zone held by a healthy instance waits this long, then goes. */
  memberFreeWithin: 8 * 60_000,
  /** From here on a wait for a leaving holder is worth an alarm; EC2 itself ends a shutdown only after hours. */
  leavingHolderAlarmAfter: 10 * 60_000,
  /** A member that its peers can't reach this long after the launch has a network that waiting does not mend. */
  reachableWithin: 15 * 60_000,
  /** Detaching takes seconds; later than this after the hand-over we stop waiting and let EC2 free the volumes. */
  detachWithin: 5 * 60_000,
  /** SSM's delivery time-out in seconds: 30 is the least it accepts, its default of an hour lets commands run late. */
  commandDeliverySeconds: 60,
  /** A command that reaches the host later than this after it was sent refuses to run. */
  commandNotAfter: 90_000,
  /** After delivery and execution time-outs SSM itself has given up on a command (the documents allow 120 s). */
  commandForgottenAfter: 4 * 60_000,
  /** A command that failed for want of something outside the host is sent again no sooner than this. */
  commandAgainAfter: 15_000,
  /** So many failed commands on one host, and the host is given up. */
  commandFailuresMax: 3,
  /** Looking again: the first pause, and the longest. Reads are cheap beside the minutes that a boot takes. */
  pauseMin: 200,
  pauseMax: 3000,
  /** A wait that has lasted for long may become longer by this share, but by no more than `pauseLongest`. */
  pauseShareMax: 0.1,
  pauseLongest: 15_000,
  /** Between two looks of the sweep at an action with which it has had nothing to do yet. */
  pausePatient: 10_000,
  /**
   * "There is nothing to do" must hold this long before it is believed: a read may be older than the event that led to
   * it, and whoever turns away too early leaves the action to the sweep.
   */
  nothingSettlesAfter: 5000,
  /** Whoever did not make the claim leaves this much time to the one who did, before it sends a command itself. */
  courtesy: 4000,
} as const
