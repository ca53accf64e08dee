using System.Threading.Tasks;
using Xunit;

namespace HakMem.Analyzers.Tests;

/// <summary>HKM1001.</summary>
public class LostBlockTests
{
    [Theory]
    [InlineData("void M() { {|HakMemory.Alloc(10)|}; }")]
    [InlineData("void M() { _ = {|HakMemory.AllocZeroed(10)|}; }")]
    [InlineData("void M() { byte* p = (byte*){|HakMemory.Alloc(10)|}; *p = 1; }")]
    [InlineData("int M() { int* p = (int*){|HakMemory.Alloc(10, 4)|}; p[2] = 3; return p[2]; }")]
    [InlineData("int M() => *(int*){|HakMemory.AllocZeroed(8)|};")]
    [InlineData("void M() { void* p = {|Own.Alloc(10)|}; }")]
    [InlineData("void M() { Node* p = {|Node.Pool.Alloc()|}; p->Value = 1; }")]
    [InlineData("void M() { LocalHeap heap = HakMemory.GetLocalHeap(); byte* p = (byte*){|heap.Alloc(10)|}; p[0] = 1; }")]
    [InlineData("void M(int n) { Span<byte> s = new({|HakMemory.Alloc((nuint)n)|}, n); s.Clear(); s[0] = 1; Console.WriteLine(s.Length); }")]
    [InlineData("static User() { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; }")]
    [InlineData("int P { get { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; return *p; } }")]
    [InlineData("void M() { Action a = () => { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; }; a(); }")]
    [InlineData("void M() { Inner(); void Inner() { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; } }")]
    [InlineData("void M() { void* p = {|HakMemory.Alloc(8)|}; p = HakMemory.Alloc(9); HakMemory.Free(p); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); p = {|HakMemory.Realloc(p, 9)|}; }")]
    [InlineData("void M() { if (HakMemory.TryAlloc(8, out void* p)) { *(int*)p = 1; } }", "HakMemory.TryAlloc(8, out void* p)")]
    [InlineData("void M(bool b) { byte* p = null; if (b) { p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; } }")]
    [InlineData("void M(int n) { for (int i = 0; i < n; i++) { byte* p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; } }")]
    [InlineData("void M(int n) { byte* p = null; for (int i = 0; i < n; i++) { p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; } }")]
    public Task ABlockThatNobodyFreesIsReported(string member, string marked = "") =>
        BlockRules.Assert("HKM1001", marked.Length == 0 ? member : member.Replace(marked, "{|" + marked + "|}"));

