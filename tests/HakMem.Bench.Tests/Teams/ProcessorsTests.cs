using System.Linq;
using HakMem.Bench.Allocators;
using HakMem.Bench.Teams;
using Xunit;

namespace HakMem.Bench.Tests.Teams;

public class ProcessorsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Threads_keep_to_processors_of_their_own_where_asked(bool bound)
    {
        int[] team = new int[4], fresh = new int[4];
        ThreadTeam.Run(4, thread => team[thread] = Processors.Bound(), static _ => { }, bound: bound);
        FreshThreads.Run<NullAllocator>(4, thread => fresh[thread] = Processors.Bound(), bound);
        foreach (int[] places in (int[][])[team, fresh])
        {
            Assert.Equal(bound || Processors.Count == 1, places.All(static place => place >= 0));
            Assert.Equal(bound ? int.Min(4, Processors.Count) : 1, places.Distinct().Count());
        }
    }
}
