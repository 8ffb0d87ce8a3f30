/*
 * The protocol of Stayput for one member of an ensemble, and two instances that come and go around it.
 *
 * What must hold, whatever is late, lost, doubled or cut short:
 *
 *   PULLED     EC2 never takes the volume from a living instance that has it mounted, nor the interface from one whose
 *              service runs.
 *   ONE-SHOT   A volume is never attached a second time to an instance that may still use it. (To one that has handed
 *              over it may be: two invocations that announced at once send two calls, and one of them lands late. The
 *              tombstone is what makes that harmless, not the intent.)
 *   ALONE      The service never runs on two instances.
 *   WHOLE      The service runs only where both interface and volume of the member are.
 *   HALVES     Interface and volume of the member are never with two instances that both may go on to use them.
 *   PROVED     An instance comes into service only as the member: everything attached, mounted, running; unless
 *              another invocation has told it to hand over between the decision to CONTINUE and its arrival.
 *
 * The world is as unkind as it can be without breaking EC2's own promises. A call, once sent, lands whenever it likes or
 * never, and its sender may not hear of it. A command runs late, any number of times. Hooks time out, machines die,
 * invocations end between any two steps and start again from nothing. Every limit of time is a free choice: nothing here
 * rests on a clock. What EC2 does in one step (look whether it may, and do it) is one atomic step here too: a guard that
 * is apart from its effect would let two claims succeed, which EC2 does not.
 *
 * Four shortcuts keep it small enough to be exhausted, and each only adds behaviour. To decide and to send is one step,
 * because what was sent may land at any later time. An invocation that looks again is a new one, unless it remembers a
 * refusal. Giving a launch up is a free choice in every pass. And since a hook may time out at any moment, telling
 * ABANDON, or CONTINUE for an instance that terminates, needs no step of its own.
 *
 * Left out: clocks (proof age, not-after), reads of one observation that mix moments (what is done on an old one is not
 * left out), more than one volume a member, zones, permits, what is in the ensemble.
 *
 * Scenarios (one of these is defined):
 *   REPLACEMENT  instance 0 is the member and in service, is terminated or dies; instance 1 comes to take over.
 *   TWINS        instances 0 and 1 are both launched for the member, which is free.
 *   GIVING_UP    instance 0 is launched, may be given up at any moment, with its calls still on their way; instance 1 is
 *                launched after it has gone.
 *   BY_HAND      as GIVING_UP, and a person detaches the volume once while it is not mounted, by a call that is sent
 *                twice on its way; one invocation at a time.
 * Negative controls (each removes one rule, and must break a promise):
 *   NO_CONFIRMATION  volumes are detached before the host has said that it let go of them
 *   NO_TOMBSTONE     a late take-over starts the service again
 *   NO_HOST_LOCK     take-over and hand-over run side by side on one host
 *   NO_CLAIM         volumes are attached by whoever sees them free
 *   NO_PROOF         CONTINUE once everything is attached
 *   FORCE            a volume is taken from an instance that only looks as if it leaves
 *   NO_INTENT        a volume that is lost is attached again (BY_HAND)
 *   TWO_AT_WORK      two invocations announce at once, and a person detaches between their two calls (BY_HAND): what
 *                    the intent can't prevent, for a tag is no lock
 * Reachability controls (each asserts that something never happens, and must be refuted, or the world is too kind):
 *   NEVER_IN_SERVICE, NEVER_HANDED_OVER, NEVER_GIVEN_UP, NEVER_LATE (an attach call that lands after the hand-over)
 */

#define NONE 2
#define OTHER(i) (1 - (i))

#ifdef BY_HAND
#define GIVING_UP
#endif

/* Auto Scaling's lifecycle: not launched yet, Pending:Wait, InService, Terminating:Wait, and all that comes after. */
#define AWAITED 0
#define PENDING 1
#define SERVICE 2
#define TERMINATING 3
#define OUT 4
byte life[2];

/* EC2's states. */
#define RUNNING 0
#define SHUTTING 1
#define DEAD 2
byte ec2[2];