    [Theory]
    [InlineData("bool M(int n) { byte* p = (byte*){|HakMemory.Alloc(8)|}; if (n > 3) return false; p[0] = 1; HakMemory.Free(p); return true; }")]
    [InlineData("bool M(int n) { byte* p = (byte*){|HakMemory.Alloc(8)|}; if (!Read(p, n)) return false; HakMemory.Free(p); return true; }")]
    [InlineData("void M(int n) { byte* p = (byte*){|HakMemory.Alloc(8)|}; Read(p, n); if (p[0] == 0) throw new InvalidOperationException(); HakMemory.Free(p); }")]
    [InlineData("void M(int n) { byte* p = (byte*)HakMemory.Alloc(8); byte* q = (byte*){|HakMemory.Alloc(9)|}; Look(q); if (n == 1) { HakMemory.Free(p); return; } HakMemory.Free(q); HakMemory.Free(p); }")]
    [InlineData("void M(int[] a) { foreach (int i in a) { byte* p = (byte*){|HakMemory.Alloc(8)|}; if (i == 0) continue; HakMemory.Free(p); } }")]
    [InlineData("void M(int n) { byte* p = (byte*){|HakMemory.Alloc(8)|}; switch (n) { case 1: HakMemory.Free(p); break; case 2: return; default: HakMemory.Free(p); break; } }")]
    [InlineData("void M(int n) { void* p = {|HakMemory.Alloc(8)|}; for (int i = 0; i < n; i++) { if (i == 3) { HakMemory.Free(p); break; } } }")]
    [InlineData("void M() { byte* p = (byte*){|HakMemory.Alloc(8)|}; try { Read(p, 1); HakMemory.Free(p); } catch (FormatException) { return; } }")]
    [InlineData("void M(System.IO.Stream s) { byte* p = (byte*){|HakMemory.Alloc(8)|}; s.Write(new Span<byte>(p, 8)); if (Maybe()) return; HakMemory.Free(p); }")]
    [InlineData("void M() { byte* p = (byte*){|HakMemory.Alloc(8)|}; Span<byte> s = new(p, 8); s[..4].Clear(); if (Maybe()) return; HakMemory.Free(p); }")]
    [InlineData("void M() { byte* p = null; while (s_number < 9) { p = (byte*){|HakMemory.Alloc(8)|}; if (Maybe()) continue; HakMemory.Free(p); } }")]
    [InlineData("void M() { byte* p = null; while (Maybe()) { p = (byte*){|HakMemory.Alloc(8)|}; *p = 1; } HakMemory.Free(p); }")]
    [InlineData("void M() { try { byte* p = (byte*){|HakMemory.Alloc(8)|}; try { Look(s_kept); if (Maybe()) return; } finally { if (s_number == 9) { Environment.FailFast(null); } } HakMemory.Free(p); } catch (FormatException) { } }")]
    public Task AWayOutWithoutTheFreeIsReported(string member) => BlockRules.Assert("HKM1001", member);

    [Fact]
    public async Task TheMessageNamesTheAllocationAndTheLine()
    {
        string[] messages = await BlockRules.Assert("HKM1001", """
            bool M(int n)
            {
                byte* p = (byte*){|HakMemory.AlignedAlloc(8, 64)|};
                if (n > 3)
                {
                    s_number = 1;
                    return false;
                }

                HakMemory.AlignedFree(p);
                {|HakMemory.Alloc(1)|};
                return true;
            }

            void N(bool b) { byte* p = null; if (b) { p = (byte*){|Own.Alloc(8)|}; } s_number++; }
            """);

        Assert.Equal([$"The block of 'HakMemory.AlignedAlloc' is lost in line {BlockRules.FirstLine + 6}", "The block of 'HakMemory.Alloc' is lost at once", "The block of 'Own.Alloc' is freed on no way"], messages);
    }

