/* Migration of a partly used slab from a heap without a thread to another heap, while senders send (T6, T7).
 *
 * Heap 0 owned the slab and lost its thread; the adopter runs on heap 1. Three senders hold blocks of the slab. One more block lies in the stack
 * of heap 0, which another thread takes over with its stack at any time: its flush finds the slab still there, or gone, and sends. That thread
 * and a trimming one collect either heap at any time, also while the slab is adrift: out of every list, between its two owners.
 * More is allowed here than the registry's lock lets happen (it keeps takeover and migration of one heap apart).
 *
 * Checked: the L part is touched only under the lock of the owner; nobody touches the slab after it is retired; no bit comes twice; at most one push
 * is outstanding; the counts of blocks out are exact at the end; no bit is lost (an invalid end state).
 * Needed for the last: somebody collects heap 0 again (a new thread on it, trim, statistics, or the next search for a slab).
 *
 * Models
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:TryAdoptSlab
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:TakeSlab
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:Attach
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:TakeOver
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:Retire
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:HasEnded
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:ProbeEnded
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:Activate
 *   src/HakMem.Boxes/Shared/HeapRegistry.cs:Empty
 *   src/HakMem.Boxes/Shared/Scavenger.cs:Visit
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Send
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Push
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Collect
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:TryUnlink
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Lists.cs:Unlink
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Lists.cs:Link
 *   src/HakMem.Boxes/Pages/PageMap.cs:Set
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:TryNewSlab
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Settle
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:GiveBack
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:PutRun
 *   src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:PutElsewhere
 *
 * Seeded bugs
 *   BUG_NO_FORWARDING   a heap drops a slab in its inbox that is not its own any more
 *   BUG_COLLECT_FOREIGN   a heap collects it instead
 *   BUG_OWNER_AFTER_LINK   the owner is written after the slab is linked at the new heap
 *   BUG_FLUSH_UNCHECKED   a flush does not look whether the slab left
 *   BUG_ADRIFT_COUNTED   bits collected while the slab is adrift are subtracted at once, and again when it arrives
 */
#define OLD 0
#define NEW 1
#define ALL 31               /* five blocks carved; block 16 is free from the start */
#define CARVED 5

byte remote[2];
byte summary;
byte owner = OLD;
byte map = OLD;
bool inbox[2];
byte lock[2];
byte free = 16;
bool adrift;
bool retired;
short out[2];

#define LISTED (inbox[0] || inbox[1])
#define BITS(v) (((v) & 1) + (((v) >> 1) & 1) + (((v) >> 2) & 1) + (((v) >> 3) & 1) + (((v) >> 4) & 1))

inline Enter(h) { atomic { lock[h] == 0 -> lock[h] = _pid } }
inline Exit(h) { atomic { assert(lock[h] == _pid); lock[h] = 0 } }

inline Push() {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Push */
  d_step { assert(!retired); to = owner };
  d_step { assert(!retired); assert(!LISTED); inbox[to] = true; to = 0 }
}

inline Send(w, b) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Send */
  d_step { assert(!retired); old = remote[w]; assert((old & (b)) == 0); remote[w] = old | (b) };
  if
  :: old == 0 -> d_step { assert(!retired); old = summary; assert((old & (1 << w)) == 0); summary = old | (1 << w) }
  :: else
  fi;
  if :: old == 0 -> Push() :: else fi;
  old = 0
}

inline MergeBits(h, b) {
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Merge */
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:Settle */
  d_step {
    assert(lock[h] == _pid); assert(owner == h); assert(!retired); assert((free & (b)) == 0);
    free = free | (b);
    if :: free == ALL && !adrift -> retired = true :: else fi
  }
}

#ifdef BUG_ADRIFT_COUNTED
#define COUNTED(blocks) (blocks)
#else
#define COUNTED(blocks) (adrift -> 0 : blocks)
#endif

