using System.Threading.Tasks;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>HKM1002 and HKM1003.</summary>
public class FreedBlockTests
{
    [Theory]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); HakMemory.Free(p); HakMemory.Free({|p|}); }")]
    [InlineData("void M(void* p) { HakMemory.Free(p); HakMemory.Free({|p|}); }")]
    [InlineData("void M(Item* p) { Item* q = p->Next; Own.Free(q); Own.Free({|q|}); Own.Free(p); }")]
    [InlineData("void M(void* p) { void* q = p; HakMemory.Free(q); HakMemory.Free({|p|}); }")]
    [InlineData("void M() { Node* p = Node.Pool.Alloc(); Node.Pool.Free(p); HakMemory.Free({|p|}); }")]
    [InlineData("void M(void* p, int n) { if (n > 3) { HakMemory.Free(p); } else { HakMemory.AlignedFree(p); } HakMemory.Free({|p|}); }")]
    [InlineData("void M(void* p, int n) { HakMemory.Free(p); if (n > 3) { HakMemory.Free({|p|}); } }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); try { HakMemory.Free(p); } finally { HakMemory.Free({|p|}); } }")]
    [InlineData("void M(int n) { void* p = HakMemory.Alloc(8); for (int i = 0; i < n; i++) { HakMemory.Free({|p|}); } }")]
    [InlineData("void M() { using HakHeap heap = new(); void* p = heap.Alloc(8); heap.Free(p); heap.Free({|p|}); }")]
    [InlineData("void M(void* p) { void* q = HakMemory.Realloc(p, 9); HakMemory.Free({|p|}); HakMemory.Free(q); }")]
    [InlineData("void M(byte* p, int n) { bool done = false; do { done |= Read(p, n); } while (!done); HakMemory.Free(p); HakMemory.Free({|p|}); }")]
    public Task ASecondFreeIsReported(string member) => BlockRules.Assert("HKM1002", member);

    [Theory]
    [InlineData("void M(int* p) { HakMemory.Free(p); *{|p|} = 1; }")]
    [InlineData("int M(int* p) { HakMemory.Free(p); return {|p|}[2]; }")]
    [InlineData("int M(Item* p) { HakMemory.Free(p); return {|p|}->Key; }")]
    [InlineData("void M(Item* p) { HakMemory.Free(p); {|p|}->Key = 3; }")]
    [InlineData("void M(Item* p) { while (p != null) { HakMemory.Free(p); p = {|p|}->Next; } }")]
    [InlineData("void M(byte* p) { HakMemory.Free(p); Read({|p|}, 1); }")]
    [InlineData("void M(byte* p) { Span<byte> s = new(p, 8); HakMemory.Free(p); {|s|}[1] = 2; }")]
    [InlineData("void M(byte* p) { HakMemory.Free(p); new Span<byte>({|p|}, 8).Clear(); }")]
    [InlineData("void M(byte* p) { byte* q = p + 4; HakMemory.Free(p); *{|q|} = 2; }")]
    [InlineData("int M(byte* p) { HakMemory.Free(p); return Unsafe.Read<int>({|p|}); }")]
    [InlineData("void M(byte* p) { HakMemory.Free(p); NativeMemory.Clear({|p|}, 8); }")]
    [InlineData("int M(int* p) { int* q = (int*)HakMemory.Realloc(p, 99); int n = *{|p|}; HakMemory.Free(q); return n; }")]
    [InlineData("void M(int* p) { ref int r = ref *p; HakMemory.Free(p); {|r|} = 1; }")]
    [InlineData("Keeper M(void* p) { HakMemory.Free(p); return new Keeper({|p|}); }")]
    public Task AUseAfterTheFreeIsReported(string member) => BlockRules.Assert("HKM1003", member);

    [Fact]
    public async Task TheMessagesNameTheLineOfTheFree()
    {
        Assert.Equal([$"'p' was freed in line {BlockRules.FirstLine + 2}"], await BlockRules.Assert("HKM1002", """
            void M(byte* p)
            {
                HakMemory.Free(p);
                HakMemory.Free({|p|});
            }
            """));
        Assert.Equal([$"'p' is used, but was freed in line {BlockRules.FirstLine + 2}"], await BlockRules.Assert("HKM1003", """
            void M(byte* p)
            {
                HakMemory.Free(p);
                *{|p|} = 1;
            }
            """));
        Assert.Equal(["'p' is freed in each round of the loop"], await BlockRules.Assert("HKM1002", "void M(void* p) { while (Maybe()) { HakMemory.Free({|p|}); } }"));
    }

    [Theory]
    [InlineData("void M(void* p, int n) { if (n > 3) { HakMemory.Free(p); return; } HakMemory.Free(p); }")]
    [InlineData("void M(void* p, int n) { if (n > 3) { HakMemory.Free(p); } else { HakMemory.Free(p); } }")]
    [InlineData("void M(void* p, int n) { bool freed = false; if (n > 3) { HakMemory.Free(p); freed = true; } if (!freed) { HakMemory.Free(p); } }")]
    [InlineData("void M(void* p, void* q) { HakMemory.Free(p); p = q; HakMemory.Free(p); }")]
    [InlineData("void M(void* p) { HakMemory.Free(p); p = null; HakMemory.Free(p); }")]
    [InlineData("void M(int* p) { HakMemory.Free(p); p = (int*)HakMemory.Alloc(8); *p = 1; HakMemory.Free(p); }")]
    [InlineData("void M(Item* p) { while (p != null) { Item* next = p->Next; HakMemory.Free(p); p = next; } }")]
    [InlineData("void M(Item** p, int n) { for (int i = 0; i < n; i++) { HakMemory.Free(p[i]); } HakMemory.Free(p); }")]
    [InlineData("void M(Item** p, int n) { for (int i = 0; i < n; i++) { Item* q = p[i]; HakMemory.Free(q); } HakMemory.Free(p); }")]
    [InlineData("void M(Item* p) { Item* before = null; while (p != null) { if (before != null) { HakMemory.Free(before); } before = p; p = p->Next; } HakMemory.Free(before); }")]
    [InlineData("void M(void* p, int n) { for (int i = 0; i < n; i++) { if (i == 3) { HakMemory.Free(p); break; } } }")]
    [InlineData("void M(int n) { void* p = HakMemory.Alloc(8); for (int i = 0; i < n; i++) { if (p != null) { HakMemory.Free(p); p = null; } } HakMemory.Free(p); }")]
    [InlineData("void M(int n) { void* p = HakMemory.Alloc(8); for (int i = 0; i < n; i++) { HakMemory.Free(p); p = HakMemory.Alloc(9); } HakMemory.Free(p); }")]
    [InlineData("void M(void* p) { try { Look(p); HakMemory.Free(p); } catch { HakMemory.Free(p); throw; } }")]
    [InlineData("void M(void* p) { HakMemory.Free(p); Console.WriteLine((nint)p == 0); }")]
    [InlineData("bool M(void* p, void* q) { HakMemory.Free(p); return p == q; }")]
    [InlineData("void M(ref void* p) { HakMemory.Free(p); HakMemory.Free(p); }")]
    [InlineData("void M() { HakMemory.Free(s_kept); s_kept = null; HakMemory.Free(s_kept); }")]
    [InlineData("static void Renew(ref void* p) { p = HakMemory.Alloc(1); } void M(void* p) { HakMemory.Free(p); Renew(ref p); HakMemory.Free(p); }")]
    [InlineData("void M(void* p) { void* q = HakMemory.Realloc(p, 9); HakMemory.Free(q); }")]
    [InlineData("void M(void* p) { if (HakMemory.TryRealloc(p, 9, out void* q)) { HakMemory.Free(q); } else { HakMemory.Free(p); } }")]
    [InlineData("void M(void* p) { NativeMemory.Free(p); NativeMemory.Free(p); }")]
    [InlineData("void M(byte* p) { bool done = false; while (!done) { if (Read(p, 8)) { HakMemory.Free(p); done = true; } } }")]
    [InlineData("void M(byte* p) { bool again; do { again = Read(p, 8); if (!again) { HakMemory.Free(p); } } while (again); }")]
    [InlineData("void M(byte* p, int st) { while (true) { switch (st) { case 1: HakMemory.Free(p); st = 2; break; default: return; } } }")]
    [InlineData("void M(Item* p, int n) { for (int i = 0; i < n; i++) { if (--p->Key == 0) { HakMemory.Free(p); } } }")]
    [InlineData("void M(byte* p) { bool freed = false; try { Look(p); HakMemory.Free(p); freed = true; Maybe(); } finally { if (!freed) { HakMemory.Free(p); } } }")]
    [InlineData("int M(byte* p, bool a) { bool freed = false; try { if (a) { HakMemory.Free(p); freed = true; return 1; } Look(p); return 2; } finally { if (!freed) { HakMemory.Free(p); } } }")]
    [InlineData("void M(List<nint> live, void* p) { HakMemory.Free(p); Console.WriteLine((nint)p); live.Remove((nint)p); }")]
    [InlineData("void M(ref Item* head) { ref Item* s = ref head; HakMemory.Free(s); s = (Item*)HakMemory.Alloc(9); s->Key = 1; HakMemory.Free(s); s = null; HakMemory.Free(s); }")]
    [InlineData("(nint, int) Get() => (1, 2); void M() { nint p; int n; (p, n) = Get(); HakMemory.Free((void*)p); (p, n) = Get(); HakMemory.Free((void*)p); }")]
    [InlineData("void M(bool c, void* a, void* b) { HakMemory.Free(c ? a : b); if (c) { HakMemory.Free(b); } else { HakMemory.Free(a); } }")]
    [InlineData("void M(nint p, int n) { for (int i = 0; i < n; i++) { HakMemory.Free((void*)p); p += 64; } }")]
    [InlineData("void M(float* v) { v += 1; HakMemory.Free(v); }")]
    [InlineData("void M() { float* v = (float*)HakMemory.Alloc(80) - 1; v[1] = 2; HakMemory.Free(v + 1); }")]
    [InlineData("int M(byte* p, int n) { int state = 0; try { if (n > 3) { HakMemory.Free(p); state = 1; return 1; } Read(p, 1); } finally { if (state == 0) HakMemory.Free(p); } return 2; }")]
    [InlineData("void M(byte* buf, bool rent) { byte* mine = rent ? null : buf; HakMemory.Free(mine); if (rent) { Read(buf, 3); s_kept = buf; } }")]
    [InlineData("void M(byte* p, int n) { bool late = false; for (int i = 0; i < n; i++) late |= i > 7; if (!late) HakMemory.Free(p); if (n > 8) HakMemory.Free(p); }")]
    [InlineData("void M(byte* p, delegate*<out byte*, int> f) { HakMemory.Free(p); int r = f(out p); p[0] = 1; }")]
    [InlineData("class Got { public Got(out byte* p) => p = null; } void M(byte* p) { HakMemory.Free(p); Got g = new(out p); p[0] = 1; HakMemory.Free(p); }")]
    [InlineData("void M() { if (HakMemory.TryAlloc(8, out void* p)) { HakMemory.Free(p); return; } while (Maybe()) HakMemory.Free(p); }")]
    [InlineData("void M(void* p, bool go) { while (go) { HakMemory.Free(p); go = false; } }")]
    [InlineData("void M(int n) { byte* p = null; HakMemory.Free(p); if (n > 3) HakMemory.Free(p); }")]
    public Task WhatIsFreedOnceIsNot(string member) => BlockRules.AssertNone(member);
}
