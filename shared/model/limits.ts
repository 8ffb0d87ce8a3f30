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
  /** The same for a change of the list of those who vote, which rests on how the others are at this moment. */
  changeNotAfter: 20_000,
  /** After delivery and execution time-outs SSM itself has given up on a command (the documents allow 120 s). */
  commandForgottenAfter: 4 * 60_000,
  /**
   * A peer that has not told by then whether it reaches an address is silent, and another is asked, or none. Its script
   * ends after 10 s; one pass of the sweep has to live to see it.
   */
  peerAnswersWithin: 30_000,
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
  /** Reads may be some seconds behind: so long a note has to have been seen before the lack of another one is believed. */
  leavingSettles: 5000,
  /** Whoever has not seen a note has decided within `observationAgeMax` and `leavingSettles`, to be seen seconds later. */
  standsBackAfter: 30_000,
  /** Nobody is told to hand over by a decision that was noted longer ago: others take it for a wish after a while. */
  decisionAgeMax: 60_000,
  /**
   * A write that was sent so long ago has arrived or never will, by whatever clock: AWS takes no request whose signature is
   * more than five minutes old, or off its own clock ("Elements of an AWS API request signature", IAM User Guide).
   */
  writeArrivesWithin: 10 * 60_000,
  /** A hand-over rests on answers that are no older: a little more than `healthWithin`, so that the last one is of use. */
  healthAgeMax: 30_000,
  /** That a host is silent shows after `healthWithin` only, and is believed for as long as it takes to ask the others. */
  silenceAgeMax: 60_000,
  /**
   * Where nobody leads for longer than any election takes, a server that waits for one is no part of a quorum. It may be
   * what the others wait for to be replaced.
   */
  rolelessAfter: 2 * 60_000,
  /** A hand-over that waits so long for the quorum is worth an alarm: somebody should look after the other members. */
  guardAlarmAfter: 10 * 60_000,
  /** A member that serves so long after its instance was launched and still has no vote is worth an alarm. */
  voteWithin: 20 * 60_000,
  /**
   * A second failure in a row has the next launch follow no sooner than this after the one that failed, each further one
   * twice as long, up to the most: two launches an hour cost little, and a member that is mended is back within that.
   */
  launchAgainAfter: 2 * 60_000,
  launchAgainMost: 30 * 60_000,
  /** So many failed launches of a member in a row are no accident. */
  launchFailuresAlarm: 3,
  /** So long hosts have to tell how their members are. The script ends sooner; the rest is delivery. */
  healthWithin: 25_000,
  /** ZooKeeper's tickTime x (initLimit + syncLimit), as its sample configuration has them, where no host tells its own. */
  electionWithin: 30_000,
  /**
   * After a step of healing its effect is judged no sooner than this and what the servers themselves may take to find
   * their roles: a take-over waits for a start and an election.
   */
  healingSettles: 60_000,
  /** A member that nobody sees is believed to be gone when three passes of the sweep in a row found it so. */
  replaceAfter: 3 * 60_000,
  /** One that is sick again so soon after it was healed is healed by the next step: the last one has not lasted. */
  healedAfter: 10 * 60_000,
  /** Between two replacements of one member. A note that is older than this tells of another illness. */
  healingStands: 30 * 60_000,
  /** One that is sick waits so long for another that is on its way, and may itself be what that one waits for. */
  onItsWayWithin: 10 * 60_000,
  /** An instance that holds no member so long after its launch is not about to become one. */
  strayAfter: 10 * 60_000,
} as const