inline Collect(h) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Collect */
  d_step { taken = inbox[h]; inbox[h] = false };
  if
  :: taken ->
     d_step { taken = false; assert(!retired); mine = (owner == h) };
#ifdef BUG_COLLECT_FOREIGN
     mine = true;
#endif
     if
     :: !mine ->
#ifndef BUG_NO_FORWARDING
        Push()
#else
        skip
#endif
     :: else ->
        d_step { assert(!retired); sum = summary; summary = 0; mine = false };
        do
        :: sum == 0 -> break
        :: else ->
           w = ((sum & 1) != 0 -> 0 : 1);
           d_step { assert(!retired); v = remote[w]; remote[w] = 0; sum = sum - (1 << w); w = 0; out[h] = out[h] - COUNTED(BITS(v)) };
           assert(v != 0);
           MergeBits(h, v);
           v = 0
        od
     fi
  :: else
  fi
}

proctype Sender(byte w; byte b) {
  byte old, to;
  Send(w, b)
}

/* The thread that takes a slab for heap 1. */
proctype Adopter() {
  byte sum, v, w, to; bool taken, mine, found;
  /* src/HakMem.Boxes/Shared/HeapRegistry.cs:TryAdoptSlab, TakeSlab */
  Enter(OLD);
  Collect(OLD);
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:TryUnlink */
  assert(lock[OLD] == _pid);
  d_step {
    skip;
    if
    :: !retired -> assert(owner == OLD); found = true; adrift = true; out[OLD] = out[OLD] - (CARVED - BITS(free))
    :: else
    fi
  };
  if
  :: found ->
#ifndef BUG_OWNER_AFTER_LINK
     owner = NEW;
#endif
     map = NEW
  :: else
  fi;
  Exit(OLD);
  if
  :: found ->
     Enter(NEW);
     /* src/HakMem.Boxes/Local/UnifiedCacheRefill.Slabs.cs:TryNewSlab */
     d_step {
       out[NEW] = out[NEW] + (CARVED - BITS(free)); adrift = false; found = false;
       if :: free == ALL -> retired = true :: else fi
     };
     Exit(NEW);
#ifdef BUG_OWNER_AFTER_LINK
     owner = NEW
#endif
  :: else
  fi;
  do
  :: retired -> break
  :: inbox[NEW] -> Enter(NEW); Collect(NEW); Exit(NEW)
  od
}

/* The thread that takes heap 0 over, with the block in its stack. */
proctype Successor() {
  byte sum, v, w, to, old; bool taken, mine;
  /* src/HakMem.Boxes/Shared/HeapRegistry.cs:Attach */
  Enter(OLD);
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:GiveBack */
  /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:PutRun */
  out[OLD] = out[OLD] - 1;
  d_step { mine = (map == OLD) };
#ifdef BUG_FLUSH_UNCHECKED
  mine = true;
#endif
  if
  :: mine -> MergeBits(OLD, 2)
  :: else ->
     /* src/HakMem.Boxes/Local/UnifiedCacheRefill.GiveBack.cs:PutElsewhere */
     Send(0, 2);
     out[OLD] = out[OLD] + 1
  fi;
  mine = false;
  Exit(OLD);
  do
  :: retired -> break
  :: inbox[OLD] -> Enter(OLD); Collect(OLD); Exit(OLD)
  od
}

/* src/HakMem.Boxes/Shared/Scavenger.cs:Visit */
proctype Trimmer() {
  byte sum, v, w, to; bool taken, mine;
  Enter(NEW); Collect(NEW); Exit(NEW)
}

init {
  atomic {
    out[OLD] = CARVED - 1;
    run Adopter(); run Successor(); run Trimmer();
    run Sender(0, 1); run Sender(1, 4); run Sender(1, 8)
  };
  _nr_pr == 1;
  d_step { assert(retired); assert(out[OLD] == 0); assert(out[NEW] == 0); assert(summary == 0 && !LISTED) }
}
