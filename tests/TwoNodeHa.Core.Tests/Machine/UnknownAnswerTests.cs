using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>Answers to commands that are not open: ignored, counted, told once a minute.</summary>
public sealed class UnknownAnswerTests
{
    private const long NeverGiven = 1_000_000;

    [Fact]
    public void UnknownAnswer_IsCountedAndToldOnceAMinute()
    {
        var bench = Bench.Paired();
        bench.Finish(NeverGiven);
        bench.Finish(NeverGiven);

        Assert.Single(bench.Events, Told);
        Assert.Equal(2, HaMachine.Status(bench.Config, bench.State, bench.Now).Counters["loop.unknown_answer"]);

        bench.Pass(61, gateway: true, peer: true);
        bench.Finish(NeverGiven);
        Assert.Equal(2, bench.Events.Count(Told));
        Assert.Contains("3 such answers", bench.Events.Last(Told).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void QuietPair_CountsNothing()
    {
        var bench = Bench.Paired();
        Assert.Empty(HaMachine.Status(bench.Config, bench.State, bench.Now).Counters);
    }

    private static bool Told(HaEvent one) => one.Id == HaEventId.ActionTrouble && one.Sentence.Contains("not open", StringComparison.Ordinal);
}
