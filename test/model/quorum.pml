/*
 * How two of three members that are to leave at the same time keep from both leaving: shared/plan/guard.ts. The third one
 * serves, and stays, so that the ensemble has its quorum as long as one of these two serves.
 *
 * What must hold, whatever is lost or cut short, and whichever two requests land late:
 *
 *   QUORUM     The servers of both are never down because of us at the same time.
 *
 * Two invocations at a time drive an instance, each of which ends between any two steps and begins again from nothing. What
 * is sent lands at once or never, and twice in a story at any later time; its sender does not hear of it. A read may be
 * behind: a note that has just been written may be seen or not. Hosts are believed to serve unless a note tells that they
 * are about to leave, however old the answer is on which that rests.
 *
 * Three things rest on time, as they do there, and each is a guard here:
 *   - a note that was written some seconds ago is seen by everybody (limits.leavingSettles);
 *   - who has not seen a note has sent its decision by the time that others stand back, and what had landed before is seen
 *     by everybody (limits.standsBackAfter); what was sent may land later yet;
 *   - who is told by a decision, is told before that is old (limits.decisionAgeMax).
 *
 * Left out: what hosts tell that are sick, votes, one that the quorum does not miss, clocks.
 *
 * Scenario:
 *   AT_ONCE          both are to leave, and nothing is noted yet.
 * Negative controls (each removes one rule, and must break the promise):
 *   NO_NOTE          who is to leave looks without having said so
 *   NO_SETTLING      the lack of another note is believed at once
 *   NO_DECISION      the host is told by the wish alone
 *   NO_SECOND_LOOK   the host is told as soon as the decision is noted, whatever has been noted meanwhile
 *   NO_PATIENCE      who stands back does not wait for those that may not have seen the first note
 *   TAKEN_BACK       who stands back takes its decision back as well
 *   EXPIRY           a decision counts as a wish again after ten minutes (limits.writeArrivesWithin), and the next one of the
 *                    same member lands late: what that limit can't prevent, with one invocation fewer. Without the limit
 *                    two that are both decided, because a decision landed after its wish was taken back, would wait for
 *                    one another for ever.
 * Reachability controls (each asserts that something never happens, and must be refuted, or the world is too kind):
 *   NEVER_BOTH_LEFT, NEVER_STOOD_BACK, NEVER_BOTH_DECIDED, NEVER_LATE (a request that lands after its member's wish was
 *   taken back)
 */

#define OTHER(i) (1 - (i))

/* Requests that land late. */
#define LATE 2

/* Notes: none, one that may not be seen yet, one that is seen by everybody. */
#define NONE 0
#define NEW 1
#define OLD 2
byte wish[2];
byte decision[2];
/* A decision that counts for no more than a wish. */
bit old[2];

/* A server: serves on the instance that is to leave, is down because of us, serves on the next instance. */
#define SERVES 0
#define DOWN 1
#define BACK 2
byte server[2];

/* Sent, and not landed. */
bit wishSent[2];
bit decisionSent[2];
bit forgetSent[2];
bit handOverSent[2];
byte late = LATE;

/* Invocations that have decided by a look, and have not sent the note of it. */
byte deciding[2];

#ifdef TAKEN_BACK
#define TAKES_DECISIONS true
#else
#define TAKES_DECISIONS false
#endif

/* A note lands; the tag may have been there before. */
inline land(note) {
  if
  :: note == NONE -> note = NEW
  :: else
  fi
}

inline landWish(i) {
  if
  :: server[i] != BACK -> land(wish[i])
  :: else
  fi
}

inline landDecision(i) {
  if
  :: server[i] != BACK -> land(decision[i]); old[i] = false;
#ifdef NEVER_BOTH_DECIDED
    assert(decision[OTHER(i)] == NONE || server[OTHER(i)] != SERVES);
#endif
  :: else
  fi
}

/* DeleteTags takes the very note away that was read: a decision that was noted again is another one. */
inline landForget(i) {
  if
  :: server[i] != BACK ->
#ifdef NEVER_STOOD_BACK
    assert(wish[i] == NONE);
#endif
    wish[i] = NONE;
    if
    :: old[i] || TAKES_DECISIONS -> decision[i] = NONE; old[i] = false
    :: else
    fi
  :: else
  fi
}

inline landHandOver(i) {
  if
  :: server[i] == SERVES ->
    assert(server[OTHER(i)] != DOWN);
#ifdef NEVER_LATE
    assert(wish[i] != NONE);
#endif
    server[i] = DOWN
  :: else
  fi
}

/* What is sent lands at once, or never, or late, which happens LATE times. */
#define SENDS(sent, landing) if :: landing :: true :: late > 0 && !sent -> late--; sent = true fi

