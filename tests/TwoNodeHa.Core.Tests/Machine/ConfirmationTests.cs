using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Machine;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class ConfirmationTests
{
    private static readonly OperatorRequest.Maintenance s_update = new(true, 0, "update", KeepMaster: true);

    /// <summary>A master that is kept stays Paired in its maintenance: nobody waits for a state that never comes.</summary>
    [Fact]
    public void MaintenanceThatKeepsTheMaster_IsConfirmedWhenTheHostIsEmptied()
    {
        var status = Status("1 of 2 VMs moved; 1 on the move, 0 waiting: web");
        Assert.Null(Confirmation.Of(s_update, status));
        status = Status("2 of 2 VMs moved; it stays master: update and reboot it");
        Assert.Contains("it stays master", Confirmation.Of(s_update, status) ?? "", StringComparison.Ordinal);
        Assert.Null(Confirmation.Of(s_update with { KeepMaster = false }, status));
    }

    private static StatusReport Status(string progress)
    {
        var bench = Bench.Paired();
        return HaMachine.Status(bench.Config, bench.State, bench.Now) with { Findings = [progress] };
    }
}
