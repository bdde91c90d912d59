/*
 * Rights without an end, and the words that forbid a takeover: the protocol of docs/protocol.md with volatile and durable
 * state apart, crashes of a daemon or a host at any point, lost state, lost and late heartbeats, the operator's word.
 *
 * Time is left out on purpose. What the timing formula guarantees is taken for granted: a host whose every right ends, and
 * that is bound, runs nothing any more when the other one's wait is over. What is left is the theorem:
 *
 *     a host that may still run, and a peer that has the permit to take over, never exist together.
 *
 * Restrictions, each of which only takes behaviour away, so that what is found with them is there without them too:
 * ONLY_PAUSES leaves out maintenance, lost power and the operator, ONLY_PROMISES the pauses; ONE_SIDED lets only host 1 take over, only
 * host 0 be stopped and lose its gateway, and leaves the VMs where they are.
 *
 * Each OLD_n brings a former rule back and must break the theorem; check.sh runs them all.
 *   OLD_R1   R4 ends only by the peer's wish for readmission, and a host that leans on it says that it is bound
 *   OLD_R2   the operator's word stays in force until it can be used
 *   OLD_R3   the end of a pause is spoken before it is on disk
 *   OLD_R4   a sole host that holds its right without end says that it is bound
 *   OLD_R6   whether the peer is bound is known in memory only, and unknown counts as bound
 *   OLD_R7   an empty host gives its word that nothing runs although R4 would let it run
 */

#ifndef PROMISES
#define PROMISES 2      /* numbers of promises and of pauses that are ever given */
#endif
#ifndef INCARNATIONS
#define INCARNATIONS 3
#endif

#define OTHER (1 - me)

#ifdef ONE_SIDED
#define TAKES(i) (i == 1)
#define IS_STOPPED(i) (i == 0)
#else
#define TAKES(i) (true)
#define IS_STOPPED(i) (true)
#endif

/* What a host keeps: once in memory, once on disk. */
typedef Words {
    byte promise;       /* own promise that stands, 0 none */
    byte wish;          /* the end of that promise is wished for */
    byte lean;          /* the peer's promise that R4 leans on, 0 none */
    byte readmitted;    /* highest promise of the peer given up */
    byte pause;         /* own pause, 0 none */
    bool acked;         /* the peer holds for it */
    byte hold;          /* the peer's pause held for, 0 none */
    byte held;          /* highest pause of the peer that was acknowledged */
    bool bound;         /* the peer is bound */
};

/* A heartbeat. */
typedef Beat {
    bool there;
    byte from;          /* incarnation of the sender */
    byte ack;           /* incarnation of the receiver that the sender heard last */
    bool member;        /* no word that nothing runs and nothing will */
    bool armed;
    byte promise;
    bool wish;
    byte readmitted;
    byte pause;
    byte held;
};

Words mem[2];
Words disk[2];
Beat wire[2];           /* the newest heartbeat that is under way to host i */

bool power[2];
bool daemon[2];
bool runs[2];           /* guests run */
bool dog[2];            /* the watchdog is armed */
bool sole[2];           /* took over, no pairing since */
bool paired[2];
bool stopping[2];       /* SIGTERM: the pause is asked for */
byte life[2];           /* incarnation */
byte heard[2];          /* incarnation of the peer heard last, 0 none */
bool gateway[2];
bool cut;               /* nothing passes between the hosts */
bool dead[2];           /* the operator's word stays in force at host i: OLD_R2 */
byte given;             /* promises and pauses given so far, both hosts */
byte trouble;           /* faults so far */

#define COPY(to, src) to.promise = src.promise; to.wish = src.wish; to.lean = src.lean; to.readmitted = src.readmitted; \
    to.pause = src.pause; to.acked = src.acked; to.hold = src.hold; to.held = src.held; to.bound = src.bound
