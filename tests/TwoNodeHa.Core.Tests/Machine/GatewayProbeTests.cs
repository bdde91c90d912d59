using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Core.Tests.Machine;

/// <summary>A gateway that answers is asked once in an interval, whenever in its turn the question left.</summary>
public sealed class GatewayProbeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.0002)]
    [InlineData(0.02)]
    public void An_answered_round_is_followed_by_a_whole_interval(double untilSent)
    {
        var bench = Bench.Paired();
        var rounds = 0;
        for (var step = 0; step < 1000; step++)
        {
            bench.Later(TimeSpan.FromSeconds(0.01), step % 50 == 0 ? [bench.Said()] : [new Observation.Ticked(0)]);
            if (bench.Orders.OfType<Command.ProbeGateway>().Any())
            {
                var sent = bench.Now + TimeSpan.FromSeconds(untilSent);
                rounds++;
                bench.Orders.Clear();
                bench.Later(TimeSpan.FromSeconds(untilSent + 0.0003), new Observation.GatewayAnswered(0, sent));
            }
        }

        Assert.Equal(0, bench.State.Gateway.Unanswered);
        Assert.InRange(rounds, 17, 21);
    }
}