    [Theory]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); HakMemory.Free(p); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); HakMemory.Free(p, 8); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); try { Look(p); } finally { HakMemory.Free(p); } }")]
    [InlineData("int M(int n) { void* p = HakMemory.Alloc(8); try { if (n > 3) return 1; if (n > 2) throw new Exception(); return 2; } finally { HakMemory.Free(p); } }")]
    [InlineData("int M(int n) { void* p = HakMemory.Alloc(8); try { try { if (n > 3) return 1; } finally { s_number++; } return 2; } finally { HakMemory.Free(p); } }")]
    [InlineData("int M(int n) { void* p = null; try { p = HakMemory.Alloc(8); if (n > 3) return 1; return 2; } finally { if (p != null) HakMemory.Free(p); } }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); try { Look(p); } catch { HakMemory.Free(p); throw; } HakMemory.Free(p); }")]
    [InlineData("void* M() => HakMemory.Alloc(8);")]
    [InlineData("byte* M() { byte* p = (byte*)HakMemory.Alloc(8); *p = 1; return p + 1; }")]
    [InlineData("nint M() { nint p = (nint)HakMemory.Alloc(8); return p; }")]
    [InlineData("void M() { s_kept = (byte*)HakMemory.Alloc(8); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); s_kept = p; }")]
    [InlineData("void M(byte** to) { *to = (byte*)HakMemory.Alloc(8); }")]
    [InlineData("void M(Item* item) { item->Next = (Item*)HakMemory.Alloc(8); }")]
    [InlineData("void M(out byte* to) { to = (byte*)HakMemory.Alloc(8); }")]
    [InlineData("void M(ref byte* to) { byte* p = (byte*)HakMemory.Alloc(8); to = p; }")]
    [InlineData("void M(byte*[] to) { to[1] = (byte*)HakMemory.Alloc(8); }")]
    [InlineData("void M(Dictionary<int, nint> to) { to[1] = (nint)HakMemory.Alloc(8); }")]
    [InlineData("void M(List<nint> to) { void* p = HakMemory.Alloc(8); to.Add((nint)p); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); Read(p, 3); }")]
    [InlineData("Keeper M() => new Keeper(HakMemory.Alloc(8));")]
    [InlineData("void M() { using Keeper keeper = new(HakMemory.Alloc(8)); }")]
    [InlineData("Span<byte> M() { byte* p = (byte*)HakMemory.Alloc(8); Span<byte> s = new(p, 8); s[0] = 1; return s; }")]
    [InlineData("Span<byte> M() { byte* p = (byte*)HakMemory.Alloc(8); return new Span<byte>(p, 8).Slice(1); }")]
    [InlineData("ref int M() { int* p = (int*)HakMemory.Alloc(8); return ref *p; }")]
    [InlineData("ref int M() { ref int r = ref Unsafe.AsRef<int>(HakMemory.Alloc(8)); r = 3; return ref r; }")]
    [InlineData("Func<int> M() { byte* p = (byte*)HakMemory.Alloc(8); return () => *p; }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); Inner(); void Inner() { HakMemory.Free(p); } }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); byte** pp = (byte**)&p; HakMemory.Free(*pp); }")]
    [InlineData("bool M() { void* p = HakMemory.Alloc(8); if (!TryAdd(p)) { HakMemory.Free(p); return false; } return true; }")]
    [InlineData("bool M() { void* p = HakMemory.Alloc(8); if (!Accepts(p)) { HakMemory.Free(p); return false; } return true; }")]
    [InlineData("void M(int n) { byte* p = n > 256 ? (byte*)HakMemory.Alloc((nuint)n) : null; Look(p); if (n > 256) HakMemory.Free(p); }")]
    [InlineData("void M(int n) { byte* stack = stackalloc byte[256]; byte* p = n > 256 ? (byte*)HakMemory.Alloc((nuint)n) : stack; p[0] = 1; if (p != stack) HakMemory.Free(p); }")]
    [InlineData("void M() { if (!HakMemory.TryAlloc(8, out void* p)) { return; } HakMemory.Free(p); }")]
    [InlineData("static void Expect(bool no) { } void M() { Expect(HakMemory.TryAlloc(8, out _)); Expect(HakMemory.TryAlloc(8, out void* p)); }")]
    [InlineData("void M() { bool there = HakMemory.TryAlloc(8, out void* p); if (!there) { return; } HakMemory.Free(p); }")]
    [InlineData("void M() { if (HakMemory.TryAlloc(8, out void* p) && HakMemory.TryAlloc(9, out void* q)) { HakMemory.Free(p); HakMemory.Free(q); } else { HakMemory.Free(p); } }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); if (p == null) return; HakMemory.Free(p); }")]
    [InlineData("void M(int n) { byte* p = (byte*)HakMemory.Alloc(8); for (nuint i = 8; i < 100; i *= 2) { p = (byte*)HakMemory.Realloc(p, i); } HakMemory.Free(p); }")]
    [InlineData("void M(int n) { byte* p = null; for (int i = 0; i < n; i++) { p = (byte*)HakMemory.Realloc(p, (nuint)i); } HakMemory.Free(p); }")]
    [InlineData("void M(int n) { for (int i = 0; i < n; i++) { byte* p = (byte*)HakMemory.Alloc(8); *p = 1; HakMemory.Free(p); } }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); void* q = p; HakMemory.Free(q); }")]
    [InlineData("void M() { nint p = (nint)HakMemory.Alloc(8), q = (nint)HakMemory.Alloc(9); (p, q) = (q, p); HakMemory.Free((void*)p); HakMemory.Free((void*)q); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); Node* n = Node.Pool.Alloc(); Node.Pool.Free(n); HakMemory.Free(p); }")]
    [InlineData("void M() { Node* n = Node.Pool.Alloc(); HakMemory.Free(n); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8), end = p + 8; while (p < end) { *p++ = 1; } HakMemory.Free(end - 8); }")]
    [InlineData("void M() { Item* head = null; for (int i = 0; i < 3; i++) { Item* item = (Item*)HakMemory.Alloc(64); item->Next = head; head = item; } Look(head); }")]
    [InlineData("void M() { using HakHeap heap = new(); byte* p = (byte*)heap.Alloc(8); *p = 1; }")]
    [InlineData("void M(HakHeap heap, HakArena arena, int n) { for (int i = 0; i < n; i++) { byte* p = (byte*)heap.Alloc(8); *p = 1; int* q = (int*)arena.Alloc(8); *q = 2; } }")]
    [InlineData("void M() { using HakArena arena = new(); byte* p = (byte*)arena.Alloc(8); *p = 1; }")]
    [InlineData("void M() { void* p = NativeMemory.Alloc(8); }")]
    [InlineData("IEnumerable<nint> M() { nint p; unsafe { p = (nint)HakMemory.Alloc(8); } yield return p; }")]
    [InlineData("static void* s_lazy; void* M() => s_lazy == null ? s_lazy = HakMemory.Alloc(8) : s_lazy;")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); System.Threading.Interlocked.Exchange(ref s_number, 1); s_kept = s_kept == null ? (byte*)p : s_kept; }")]
    [InlineData("byte* M(bool b) { byte* p = (byte*)HakMemory.Alloc(8); byte* q = Skip(p); return q; }")]
    [InlineData("void M(int n) { void* p = HakMemory.Alloc(8); while (true) { if (Maybe()) { HakMemory.Free(p); return; } s_number++; } }")]
    [InlineData("void M() { int* p = (int*)HakMemory.Alloc(8); System.Threading.Interlocked.Exchange(ref *p, 1); s_number = p[0]; HakMemory.Free(p); }")]
    [InlineData("void M(int n) { void* p = HakMemory.Alloc(8); if (n < 0) goto end; s_number = n; end: HakMemory.Free(p); }")]
    [InlineData("void M() { void* p = HakMemory.Alloc(8); Environment.FailFast(null); HakMemory.Free(p); }")]
    [InlineData("void M() { Item* p = (Item*)HakMemory.Alloc(8); p->Key = 1; s_slot = (nint)((ulong)p | 1); }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); long tagged = ((long)p << 16) | 3; s_wide = tagged; }")]
    [InlineData("void M(Item* q) { byte* p = (byte*)HakMemory.Alloc(8); q->Key = (int)(p - s_kept); }")]
    [InlineData("void* M() { long raw = (long)HakMemory.Alloc(80); return (void*)((raw + 15) & ~15L); }")]
    [InlineData("enum Handle : long { } Handle M() { nint p = (nint)HakMemory.Alloc(8); return (Handle)p; }")]
    [InlineData("nint? M() { nint p = (nint)HakMemory.Alloc(8); return p; }")]
    [InlineData("void M() { nint p = (nint)HakMemory.Alloc(8); s_wide = p.ToInt64(); }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); int rc = Deliver(p); if (rc != 0) { HakMemory.Free(p); return rc; } return 0; }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); if (Deliver(p) != 0) { HakMemory.Free(p); return 1; } return 0; }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); bool ok = Accepts(p); if (!ok) { HakMemory.Free(p); return 1; } return 0; }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); if (Accepts(p) == false) { HakMemory.Free(p); return 1; } return 0; }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); if (Accepts(p) is false) { HakMemory.Free(p); return 1; } return 0; }")]
    [InlineData("static void Accept(void* p, out bool ok) => ok = true; int M() { void* p = HakMemory.Alloc(8); Accept(p, out bool ok); if (!ok) { HakMemory.Free(p); return 1; } return 0; }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); try { while (true) { *p = 1; System.Threading.Thread.Sleep(1); } } finally { HakMemory.Free(p); } }")]
    [InlineData("void M(bool b) { void* p = HakMemory.Alloc(8); if ((b ? p : null) == null) { s_number++; } HakMemory.Free(p); }")]
    [InlineData("void M(nint* slot) { nint p = (nint)HakMemory.Alloc(8); Unsafe.Write(slot, p); }")]
    [InlineData("void M(bool b) { nint p = (nint)HakMemory.Alloc(8); System.Threading.Volatile.Write(ref s_slot, p); if (b) { HakMemory.Free((void*)p); } }")]
    [InlineData("void M() { if ((nint)HakMemory.Alloc(8) is var p && p != 0) { HakMemory.Free((void*)p); } }")]
    [InlineData("int M() { void* p = HakMemory.Alloc(8); Environment.FailFast(\"x\"); return 0; }")]
    [InlineData("void M() { byte* p = (byte*)HakMemory.Alloc(8); try { Look(p); } catch (FormatException) { HakMemory.Free(p); throw; } }")]
    [InlineData("void M(int n) { byte* p = null; for (int i = 0; i < n; i++) { if (p == null) { p = (byte*)HakMemory.Alloc(8); } *p = 1; } HakMemory.Free(p); }")]
    [InlineData("void M(int n) { byte* last = null; for (int i = 0; i < n; i++) { byte* p = (byte*)HakMemory.Alloc(8); if (last != null) { HakMemory.Free(last); } last = p; } HakMemory.Free(last); }")]
    [InlineData("[System.Diagnostics.CodeAnalysis.DoesNotReturn] static int Fail() => throw new Exception(); int M(bool b) { void* p = HakMemory.Alloc(8); if (b) { return Fail(); } HakMemory.Free(p); return 1; }")]
    [InlineData("byte* M(int n) { byte* p; bool retry; do { retry = false; p = (byte*)HakMemory.Alloc(8); if (p[0] != n) { HakMemory.Free(p); retry = true; } } while (retry); return p; }")]
    [InlineData("void M(int n) { for (int i = 0; i < n; i++) { byte* p = (byte*)HakMemory.Alloc(8); bool used = false; if (Maybe()) { s_kept = p; used = true; } if (!used) HakMemory.Free(p); } }")]
    [InlineData("void M(int n, bool keep) { for (int i = 0; i < n; i++) { byte* p = (byte*)HakMemory.Alloc(8); if (keep) s_kept = p; s_number = i; if (!keep) HakMemory.Free(p); } }")]
    [InlineData("void M(int left) { byte* p = null; while (left > 0) { p = (byte*)HakMemory.Alloc(8); left -= p[0]; if (left > 0) HakMemory.Free(p); } HakMemory.Free(p); }")]
    [InlineData("bool M(int n) { void* b = HakMemory.Alloc(8); for (int i = 0; i < n; i++) { b = HakMemory.Realloc(b, 9); HakMemory.Free(b); if (!HakMemory.TryAlloc(8, out b)) return false; } HakMemory.Free(b); return true; }")]
    [InlineData("void M() { int* p = (int*)HakMemory.Alloc(8); p[0] = 1; try { HakMemory.Free(p); } catch { s_number++; } }")]
    [InlineData("void M() { bool more = true; byte* p = null; while (more) { p = (byte*)HakMemory.Alloc(8); more = false; } HakMemory.Free(p); }")]
    [InlineData("byte* M() { byte* p = s_kept; while (p == null) { s_number++; p = (byte*)HakMemory.Alloc(8); } return p; }")]
    public Task ABlockThatIsFreedOrKnownElsewhereIsNot(string member) => BlockRules.AssertNone(member);
}
