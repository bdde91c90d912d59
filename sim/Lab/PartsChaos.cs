using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Lab;

/// <summary>The faults of a chaos round that are those of the arbiter and of the boards.</summary>
internal sealed class PartsChaos(LabHarness lab)
{
    /// <summary>Strikes; false when it is no fault of theirs. All last to the end of the round.</summary>
    public bool Strike(ChaosFault fault)
    {
        switch (fault.Kind)
        {
            case ChaosKind.ArbiterKilled:
                lab.Arbiter!.Kill();
                break;
            case ChaosKind.ArbiterFrozen:
                lab.Arbiter!.Freeze();
                break;
            case ChaosKind.ArbiterCut:
                Apart(fault.Host, LabEtcd.Station);
                break;
            case ChaosKind.BoardFrozen:
                lab.BoardOf(fault.Host).Freeze();
                break;
            case ChaosKind.BoardSick:
                lab.BoardOf(fault.Host).Healthy = false;
                break;
            case ChaosKind.BoardCut:
                lab.Network.Cut(LabBoard.Station(fault.Host));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>All is well; may be said of what is.</summary>
    public void Heal()
    {
        lab.Arbiter?.Thaw();
        lab.Arbiter?.Start();
        foreach (string host in lab.Boards.IsEmpty ? (string[])[] : ["a", "b"])
        {
            lab.BoardOf(host).Thaw();
            lab.BoardOf(host).Healthy = true;
            lab.Network.Plug(LabBoard.Station(host));
        }
    }

    private void Apart(string one, string other)
    {
        lab.Network.Drop(one, other);
        lab.Network.Drop(other, one);
    }
}
