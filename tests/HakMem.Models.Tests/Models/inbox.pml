/* The inbox of a heap: push by compare-and-swap, take by exchange, the link of each slab saved before its summary is given up.
 *
 * Three senders, two slabs, one owner. A send to a slab is one bit of its summary (the words below it are in send_collect.pml): whoever makes
 * the summary nonzero pushes the slab. Checked: a slab is never pushed while it is in the inbox, the owner never meets a slab that was not
 * pushed, no bit comes twice, and none is lost (a lost one leaves the owner waiting: an invalid end state).
 *
 * Models
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Push
 *   src/HakMem.Boxes/Shared/RemoteFree.cs:Collect
 *
 * Seeded bugs
 *   BUG_LINK_AFTER_SUMMARY   the link is read after the summary was given up: a sender has pushed the slab again and changed it
 *   BUG_TAKE_WITHOUT_EXCHANGE   the inbox is read and then cleared: what is pushed between is lost
 */
#define SLABS 2
#define NONE 0

byte inbox;                 /* slab number plus one; 0 is empty */
byte link[SLABS];
byte summary[SLABS];
byte got[SLABS];
bool listed[SLABS];         /* ghost: pushed and not taken yet */

#define ALL(s) (s == 0 -> 13 : 14)

inline Push(s) {
  /* src/HakMem.Boxes/Shared/RemoteFree.cs:Push */
  d_step { assert(!listed[s]); listed[s] = true }
  top = inbox;
  do
  :: true ->
     link[s] = top;
     d_step { seen = inbox; if :: seen == top -> inbox = s + 1 :: else fi };
     if :: seen == top -> break :: else -> top = seen fi
  od
}

inline SendBit(s, b) {
  d_step { old = summary[s]; assert((old & b) == 0); summary[s] = old | b };
  if :: old == 0 -> Push(s) :: else fi
}

proctype Sender(byte s1; byte b1; byte s2; byte b2) {
  byte old, top, seen;
  SendBit(s1, b1);
  SendBit(s2, b2)
}

proctype Owner() {
  byte slab, next, sum;
  do
  :: got[0] == ALL(0) && got[1] == ALL(1) -> break
  :: inbox != NONE ->
     /* src/HakMem.Boxes/Shared/RemoteFree.cs:Collect */
#ifdef BUG_TAKE_WITHOUT_EXCHANGE
     slab = inbox;
     inbox = NONE;
#else
     d_step { slab = inbox; inbox = NONE };
#endif
     do
     :: slab == NONE -> break
     :: else ->
#ifndef BUG_LINK_AFTER_SUMMARY
        next = link[slab - 1];
#endif
        d_step {
          assert(listed[slab - 1]);
          listed[slab - 1] = false;
          sum = summary[slab - 1]; summary[slab - 1] = 0
        };
        d_step { assert((got[slab - 1] & sum) == 0); got[slab - 1] = got[slab - 1] | sum };
#ifdef BUG_LINK_AFTER_SUMMARY
        next = link[slab - 1];
#endif
        slab = next
     od
  od;
  assert(inbox == NONE)
}

init { atomic { run Owner(); run Sender(0, 1, 1, 2); run Sender(1, 4, 0, 4); run Sender(0, 8, 1, 8) } }
