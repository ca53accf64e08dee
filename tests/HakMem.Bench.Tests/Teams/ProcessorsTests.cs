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
        if (Processors.Count == 1) return;   // bound or not, there is one
        foreach (int[] places in (int[][])[team, fresh])
        {
            if (bound)
                Assert.True(places.Take(2).Distinct().Count() == 2 && places.All(static place => place >= 0) && (Processors.Count != 2 || (places[0] == places[2] && places[1] == places[3])), string.Join(' ', places));
            else
                Assert.All(places, static place => Assert.Equal(-1, place));
        }
    }
}