/* Attachments: the instance that holds the interface, and the volume. */
byte card = NONE;
byte disk = NONE;
/* The intent, a tag on the volume: shared/act/attach-volume.ts writes it ahead of the call. */
byte intent = NONE;

/* Calls that were sent and have not landed. */
bit claimSent[2];
byte attachSent[2];
bit detachSent[2];
bit releaseSent[2];
/* Commands that were sent: from then on a host may run them at any time, and again. */
bit takeOverSent[2];
bit handOverSent[2];

/* Hosts. */
bit mounted[2];
bit serving[2];
bit tombstone[2];
/* The facts that commands have printed. */
bit proved[2];
bit handedOver[2];
#ifdef NO_HOST_LOCK
bit taking[2];
#endif

/* For the promises alone. */
bit attachedOnce[2];

#define ALIVE(i) (ec2[i] != DEAD)
#define LEAVING(i) (ec2[i] != RUNNING || life[i] == TERMINATING || life[i] == OUT)

#ifdef NO_TOMBSTONE
#define REFUSES(i) false
#else
#define REFUSES(i) (tombstone[i])
#endif

/* ALONE, WHOLE and HALVES are looked at after every step that could break them. */
inline check(i) {
  assert(!(serving[0] && serving[1]));
  assert(!serving[i] || (card == i && disk == i));
  if
  :: card != NONE && disk != NONE && card != disk ->
    assert(LEAVING(card) || LEAVING(disk) || tombstone[card] || tombstone[disk])
  :: else
  fi
}

/* EC2: AttachNetworkInterface. It refuses when the interface is attached to anybody. */
inline landClaim(i) {
  if
  :: card == NONE && ec2[i] == RUNNING -> card = i; check(i)
  :: else
  fi
}

/* EC2: AttachVolume. */
inline landAttach(i, answer) {
  if
  :: disk == NONE && ec2[i] == RUNNING ->
    assert(!attachedOnce[i] || tombstone[i]);
    attachedOnce[i] = true;
    disk = i;
    answer = true;
    check(i)
  :: else -> answer = false
  fi
}

/* EC2: DetachVolume is guarded by volume and instance only. */
inline landDetach(i) {
  if
  :: disk == i ->
    assert(!(mounted[i] && ALIVE(i)));
    disk = NONE
  :: else
  fi
}

/* EC2: DetachNetworkInterface goes by attachment id; an instance is attached to it once at most, so that is the same. */
inline landRelease(i) {
  if
  :: card == i ->
    assert(!(serving[i] && ALIVE(i)));
    card = NONE;
#ifdef NEVER_HANDED_OVER
    assert(!handedOver[i]);
#endif
  :: else
  fi
}

/* The host mounts, and if nothing goes wrong it serves and says so. */
inline becomeMember(i) {
  if
  :: card == i && disk == i ->
    mounted[i] = true;
    if
    :: serving[i] = true; proved[i] = true; check(i)
    :: true
    fi
  :: else
  fi
}

