using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Sim.Lab;

/// <summary>The faults of a chaos round that are those of the arbiter and of the boards.</summary>
internal sealed class PartsChaos(LabHarness lab)
{
    private LabEtcd Leader => lab.Arbiter!.Leader ?? lab.Arbiter.Members[0];

    /// <summary>Strikes; false when it is no fault of theirs. All last to the end of the round.</summary>
    public bool Strike(ChaosFault fault)
    {
        switch (fault.Kind)
        {
            case ChaosKind.ArbiterKilled:
                KillSome(fault.Host);
                break;
            case ChaosKind.ArbiterFrozen:
                FreezeSome(fault.Host);
                break;
            case ChaosKind.ArbiterCut:
                lab.Arbiter!.Cut(fault.Host);
                break;
            case ChaosKind.ArbiterSplit:
                lab.Arbiter!.Isolate(Leader);
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

    /// <summary>The leader, or all of them: one member less changes nothing but the leader.</summary>
    private void KillSome(string host)
    {
        if (host == "a")
        {
            Leader.Kill();
        }
        else
        {
            lab.Arbiter!.Kill();
        }
    }

    private void FreezeSome(string host)
    {
        if (host == "a")
        {
            Leader.Freeze();
        }
        else
        {
            lab.Arbiter!.Freeze();
        }
    }
}
