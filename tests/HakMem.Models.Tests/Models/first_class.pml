/* The end of a first-class heap: Destroy gives its slab up with blocks still in it, and the slab serves another heap at once (T8).
 *
 * Heap 0 is first-class and owns the slab; two threads free a block of it each, one holds a third that nobody frees. When the frees have returned, a thread
 * destroys the heap: what the user promises is only that nobody is inside a call any more, so a bit that a free left behind would hit the next owner.
 * Another thread takes the slab for heap 1 as soon as it is given up and has two blocks of it freed by others. The scavenger visits heap 0 at any time,
 * also while it is destroyed, and heap 1; after Destroy the struct of heap 0 is a spare, which the scavenger still visits. It also empties the stacks and the table of a
 * first-class heap whose user lock is free: then it is the running thread, which Destroy, under the same lock, excludes, so that there is nothing of it here.
 *
 * Checked: nothing is sent to a slab of a heap that is gone; the slab starts its next life with no remote bit, no summary and in no inbox; the L part is touched only
 * under the lock of the owner; no bit comes twice or is lost (an invalid end state).
 *
 * Models
 *   src/HakMem.Boxes/Shared/FirstClassHeap.cs:Destroy
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:AddSlow
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Add
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:TryCombine
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Send
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Push
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Collect
 *   src/HakMem.Boxes/Shared/Scavenger.cs:Visit
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:RetireAll
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge
 *
 * Seeded bugs
 *   BUG_TABLE   a free of a block of a first-class heap waits in the table of the freeing thread
 *   BUG_NO_COLLECT   Destroy gives the slab up without collecting
 *   BUG_UNLOCKED   Destroy does without the heap's lock when the inbox is empty
 */
#define FIRST 0
#define NEXT 1
#define NOBODY 2
#define FREED 3              /* the blocks that are freed in each life of the slab: 1 and 2; block 4 lives on in the first */

byte remote[2];
byte summary;
byte owner = FIRST;
bool inbox[2];
byte lock[2];
byte free;
byte returned;               /* frees that have returned to their caller */
bool again;                  /* the blocks of the second life are handed out */
bool done;

#define LISTED (inbox[FIRST] || inbox[NEXT])

inline Enter(h) { atomic { lock[h] == 0 -> lock[h] = _pid } }
inline Exit(h) { atomic { assert(lock[h] == _pid); lock[h] = 0 } }

inline Send(w, b, life) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Send */
  d_step { assert(owner == life); old = remote[w]; assert((old & (b)) == 0); remote[w] = old | (b) };
  if
  :: old == 0 -> d_step { assert(owner == life); old = summary; assert((old & (1 << w)) == 0); summary = old | (1 << w) }
  :: else
  fi;
  if
  :: old == 0 ->
     /* src/HakMem.Boxes/Shared/RemoteFree.cs:Push */
     d_step { assert(owner == life); to = owner };
     d_step { assert(owner == life); assert(!LISTED); inbox[to] = true; to = 0 }
  :: else
  fi;
  old = 0
}

inline Collect(h) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Collect */
  d_step { taken = inbox[h]; inbox[h] = false };
  if
  :: taken ->
     d_step { taken = false; assert(owner == h); sum = summary; summary = 0 };
     do
     :: sum == 0 -> break
     :: else ->
        d_step { w = ((sum & 1) != 0 -> 0 : 1); assert(owner == h); v = remote[w]; remote[w] = 0; sum = sum - (1 << w); w = 0; assert(v != 0) };
        /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge */
        d_step { assert(lock[h] == _pid); assert(owner == h); assert((free & v) == 0); free = free | v; v = 0 }
     od
  :: else
  fi
}

/* A thread that frees a block of each life of the slab. */
proctype Freer(byte w; byte b) {
  byte old, to;
#ifdef BUG_TABLE
  returned++;
  Send(w, b, FIRST);
#else
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:AddSlow */
  Send(w, b, FIRST);
  returned++;
#endif
  again;
  Send(w, b, NEXT)
}

proctype Destroyer() {
  byte sum, v, w; bool taken;
  returned == 2;
  /* src/HakMem.Boxes/Shared/FirstClassHeap.cs:Destroy */
#ifdef BUG_UNLOCKED
  if :: !inbox[FIRST] -> goto retire :: else fi;
#endif
  Enter(FIRST);
#ifndef BUG_NO_COLLECT
  Collect(FIRST);
#endif
#ifdef BUG_UNLOCKED
retire:
#endif
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:RetireAll */
  owner = NOBODY;
  atomic { if :: lock[FIRST] == _pid -> lock[FIRST] = 0 :: else fi }
}

/* The thread of heap 1: takes the slab, hands its blocks out, and gets two of them back. */
proctype Successor() {
  byte sum, v, w; bool taken;
  owner == NOBODY;
  Enter(NEXT);
  d_step { assert(remote[0] == 0 && remote[1] == 0 && summary == 0 && !LISTED); free = 0; owner = NEXT };
  Exit(NEXT);
  again = true;
  do
  :: free == FREED -> break
  :: inbox[NEXT] -> Enter(NEXT); Collect(NEXT); Exit(NEXT)
  od;
  done = true
}

/* src/HakMem.Boxes/Shared/Scavenger.cs:Visit */
proctype Scavenger() {
  byte sum, v, w; bool taken;
  Enter(FIRST); Collect(FIRST); Exit(FIRST);
  Enter(NEXT); Collect(NEXT); Exit(NEXT);
  Enter(FIRST); Collect(FIRST); Exit(FIRST)
}

init {
  atomic { run Destroyer(); run Successor(); run Scavenger(); run Freer(0, 1); run Freer(1, 2) };
  _nr_pr == 1;
  d_step { assert(done); assert(free == FREED); assert(summary == 0 && !LISTED); assert(remote[0] == 0 && remote[1] == 0) }
}