/* What Auto Scaling, EC2, Systems Manager and the host of one instance may do at any moment. */
proctype Instance(byte i) {
  bit landed;
#ifdef BY_HAND
  bit meddled;
#endif
end:
  do
  /* Auto Scaling. A new instance comes, by the scenario, at once or when the other has gone. */
#ifdef GIVING_UP
  :: atomic { life[i] == AWAITED && (i == 0 || life[0] == OUT) -> life[i] = PENDING }
#else
  :: atomic { life[i] == AWAITED -> life[i] = PENDING }
#endif
#ifdef REPLACEMENT
  :: atomic { i == 0 && life[i] == SERVICE -> life[i] = TERMINATING }
#endif
  /* A hook times out, or is told ABANDON, or CONTINUE for an instance that terminates. */
  :: atomic {
      life[i] == PENDING || life[i] == TERMINATING ->
#ifdef NEVER_GIVEN_UP
      assert(!(life[i] == PENDING && handedOver[i] && card == NONE));
#endif
      life[i] = OUT
    }
  /* EC2. It is terminated, or dies by itself; what it holds comes free afterwards, each part in its own time. */
  :: atomic { ec2[i] == RUNNING && life[i] == OUT -> ec2[i] = SHUTTING }
  :: atomic {
      ALIVE(i) && life[i] != AWAITED ->
      ec2[i] = DEAD; life[i] = OUT;
      mounted[i] = false; serving[i] = false; proved[i] = false; takeOverSent[i] = false; handOverSent[i] = false;
      claimSent[i] = false; attachSent[i] = 0
    }
  :: atomic { ec2[i] == DEAD && card == i -> card = NONE }
  :: atomic { ec2[i] == DEAD && disk == i -> disk = NONE }
  /* What is left of the dead can't do anything any more: forgotten, so that equal worlds are counted once. */
  :: atomic {
      ec2[i] == DEAD && card != i && disk != i && (tombstone[i] || attachedOnce[i] || detachSent[i] || releaseSent[i]) ->
      tombstone[i] = false; handedOver[i] = false; attachedOnce[i] = false; detachSent[i] = false; releaseSent[i] = false
    }
  /* Calls land, late or never. */
  :: atomic { claimSent[i] -> claimSent[i] = false; landClaim(i) }
  :: atomic {
      attachSent[i] > 0 -> attachSent[i]--; landAttach(i, landed);
#ifdef NEVER_LATE
      assert(!(landed && tombstone[i]));
#endif
      landed = false
    }
  :: atomic { detachSent[i] -> detachSent[i] = false; landDetach(i) }
  :: atomic { releaseSent[i] -> releaseSent[i] = false; landRelease(i) }
  /* infra/host/take-over.sh: under the host's lock it refuses beside a tombstone, then mounts, then starts. */
#ifdef NO_HOST_LOCK
  :: atomic { takeOverSent[i] && ALIVE(i) && !REFUSES(i) && !taking[i] -> taking[i] = true }
  :: atomic { taking[i] -> taking[i] = false; if :: ALIVE(i) -> becomeMember(i) :: else fi }
#else
  :: atomic { takeOverSent[i] && ALIVE(i) && !REFUSES(i) && !serving[i] && card == i && disk == i -> becomeMember(i) }
#endif
  /* infra/host/hand-over.sh: the tombstone before everything else, then stop; unmounted last; it may be cut between. */
  :: atomic { handOverSent[i] && ALIVE(i) && !tombstone[i] -> tombstone[i] = true; serving[i] = false; proved[i] = false }
  :: atomic {
      handOverSent[i] && ALIVE(i) && tombstone[i] && !handedOver[i] ->
      serving[i] = false; mounted[i] = false; handedOver[i] = true
    }
#ifdef BY_HAND
  :: atomic {
      !meddled && disk == i && !mounted[i] && life[i] == PENDING -> meddled = true; disk = NONE; detachSent[i] = true
    }
#endif
  od
}

#ifdef NO_CONFIRMATION
#define CONFIRMED true
#else
#define CONFIRMED handedOver[i]
#endif

/* How a resource stands to the instance of the action: attached here, to nobody, to one that leaves, to one that stays. */
#define MINE 0
#define FREE 1
#define GOING 2
#define KEPT 3
#define STANDING(holder) (holder == i -> MINE : (holder == NONE -> FREE : (LEAVING(OTHER(i)) -> GOING : KEPT)))

#ifdef NO_INTENT
#define MAY_ATTACH true
#else
#define MAY_ATTACH (intent != i || refused)
#endif

/*
 * An invocation: the function for an event, its duplicate, or the sweep. shared/advance.ts: look at everything, plan
 * from that alone, do what the plan says, look again. It may end between any two steps.
 */
