using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class ConfirmationTests
{
    /// <summary>A master that is kept stays Paired in its maintenance: nobody waits for a state that never comes.</summary>
    [Fact]
    public void MaintenanceThatKeepsTheMaster_IsConfirmedWhenTheHostIsEmptied()
    {
        var bench = Bench.Paired();
        var request = new OperatorRequest.Maintenance(true, 0, "update", KeepMaster: true);
        bench.Post(new Observation.OperatorAsked(1, request));
        Assert.Null(Confirmation.Of(request, Status(bench)));
        bench.Lists();
        bench.Pass(6, gateway: true, peer: true);
        Assert.Contains("stays master", Confirmation.Of(request, Status(bench)) ?? "", StringComparison.Ordinal);
        Assert.Null(Confirmation.Of(request with { KeepMaster = false }, Status(bench)));
    }

    private static StatusReport Status(Bench bench) => HaMachine.Status(bench.Config, bench.State, bench.Now);
}
