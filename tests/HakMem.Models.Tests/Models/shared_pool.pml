/* The lock-free stack of empty slabs: a top of slab and count of changes in one word.
 *
 * Three threads, three slabs, two of them in the stack at first and one with the first thread. Each thread takes a slab, uses its link field for lists of its own, and gives it back,
 * so that a top seen before can come again with another slab below it. Checked: a slab has one holder at most, none is lost at the end, and
 * the number of slabs in the stack is never below what is in it.
 *
 * Models
 *   src/HakMem.Boxes/Shared/SharedPool.cs:Release
 *   src/HakMem.Boxes/Shared/SharedPool.cs:Push
 *   src/HakMem.Boxes/Shared/SharedPool.cs:TryPop
 *
 * Seeded bugs
 *   BUG_NO_CHANGE_COUNT   the top is the slab alone: a slab that came back is taken for the one seen before
 *   BUG_LINK_AFTER_EXCHANGE   the link is written after the slab is published
 */
#define SLABS 3
#define GARBAGE 7            /* what a holder writes into the link: not a slab */

byte top;                    /* slab number plus one; 0 is empty */
byte changes;                /* in the same word as top in the code: always read and written together */
byte link[SLABS];
byte stacked;
bool held[SLABS];            /* ghost */

#ifdef BUG_NO_CHANGE_COUNT
#define SAME (top == seenTop)
#define COUNT skip
#else
#define SAME (top == seenTop && changes == seenChanges)
#define COUNT changes++
#endif

inline Look() { d_step { seenTop = top; seenChanges = changes } }

inline Push(s) {
  /* src/HakMem.Boxes/Shared/SharedPool.cs:Release */
  d_step { assert(held[s]); stacked++ };
  held[s] = false;
  /* src/HakMem.Boxes/Shared/SharedPool.cs:Push */
  Look();
  do
  :: true ->
#ifndef BUG_LINK_AFTER_EXCHANGE
     link[s] = seenTop;
#endif
     d_step { skip; if :: SAME -> top = s + 1; COUNT; done = true :: else -> seenTop = top; seenChanges = changes; done = false fi };
     if :: done -> break :: else fi
  od;
#ifdef BUG_LINK_AFTER_EXCHANGE
  link[s] = seenTop
#endif
}

inline TryPop() {
  /* src/HakMem.Boxes/Shared/SharedPool.cs:TryPop */
  Look();
  do
  :: seenTop == 0 -> slab = SLABS; break
  :: else ->
     next = link[seenTop - 1];
     d_step { skip; if :: SAME -> slab = top - 1; top = next; COUNT; done = true :: else -> seenTop = top; seenChanges = changes; done = false fi };
     if
     :: done ->
        d_step { assert(slab < SLABS); assert(!held[slab]); held[slab] = true };
        d_step { assert(stacked > 0); stacked-- };
        break
     :: else
     fi
  od
}

byte finished;

proctype Thread(byte slab; byte rounds) {
  byte seenTop, seenChanges, next; bool done;
  if :: slab < SLABS -> Push(slab) :: else fi;
  do
  :: rounds == 0 -> break
  :: else ->
     TryPop();
     if
     :: slab < SLABS ->
        link[slab] = GARBAGE;
        Push(slab)
     :: else
     fi;
     rounds--
  od;
  seenTop = 0;
  d_step { seenChanges = 0; next = 0; slab = 0; finished++ }
}

init {
  byte slab, slabs;
  atomic {
    link[0] = 2; link[1] = 0; top = 1; stacked = 2; held[2] = true;
    run Thread(2, 1); run Thread(SLABS, 2); run Thread(SLABS, 1)
  };
  finished == 3;
  d_step {
    slab = top; slabs = 0;
    do :: slab != 0 && slabs <= SLABS -> slab = link[slab - 1]; slabs++ :: else -> break od;
    assert(slabs == SLABS); assert(stacked == SLABS)
  }
}