proctype Invocation(byte first) {
  byte i, seenCard, seenDisk;
  /* The memory of one invocation, shared/observe.ts: EC2 has refused its attach call to its face. */
  bit refused;

end:
begin:
  atomic {
#ifdef TWINS
    /* One at work on each of the two; that two are at work on one is what the other scenarios are for. */
    i = first;
#else
    if
    :: i = 0
    :: i = 1
    fi;
#endif
    refused = false
  }

pass:
  /* shared/observe.ts and shared/plan: one look, one decision. The state decides the direction, not the event. */
  atomic {
    (life[i] == PENDING || life[i] == TERMINATING);
    seenCard = STANDING(card);
    seenDisk = STANDING(disk);
    if
    :: life[i] == TERMINATING -> goto handOver
    /* Told to hand over, dying, too long, stuck, hopeless: giving up a launch is handing over. */
    :: life[i] == PENDING -> goto handOver
    :: life[i] == PENDING && !tombstone[i] && ec2[i] == RUNNING -> goto takeOver
    fi;

    /* shared/plan/take-over.ts */
takeOver:
    if
    /* shared/plan/choose.ts: a member whose interface is free, and whose volume is free or on its way out. */
    :: seenCard == FREE && seenDisk != KEPT -> claimSent[i] = true
    /* shared/plan/volumes.ts: only who holds the interface attaches, and never a second time. */
    :: seenCard == MINE && seenDisk == FREE && MAY_ATTACH -> goto decidedToAttach
#ifdef NO_CLAIM
    :: seenDisk == FREE && MAY_ATTACH -> goto decidedToAttach
#endif
#ifdef FORCE
    :: seenDisk == GOING -> detachSent[OTHER(i)] = true
#endif
    /* shared/plan/proof.ts: no CONTINUE without the host's own facts. */
    :: seenCard == MINE && seenDisk == MINE && !proved[i] -> takeOverSent[i] = true
    :: seenCard == MINE && seenDisk == MINE && proved[i] -> goto decidedToContinue
#ifdef NO_PROOF
    :: seenCard == MINE && seenDisk == MINE -> goto decidedToContinue
#endif
    :: else
    fi;
    goto over;

    /* shared/plan/hand-over.ts: what the host has not confirmed is not taken from it. Volumes first, the claim last. */
handOver:
    if
    :: (seenCard == MINE || seenDisk == MINE) && ec2[i] == RUNNING && !handedOver[i] -> handOverSent[i] = true
    :: seenDisk == MINE && ec2[i] == RUNNING && CONFIRMED -> detachSent[i] = true
    :: seenCard == MINE && seenDisk != MINE && ec2[i] == RUNNING && CONFIRMED -> releaseSent[i] = true
    :: true
    fi;
    goto over;

decidedToAttach:
    seenCard = 0;
    seenDisk = 0
  }

  /* shared/act/attach-volume.ts. Others may have changed everything since the look. */
  atomic {
    intent = i;
    refused = false;
    if
    /* No answer is heard: the call is on its way, or was never made. */
    :: attachSent[i] < 2 -> attachSent[i]++; goto over
    :: goto over
    /* It waits for the answer. */
    :: true
    fi
  }
  atomic {
    /* A refusal is certain to have done nothing, so this invocation, which alone knows of it, may try again. */
    landAttach(i, refused);
    refused = !refused;
    if
    :: refused -> goto pass
    :: else -> goto over
    fi
  }

decidedToContinue:
  atomic {
    if
    :: life[i] == PENDING ->
      assert(handOverSent[i] || tombstone[i] || (card == i && disk == i && mounted[i] && serving[i]));
#ifdef NEVER_IN_SERVICE
      assert(false);
#endif
      life[i] = SERVICE
    :: else
    fi
  }

over:
  atomic { i = 0; seenCard = 0; seenDisk = 0; refused = false; goto begin }
}

init {
  atomic {
#ifdef REPLACEMENT
    life[0] = SERVICE; card = 0; disk = 0; intent = 0; attachedOnce[0] = true;
    mounted[0] = true; serving[0] = true; takeOverSent[0] = true;
#endif
    run Instance(0);
    run Instance(1);
    run Invocation(0);
#if !defined(BY_HAND) || defined(TWO_AT_WORK)
    run Invocation(1)
#endif
  }
}
