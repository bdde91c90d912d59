using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Sim.Explore;

/// <content>The situation without its place in time.</content>
internal sealed partial class SmallWorld
{
    /// <summary>Equal for situations that go on alike, whenever and however they were reached.</summary>
    public StateHash Hash() => Hash(out _);

    /// <summary>The same, with what was reached before each part: where two worlds differ first.</summary>
    public StateHash Hash(out (StateHash World, StateHash First, StateHash Second) parts)
    {
        var epoch = _first.State?.Durable.Epoch ?? _first.File.Epoch;
        var writer = new SituationWriter(
            Now, Site.AgeMax, epoch, Site.Config.Hosts[0].Uuid, Numbers(_first), Numbers(_second));
        writer.Add(Cut);
        writer.Add((GatewayUp ? 1 : 0) | (ThirdPartyUp ? 2 : 0) | (AgentLies ? 4 : 0) | (_onlyGateway ? 8 : 0) | (_onlyGatewayItself ? 16 : 0));
        if (Site.Options.Third is ThirdParty.Arbiter or ThirdParty.Both)
        {
            writer.Add(LeaseEnd > Now ? LeaseHolder : -1);
            writer.DueTime(LeaseEnd);
        }

        WriteAssumption(ref writer);
        parts.World = writer.Result;
        WriteHost(ref writer, 0, _first);
        parts.First = writer.Result;
        WriteHost(ref writer, 1, _second);
        parts.Second = writer.Result;
        foreach (ref readonly var item in Events)
        {
            WriteEvent(ref writer, item);
        }

        return writer.Result;
    }

    private static HostNumbers Numbers(SmallHost host) => new(
        host.State?.Life.Incarnation.Counter ?? host.File.Incarnation,
        host.State?.Durable.Attestation ?? host.File.Attestation,
        host.SentIncarnation,
        host.SentSequence,
        host.State?.Peer.Beat?.Incarnation.Counter ?? -1,
        host.State?.Peer.Beat?.Sequence ?? 0);

    private void WriteAssumption(ref SituationWriter writer)
    {
        if (Site.Options.Assumption == GatewayAssumption.Off)
        {
            return;
        }

        writer.Add(_notCarried);
        Since(ref writer, _pathBadSince);
        Since(ref writer, _outageSince);
        Since(ref writer, _seenSince);
        for (var direction = 0; direction < 2 * Site.Links; direction++)
        {
            writer.Age(_carriedAt[direction]);
        }

        static void Since(ref SituationWriter writer, long at)
        {
            writer.Add(at == NotSince);
            if (at != NotSince)
            {
                writer.Age(at);
            }
        }
    }

    private void WriteHost(ref SituationWriter writer, int index, SmallHost host)
    {
        writer.Self(index);
        writer.Add((host.On ? 1 : 0) | (host.Booting ? 2 : 0) | (host.Frozen ? 4 : 0) | (host.KillsHang ? 8 : 0)
            | (host.GatewayPath ? 16 : 0) | (host.ThirdPartyPath ? 32 : 0) | (host.FencedVms ? 64 : 0) | (host.DiskIsSlow ? 128 : 0) | (host.StateLost ? 256 : 0)
            | (host.Filtered ? 512 : 0));
        writer.Add((long)host.NextBeat);
        if (!Reaches(host))
        {
            writer.Age(host.GatewaySeen);
        }

        writer.Add(host.WatchdogAt == SmallHost.Never);
        if (host.WatchdogAt != SmallHost.Never)
        {
            writer.Time(host.WatchdogAt);
        }

        writer.Add(host.Running);
        writer.Add(host.DrainedAt > Now ? host.Draining : 0);
        writer.DueTime(host.DrainedAt);
        WriteToolstack(ref writer, host.Toolstack);
        writer.Add(host.LeaseFile is not null);
        writer.DueTime(host.LeaseFile?.Ticks ?? 0);

        writer.Add(host.State is not null && ReferenceEquals(host.File, host.State.Disk.Confirmed));
        if (host.State is null || !ReferenceEquals(host.File, host.State.Disk.Confirmed))
        {
            writer.Durable(host.File);
        }

        if (host.State is { } state)
        {
            writer.Time(host.Wake);
            writer.State(state);
        }

        writer.Add(host.Waiting.Length);
        foreach (var observation in host.Waiting)
        {
            WriteObservation(ref writer, host, observation);
        }
    }

    private static void WriteToolstack(ref SituationWriter writer, in SmallToolstack toolstack)
    {
        writer.Add((long)toolstack.RoleFile | ((long)toolstack.Role << 8) | ((long)toolstack.Belief << 16)
            | (toolstack.Running ? 1L << 32 : 0) | (toolstack.Complete ? 1L << 33 : 0) | (toolstack.Started ? 1L << 34 : 0));
        writer.Age(toolstack.Running ? toolstack.StartedAt : 0);
    }