/* What Systems Manager, EC2 and Auto Scaling may do with one member at any moment. */
proctype Member(byte i) {
end:
  do
  :: atomic { wish[i] == NEW -> wish[i] = OLD }
  :: atomic { decision[i] == NEW -> decision[i] = OLD }
  :: atomic { wishSent[i] -> wishSent[i] = false; landWish(i) }
  :: atomic { decisionSent[i] -> decisionSent[i] = false; landDecision(i) }
  :: atomic { forgetSent[i] -> forgetSent[i] = false; landForget(i) }
  :: atomic { handOverSent[i] -> handOverSent[i] = false; landHandOver(i) }
  /* The interface moves on: to its next holder the notes mean nothing. */
  :: atomic {
      server[i] == DOWN -> server[i] = BACK;
      wish[i] = NONE; decision[i] = NONE; old[i] = false;
      wishSent[i] = false; decisionSent[i] = false; forgetSent[i] = false; handOverSent[i] = false;
#ifdef NEVER_BOTH_LEFT
      assert(server[OTHER(i)] != BACK);
#endif
    }
#ifdef EXPIRY
  /* What was sent before that has landed, or never will. */
  :: atomic {
      decision[i] != NONE && !old[i] && deciding[i] == 0 && !handOverSent[i] && !forgetSent[i] && !decisionSent[i] ->
      old[i] = true
    }
#endif
  od
}

/* A read of a note, which may be behind. */
inline read(note, seen) {
  if
  :: note != NONE -> seen = true
  :: note != OLD -> seen = false
  fi
}

/* One look at the notes of both. */
inline look() {
  read(wish[i], ownWish); read(decision[i], ownDecision);
  read(wish[OTHER(i)], otherWish); read(decision[OTHER(i)], otherDecision);
  decided = ownDecision && !old[i];
  first = (otherWish || otherDecision) &&
    (decided == (otherDecision && !old[OTHER(i)]) -> i == 1 : otherDecision && !old[OTHER(i)])
}

#ifdef TAKEN_BACK
#define STANDS_BACK true
#else
#define STANDS_BACK !decided
#endif
#ifdef NO_PATIENCE
#define SETTLED true
#define PATIENT true
#else
/* Everybody sees the first note; who did not has sent its decision, and what had landed by then is seen by all. */
#define SETTLED (wish[OTHER(i)] != NEW && decision[OTHER(i)] != NEW)
#define PATIENT (deciding[i] == 0 && !(newWish && wish[i] == NEW) && !(newDecision && decision[i] == NEW))
#endif

/* What was seen is of no meaning any more: equal worlds are counted once. */
inline forget() {
  ownWish = 0; ownDecision = 0; otherWish = 0; otherDecision = 0; decided = 0; first = 0
}

inline again() {
  atomic { forget(); newWish = 0; newDecision = 0; goto begin }
}

/* An invocation: shared/advance.ts looks, plans from that alone, does what the plan says, looks again. */
proctype Invocation(byte i) {
  bit ownWish, ownDecision, otherWish, otherDecision, decided, first;
  /* Notes that may not be seen yet when it begins to wait. */
  bit newWish, newDecision;

end:
begin:
  /* announced() in shared/plan/guard.ts. */
  atomic {
    server[i] == SERVES;
    look();
    if
    :: first && (ownWish || ownDecision) && STANDS_BACK && SETTLED -> goto patience
    :: first -> again()
    :: !first && !ownWish && !ownDecision -> SENDS(wishSent[i], landWish(i));
#ifndef NO_NOTE
      again()
#endif
    :: !first && (ownWish || ownDecision)
    fi;
    forget();
    newWish = wish[OTHER(i)] == NEW;
    newDecision = decision[OTHER(i)] == NEW
  }

  if
#ifdef NO_SETTLING
  :: atomic { newWish = 0; newDecision = 0 }
#else
  :: atomic {
      wish[i] != NEW && !(newWish && wish[OTHER(i)] == NEW) && !(newDecision && decision[OTHER(i)] == NEW) ->
      newWish = 0; newDecision = 0
    }
#endif
  /* It ends. */
  :: again()
  fi;

  /* judged() and decidedFirst(). */
  atomic {
    look();
    if
#ifndef NO_NOTE
    /* Forgotten meanwhile: its time begins anew. */
    :: !ownWish && !ownDecision -> again()
#endif
    :: first || otherWish || otherDecision -> again()
    :: else
    fi;
#ifdef NO_DECISION
    SENDS(handOverSent[i], landHandOver(i));
    again();
#else
    if
    :: decided -> SENDS(handOverSent[i], landHandOver(i)); again()
    :: else
    fi;
#endif
    forget();
    deciding[i]++
  }
  atomic {
    deciding[i]--;
    SENDS(decisionSent[i], landDecision(i));
#ifdef NO_SECOND_LOOK
    if
    :: decision[i] != NONE -> SENDS(handOverSent[i], landHandOver(i))
    :: else
    fi;
#endif
    goto begin
  }

  /* standBack(). */
patience:
  atomic { forget(); newWish = wish[i] == NEW; newDecision = decision[i] == NEW }
  if
  :: atomic {
      PATIENT -> newWish = 0; newDecision = 0;
      look();
      if
      /* Only who serves stands back: its own host tells, and a command that has begun is listed. */
      :: first && (ownWish || ownDecision) && STANDS_BACK && server[i] == SERVES -> SENDS(forgetSent[i], landForget(i))
      :: else
      fi;
      again()
    }
  :: again()
  fi
}

init {
  atomic {
    run Member(0);
    run Member(1);
    run Invocation(0);
    run Invocation(0);
#ifndef EXPIRY
    run Invocation(1);
#endif
    run Invocation(1)
  }
}
