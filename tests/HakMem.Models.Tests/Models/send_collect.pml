/* Remote bits: set by senders, collected by whoever holds the owner's lock, until the slab is empty and is retired (T2 to T5).
 *
 * Three senders with two blocks each in two words of the bitmap, the owner, which also frees a block of its own, and a thread that trims: it
 * collects the same heap under its lock. Checked: nobody touches the slab after it is retired, the L part is touched under the lock only, no bit
 * comes twice, at most one push is outstanding, and no bit is lost (a lost one keeps the slab from being empty: an invalid end state).
 *
 * Models
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Send
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:FetchAdd
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:SendEntry
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:SendAll
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:SendOld
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Collect
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Settle
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:Retire
 *   src/HakMem.Boxes/Core/SpinLock.cs:Enter
 *   src/HakMem.Boxes/Core/SpinLock.cs:EnterSlow
 *   src/HakMem.Boxes/Core/SpinLock.cs:Exit
 *
 * Seeded bugs
 *   BUG_PENDING_FLAG   senders notify through a flag that they read after their bit is set: they touch the slab after giving it up
 *   BUG_SUMMARY_CLEARED_LAST   the words are taken before the summary is cleared: a bit set between waits for ever
 *   BUG_COLLECT_WITHOUT_LOCK   the trimming thread does not take the lock
 */
#define ALL 127
#define OWN 64               /* the owner's own block, in word 1 */

byte remote[2];
byte summary;
bool inbox;                  /* one slab: in the inbox or not */
byte free;                   /* the bitmap; all blocks are carved */
bool retired;
bool pending;                /* only of the seeded bug */
byte lock;                   /* 0, or the process that holds it */

inline Enter() { d_step { lock == 0 -> lock = _pid } }   /* src/HakMem.Boxes/Core/SpinLock.cs:Enter */
inline Exit() { d_step { assert(lock == _pid); lock = 0 } }   /* src/HakMem.Boxes/Core/SpinLock.cs:Exit */

inline Send(w, b) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Send */
  d_step { assert(!retired); old = remote[w]; assert((old & b) == 0); remote[w] = old | b };
#ifdef BUG_PENDING_FLAG
  d_step { assert(!retired); old = pending; pending = true };
#else
  if
  :: old == 0 -> d_step { assert(!retired); old = summary; assert((old & (1 << w)) == 0); summary = old | (1 << w) }
  :: else
  fi;
#endif
  if
  :: old == 0 ->
     assert(!retired);                                   /* reads the owner, writes the link */
     d_step { assert(!retired); assert(!inbox); inbox = true }
  :: else
  fi
}

inline MergeBits(b) {
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge */
  d_step { assert(lock == _pid); assert(!retired); assert((free & (b)) == 0); free = free | (b) };
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Settle */
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:Retire */
  if :: free == ALL -> retired = true :: else fi
}

inline Collect() {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Collect */
  d_step { taken = inbox; inbox = false };
  if
  :: taken ->
#ifdef BUG_PENDING_FLAG
     pending = false;
     sum = 3;
#else
#ifdef BUG_SUMMARY_CLEARED_LAST
     sum = summary;
#else
     d_step { assert(!retired); sum = summary; summary = 0 };
#endif
#endif
     w = 0;
     do
     :: w == 2 -> break
     :: w < 2 && ((sum >> w) & 1) == 0 -> w++
     :: w < 2 && ((sum >> w) & 1) != 0 ->
        d_step { assert(!retired); v = remote[w]; remote[w] = 0 };
        if :: v != 0 -> MergeBits(v) :: else fi;
        w++
     od;
#ifdef BUG_SUMMARY_CLEARED_LAST
     summary = 0
#endif
  :: else
  fi
}

proctype Sender(byte w1; byte b1; byte w2; byte b2) {
  byte old;
  Send(w1, b1);
  Send(w2, b2)
}

proctype Owner() {
  byte sum, w, v; bool taken;
  Enter();
  if :: !retired -> MergeBits(OWN) :: else fi;
  Exit();
  do
  :: retired -> break
  :: inbox -> Enter(); Collect(); Exit()
  od
}

proctype Trimmer() {
  byte sum, w, v; bool taken;
#ifdef BUG_COLLECT_WITHOUT_LOCK
  Collect()
#else
  Enter(); Collect(); Exit()
#endif
}

init { atomic { run Owner(); run Trimmer(); run Sender(0, 1, 1, 2); run Sender(0, 4, 1, 8); run Sender(0, 16, 1, 32) } }