#define WIPE(to) to.promise = 0; to.wish = 0; to.lean = 0; to.readmitted = 0; to.pause = 0; to.acked = false; to.hold = 0; \
    to.held = 0; to.bound = false
#define SILENCE wire[0].there = false; wire[1].there = false

/* A right needs its word in memory and on disk: it begins when it is on disk, and ends at once. */
#ifdef OLD_R1
#define R4(i) (disk[i].lean != 0 && mem[i].promise == 0)
#else
#define R4(i) (disk[i].lean != 0 && mem[i].lean == disk[i].lean && mem[i].promise == 0)
#endif
#define PAUSED(i) (disk[i].pause != 0 && disk[i].acked && mem[i].pause == disk[i].pause && mem[i].acked)
#ifdef LONE_HOLD
#define SOLE_HELD(i) (sole[i])
#else
#define SOLE_HELD(i) (false)
#endif
#define ENDLESS(i) (R4(i) || PAUSED(i) || SOLE_HELD(i))

#if defined(OLD_R4) || defined(OLD_R1)
#define SAYS_ARMED(i) ((paired[i] || sole[i]) && dog[i] && !mem[i].acked)
#elif defined(OLD_R3)
#define SAYS_ARMED(i) ((paired[i] || sole[i]) && dog[i] && !mem[i].acked && !R4(i) && !SOLE_HELD(i))
#else
#define SAYS_ARMED(i) ((paired[i] || sole[i]) && dog[i] && !ENDLESS(i) && !mem[i].acked && !disk[i].acked)
#endif

#ifdef OLD_R3
#define SAYS_PAUSE(i) (mem[i].pause != 0 -> disk[i].pause : 0)
#else
#define SAYS_PAUSE(i) (disk[i].pause)
#endif

#ifdef OLD_R6
#define COUNTS_AS_BOUND(i) (unknown[i] || mem[i].bound)
bool unknown[2];
#else
#define COUNTS_AS_BOUND(i) (mem[i].bound && disk[i].bound)
#endif

/* The wait of a takeover by silence is over. A1: the peer does not see the gateway, or is not up at all. */
#ifdef LONE_HOLD
#define LONE(i) (paired[i])     /* lone_start = hold: a host that started or fenced alone holds */
#else
#define LONE(i) (true)
#endif
#define SILENT(i) ((cut || !daemon[1 - i]) && !(power[1 - i] && gateway[1 - i]))
#define PERMIT_T2(i) (power[i] && daemon[i] && gateway[i] && SILENT(i) && COUNTS_AS_BOUND(i) && mem[i].hold == 0 && disk[i].hold == 0 \
    && mem[i].promise == 0 && disk[i].promise == 0 && !stopping[i] && !sole[i] && LONE(i))

/* The other side of the permit: the peer is made to end what a clock ends, and must then run nothing.
 * An empty member fences too: it needs a right as long as it is one. */
inline takeOver(me) {
    if
    :: (runs[OTHER] || paired[OTHER]) && daemon[OTHER] && !ENDLESS(OTHER) -> runs[OTHER] = false; paired[OTHER] = false; sole[OTHER] = false
    :: runs[OTHER] && !daemon[OTHER] && dog[OTHER] -> runs[OTHER] = false; power[OTHER] = false; dog[OTHER] = false
    :: else
    fi;
    assert(!runs[OTHER]);
    SILENCE;
    runs[me] = true; sole[me] = true; paired[me] = false; dog[me] = true; dead[me] = false;
    mem[me].promise = 0; mem[me].wish = 0; mem[me].pause = 0; mem[me].acked = false
}

inline start(me) {
    daemon[me] = true; life[me]++; heard[me] = 0; paired[me] = false; stopping[me] = false; dead[me] = false;
    COPY(mem[me], disk[me]);
#ifdef OLD_R6
    unknown[me] = true;
#endif
    /* A sole host whose guests run is sole no more: it counts on what it can prove. */
    sole[me] = false;
    dog[me] = (runs[me] -> dog[me] : false)
}