    private void WriteEvent(ref SituationWriter writer, in WorldEvent item)
    {
        var host = Host(item.Host);
        var (id, life) = item.Kind == WorldEventKind.Action ? Unpack(item.Id) : (item.Id, item.Life);
        var current = item.Kind switch
        {
            WorldEventKind.Boot => host.PowerLife,
            WorldEventKind.ToolstackFuse => host.Toolstack.Life,
            WorldEventKind.Heartbeat => item.Life,
            _ => host.Life,
        };
        if (life != current && item.Subject is not HaAction.StartVm)
        {
            // Whom it was for is gone: nothing will come of it.
            return;
        }

        writer.Time(item.Due);
        writer.Add((long)item.Kind | ((long)item.Host << 8) | ((long)item.Link << 16) | (life == current ? 1L << 24 : 0));
        switch (item.Kind)
        {
            case WorldEventKind.Heartbeat:
                writer.Beat((Heartbeat)item.Subject!);
                break;
            case WorldEventKind.DiskWrite:
                writer.Self(item.Host);
                writer.Durable((DurableState)item.Subject!);
                break;
            case WorldEventKind.GatewayAnswer or WorldEventKind.PeerAnswer:
                writer.Time(item.Id);
                break;
            case WorldEventKind.DomainList or WorldEventKind.ToolstackRead when host.State is { } state:
                writer.Id(state, id);
                break;
            case WorldEventKind.Action:
                writer.Add(item.Life == host.Toolstack.Life);
                if (host.State is { } current2 && life == current)
                {
                    writer.Id(current2, id);
                }

                WriteAction(ref writer, (HaAction)item.Subject!);
                break;
        }
    }

    private void WriteAction(ref SituationWriter writer, HaAction action)
    {
        var (kind, vm) = action switch
        {
            HaAction.DestroyDomain destroy => (1, Site.VmIndex(destroy.Vm)),
            HaAction.KillToolstack => (2, 0),
            HaAction.StartToolstack => (3, 0),
            HaAction.RestartToolstack => (4, 0),
            HaAction.WriteRoleSlave => (5, 0),
            HaAction.WriteRoleMaster => (6, 0),
            HaAction.PromoteToMaster => (7, 0),
            HaAction.BlockPeerToolstack block => (8, block.Block ? 1 : 0),
            HaAction.ResetPowerState reset => (9, Site.VmIndex(reset.Vm)),
            HaAction.ReleaseStorageLocks => (10, 0),
            HaAction.StartVm start => (11, Site.VmIndex(start.Vm)),
            HaAction.RecoverSlaves => (12, 0),
            HaAction.SyncDatabase => (13, 0),
            HaAction.ResetHost => (14, 0),
            HaAction.PowerOffHost => (15, 0),
            HaAction.FencePeer fence => (16, fence.OnlyRead ? 1 : 0),
            HaAction.ReleaseLease => (19, 0),
            HaAction.MoveVm move => (30, Site.VmIndex(move.Vm)),
            HaAction.SwitchHost => (31, 0),
            HaAction.AcquireLease => (17, 0),
            HaAction.PlugStorage => (18, 0),
            HaAction.MarkVm => (118, 0),
            _ => throw new System.Diagnostics.UnreachableException(action.GetType().Name),
        };
        writer.Add((kind << 8) | vm);
    }

    private static void WriteObservation(ref SituationWriter writer, SmallHost host, Observation observation)
    {
        switch (observation)
        {
            case Observation.HeartbeatReceived received:
                writer.Add(1 + (received.Link << 8));
                writer.Beat(received.Beat);
                break;
            case Observation.GatewayAnswered answered:
                writer.Add(2);
                writer.Age(answered.SentAt.Ticks);
                break;
            case Observation.PeerAnswered answered:
                writer.Add(3);
                writer.Age(answered.SentAt.Ticks);
                break;
            case Observation.DomainsListed listed:
                writer.Add(4);
                writer.Id(host.State!, listed.Id);
                writer.Hypervisor(listed.Facts);
                break;
            case Observation.ToolstackObserved observed:
                writer.Add(5);
                writer.Id(host.State!, observed.Id);
                writer.Toolstack(observed.Facts);
                writer.Database(observed.Facts.Database);
                break;
            case Observation.Persisted persisted:
                writer.Add(6);
                writer.Add(host.State!.Durable.Version - persisted.Version);
                break;
            case Observation.ActionFinished finished:
                writer.Add(7 + ((long)finished.Outcome << 8));
                writer.Id(host.State!, finished.Id);
                break;
            case Observation.ArbiterObserved arbiter:
                writer.Add(8);
                writer.Optional(arbiter.HeldUntil);
                break;
            case Observation.PeerPowerOff off:
                writer.Add(9);
                writer.Age(off.AskedAt.Ticks);
                break;
            default:
                throw new System.Diagnostics.UnreachableException(observation.GetType().Name);
        }
    }
}