inline send(me) {
    wire[OTHER].there = true; wire[OTHER].from = life[me]; wire[OTHER].ack = heard[me];
#ifdef OLD_R7
    wire[OTHER].member = paired[me] || sole[me] || runs[me];
#else
    wire[OTHER].member = paired[me] || sole[me] || runs[me] || R4(me);
#endif
    wire[OTHER].armed = SAYS_ARMED(me);
    wire[OTHER].promise = (mem[me].promise != 0 && disk[me].promise == mem[me].promise -> disk[me].promise : 0);
    wire[OTHER].wish = disk[me].wish != 0 && disk[me].promise != 0;
    wire[OTHER].readmitted = disk[me].readmitted;
    wire[OTHER].pause = SAYS_PAUSE(me);
    wire[OTHER].held = disk[me].held
}

#define FRESH(i) (wire[i].ack == life[i])

inline receive(me) {
    wire[me].there = false; heard[me] = wire[me].from; dead[me] = false;
    /* bound: not bound counts as soon as it is heard, bound only when it is fresh */
    if
    :: !wire[me].armed && wire[me].member -> mem[me].bound = false
    :: FRESH(me) && (wire[me].armed || !wire[me].member) -> mem[me].bound = true
    :: else
    fi;
#ifdef OLD_R6
    if
    :: FRESH(me) || (!wire[me].armed && wire[me].member) -> unknown[me] = false
    :: else
    fi;
#endif
    /* the pause of the peer */
    if
    :: wire[me].pause > mem[me].held -> mem[me].hold = wire[me].pause; mem[me].held = wire[me].pause
    :: wire[me].pause == 0 && mem[me].hold != 0 && FRESH(me) && mem[me].bound -> mem[me].hold = 0
    :: else
    fi;
    /* the own pause is acknowledged */
    if
    :: stopping[me] && mem[me].pause != 0 && wire[me].held >= mem[me].pause -> mem[me].acked = true
    :: else
    fi;
    /* the promise of the peer */
    if
    :: wire[me].promise > mem[me].readmitted && wire[me].promise != mem[me].lean -> mem[me].lean = wire[me].promise
    :: wire[me].wish && mem[me].lean != 0 && wire[me].promise == mem[me].lean -> mem[me].readmitted = mem[me].lean; mem[me].lean = 0
#ifndef OLD_R1
    :: wire[me].promise != mem[me].lean && mem[me].lean != 0 && FRESH(me) && wire[me].promise <= mem[me].readmitted -> mem[me].lean = 0
#endif
    :: else
    fi;
    /* the own promise ends */
    if
    :: mem[me].promise != 0 && wire[me].readmitted >= mem[me].promise -> mem[me].promise = 0; mem[me].wish = 0
    :: else
    fi;
    /* pairing */
    if
    :: FRESH(me) && !stopping[me] && mem[me].promise == 0 && (wire[me].member || sole[me]) && wire[me].promise == 0 ->
        paired[me] = true; sole[me] = false; dog[me] = true; mem[me].pause = 0; mem[me].acked = false
    :: else
    fi
}

proctype host(byte me) {
    do
    /* heartbeats; one that was not received is overtaken by the next */
    :: atomic { power[me] && daemon[me] && disk[me].promise <= PROMISES -> send(me) }
    :: atomic { power[me] && daemon[me] && !cut && wire[me].there && power[OTHER] -> receive(me) }
    /* the disk takes a write, whenever it likes */
    :: atomic { power[me] && daemon[me] -> COPY(disk[me], mem[me]) }
#ifndef ONE_SIDED
    /* an administrator starts VMs on a host that has a right, and stops them */
    :: atomic { power[me] && daemon[me] && (paired[me] || sole[me] || R4(me)) && mem[me].promise == 0 && !runs[me] -> runs[me] = true; dog[me] = true }
    :: atomic { runs[me] && power[me] -> runs[me] = false }
#endif
#ifndef ONLY_PAUSES
    /* maintenance of an empty host, and its end */
    :: atomic { power[me] && daemon[me] && paired[me] && !runs[me] && mem[me].promise == 0 && given < PROMISES && !cut ->
        given++; mem[me].promise = given; mem[me].wish = 0; paired[me] = false }
    :: atomic { power[me] && daemon[me] && mem[me].promise != 0 && mem[me].wish == 0 -> mem[me].wish = 1 }
#endif
#ifndef ONLY_PROMISES
    /* SIGTERM: a pause is asked for; the daemon ends when the peer holds, the watchdog disarmed, or for lack of patience, armed */
    :: atomic { power[me] && daemon[me] && IS_STOPPED(me) && paired[me] && !stopping[me] && given < PROMISES -> given++; stopping[me] = true; mem[me].pause = given; mem[me].acked = false }
    :: atomic { power[me] && daemon[me] && stopping[me] && disk[me].acked && disk[me].pause == mem[me].pause && mem[me].acked && life[me] < INCARNATIONS ->
        daemon[me] = false; dog[me] = false; paired[me] = false }
    :: atomic { power[me] && daemon[me] && stopping[me] && life[me] < INCARNATIONS -> daemon[me] = false; paired[me] = false }
#endif
    /* takeovers */
    :: atomic { TAKES(me) && PERMIT_T2(me) -> takeOver(me) }
#ifdef ONLY_PAUSES
#elif defined(OLD_R2)
    :: atomic { power[me] && daemon[me] && !power[OTHER] -> dead[me] = true }
    :: atomic { power[me] && daemon[me] && dead[me] && TAKES(me) && (cut || !daemon[OTHER]) && !sole[me] -> takeOver(me) }
#else
    :: atomic { power[me] && daemon[me] && TAKES(me) && !power[OTHER] && !sole[me] -> takeOver(me) }
#endif
    /* a daemon comes up */
    :: atomic { power[me] && !daemon[me] && life[me] < INCARNATIONS -> start(me) }
    /* faults: daemon dies, host dies, host comes back, its state is lost */
    :: atomic { power[me] && daemon[me] && trouble < FAULTS && life[me] < INCARNATIONS -> trouble++; daemon[me] = false; paired[me] = false; sole[me] = false }
#ifndef ONLY_PAUSES
    :: atomic { power[me] && trouble < FAULTS && life[me] < INCARNATIONS ->
        trouble++; power[me] = false; daemon[me] = false; runs[me] = false; dog[me] = false; sole[me] = false; paired[me] = false; wire[OTHER].there = false }
    :: atomic { !power[me] && life[me] < INCARNATIONS -> power[me] = true; daemon[me] = false }
#endif
    :: atomic { !daemon[me] && !runs[me] && trouble < FAULTS -> trouble++; WIPE(disk[me]) }
    od
}

proctype network() {
    do
    :: atomic { !cut && trouble < FAULTS -> trouble++; cut = true; SILENCE }
    :: atomic { cut -> cut = false }
    :: atomic { gateway[0] && trouble < FAULTS -> trouble++; gateway[0] = false }
    :: atomic { !gateway[0] -> gateway[0] = true }
#ifndef ONE_SIDED
    :: atomic { gateway[1] && trouble < FAULTS -> trouble++; gateway[1] = false }
    :: atomic { !gateway[1] -> gateway[1] = true }
#endif
    od
}

init {
    atomic {
        power[0] = true; power[1] = true; daemon[0] = true; daemon[1] = true; gateway[0] = true; gateway[1] = true;
        life[0] = 1; life[1] = 1; heard[0] = 1; heard[1] = 1; paired[0] = true; paired[1] = true; dog[0] = true; dog[1] = true;
        mem[0].bound = true; mem[1].bound = true; disk[0].bound = true; disk[1].bound = true; runs[0] = true;
        run host(0); run host(1); run network()
    }
}
