using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Virtual;

namespace TwoNodeHa.Sim.Judges;

/// <summary>
/// Watches the promises from the truth of the world: hypervisors, disks, toolstacks, files, packets. It is told of every change
/// at the moment it happens, and believes nothing that a daemon says of itself. What each part judges, and what it lets pass,
/// is written in docs/simulator.md.
/// </summary>
/// <remarks>This part: S1, S3, replay, and what all parts share.</remarks>
public sealed partial class PromiseChecker(VirtualWorld world)
{
    /// <summary>Names of the promises, as verdicts carry them.</summary>
    public static readonly IReadOnlyList<string> Names = ["S1", "S2", "S3", "S4", "S5", "S6", "R", "L1", "L2", "L3", "replay"];

    private const int ViolationsMax = 20;

    private readonly List<string> _violations = [];
    private readonly SortedDictionary<string, int> _excused = new(StringComparer.Ordinal);
    private readonly (long Incarnation, long Sequence)[] _newest = new (long, long)[2];
    private TimeSpan _disturbed;
    private TimeSpan _changed;

    /// <summary>What was broken, first one first, with the time.</summary>
    public IReadOnlyList<string> Violations => _violations;

    /// <summary>What was let pass, by exception, with how often.</summary>
    public IReadOnlyDictionary<string, int> Excused => _excused;

    public int Fences { get; private set; }

    public int Takeovers { get; private set; }

    public int Resets { get; private set; }

    /// <summary>Something of the world was changed from outside, be it only the gateway.</summary>
    public void Changed() => _changed = world.Elapsed;

    /// <summary>Something beside the gateway was changed from outside, or a machine or program came or went.</summary>
    public void Disturbed() => (_disturbed, _changed) = (world.Elapsed, world.Elapsed);

    /// <summary>Power of a host went away: what was asked of it is over.</summary>
    public void PowerLost(VirtualHost host)
    {
        _fenceAsked[host.Index] = false;
        Disturbed();
        Look();
    }

    public void DaemonStarted(VirtualHost host)
    {
        // On disk is which daemon of the peer was heard last, not which of its words.
        _newest[host.Index] = (_newest[host.Index].Incarnation, 0);
        // An answer to a daemon that is gone tells this one nothing.
        (_roundTrip[host.Index], _beat[host.Index]) = (null, null);
        Disturbed();
    }

    /// <summary>
    /// S1: a VM began to execute, by a start or by the switch of a migration; S2: whoever built it. Two domains of a VM are no
    /// double run while one of them at most executes, and no back-end of the other is open.
    /// </summary>
    public void DomainCreated(VirtualHost host, Domain domain)
    {
        var other = world.Hosts[1 - host.Index];
        if (other.Domains.IsWriting(domain.VmUuid))
        {
            BeginDouble();
            Broken("S1", $"{domain.VmName} runs or writes on both hosts: started on {host.Name}");
        }

        Wanted(domain.VmUuid);
        Acts(host, $"builds {domain.VmName}");
    }

    /// <summary>S1 as a state: the same disks written from both hosts.</summary>
    public void Look()
    {
        var both = false;
        foreach (var domain in world.Hosts[0].Domains.Writing)
        {
            if (world.Hosts[1].Domains.IsWriting(domain))
            {
                both = true;
                BeginDouble();
                Broken("S1", $"{world.VmName(domain)} runs or writes on both hosts");
            }
        }

        LookAtRecovery();
        EndDouble(both);
    }

    /// <summary>A state file was written.</summary>
    public void StateWritten(VirtualHost writer, DurableState? before)
    {
        var file = writer.StateFile!;
        if (file.Takeover is { } journal && before?.Takeover?.Epoch != journal.Epoch)
        {
            Decided(writer, journal);
        }

        Switched();
        MatchRights();
    }

    /// <summary>A daemon sends a heartbeat on all links.</summary>
    public void Sent(VirtualHost host, Heartbeat beat)
    {
        _beat[host.Index] = beat;
        if (beat.Status == HaStatus.Paired && !host.GoingDown)
        {
            _fenceAsked[host.Index] = false;
        }

        Speaks(host, beat);
        MatchRights();
        LookAtRecovery();
    }

    /// <summary>An event of a toolstack.</summary>
    public void Happened(VirtualHost host, PoolEvent happened)
    {
        Role(host, happened);
        if (happened.Name == "power_state_reset")
        {
            var vm = happened.Fields.First(field => field.Key == "uuid").Value;
            if (!IsAdopted(host, vm))
            {
                DeclaredStopped(host, vm, "the power state is reset");
            }

            Acts(host, $"resets the power state of {world.VmName(vm)}");
        }
    }

    /// <summary>
    /// It runs on the very host, whose toolstack has not compared its domains with the database yet: resident nowhere, the VM is taken
    /// over as it runs. Nobody else can start it meanwhile without meeting its disk lock.
    /// </summary>
    private bool IsAdopted(VirtualHost host, string vm) => host.Domains.IsWriting(vm) && !host.Toolstack.Status.InitComplete
        && !world.Hosts[1 - host.Index].Domains.IsWriting(vm);

    /// <summary>S3: a disk lock of another host was forced.</summary>
    public void LockForced(string vdi, string holder)
    {
        var vm = world.Pool.Vms.FirstOrDefault(candidate => PoolDefinition.VdiUuid(candidate) == vdi);
        var owner = world.Hosts.First(host => host.Config.Self.Uuid.ToString() == holder);
        if (vm is not null)
        {
            DeclaredStopped(world.Hosts[1 - owner.Index], vm.Uuid, "the storage lock is released");
        }
    }

    /// <summary>Decisions are counted as the daemon reports them; judged is only whether it says why.</summary>
    public void Reported(HaEvent happened)
    {
        if (happened is { Id: HaEventId.FenceDecided or HaEventId.TakeoverDecided, Sentence.Length: < 20 })
        {
            Broken("S6", $"a decision without a reason: '{happened.Sentence}'");
        }

        Fences += happened.Id == HaEventId.FenceDecided ? 1 : 0;
        Takeovers += happened.Id == HaEventId.TakeoverDecided ? 1 : 0;
    }

    /// <summary>No recording is taken for the peer: what a daemon holds for the newest word of its peer never goes back.</summary>
    public void Heard(VirtualHost host, Heartbeat? newest)
    {
        if (newest is null)
        {
            return;
        }

        var now = (newest.Incarnation.Counter, newest.Sequence);
        if (now.CompareTo(_newest[host.Index]) < 0 && !_tampered[1 - host.Index])
        {
            Broken("replay", $"{host.Name} takes an older heartbeat for the newest");
        }

        _newest[host.Index] = now;
    }

    /// <summary>S3 at the decision: the intent is on disk.</summary>
    private void Decided(VirtualHost by, TakeoverJournal journal)
    {
        UseWord(by, journal);
        var peer = world.Hosts[1 - by.Index];
        if (WhatWrites(peer) is { } writer)
        {
            Broken("S3", $"{by.Name} decides a takeover by {journal.Rule} while {writer} runs or writes on {peer.Name}");
        }
    }

    private void DeclaredStopped(VirtualHost by, string vmUuid, string how)
    {
        if (world.Hosts[1 - by.Index] is { Domains.DomZeroWrites: true } other)
        {
            Broken("S3", $"{how} of {world.VmName(vmUuid)} by {by.Name} while dom0 of {other.Name} writes to the shared storage");
        }

        if (world.Hosts.FirstOrDefault(host => host.Domains.IsWriting(vmUuid)) is { } runs)
        {
            Broken("S3", $"{how} of {world.VmName(vmUuid)} by {by.Name} while it runs or writes on {runs.Name}");
        }
    }

    /// <summary>A VM, or dom0 without any VM; null when nothing of the host writes to the shared storage.</summary>
    private string? WhatWrites(VirtualHost host) => host.Domains.Writing.FirstOrDefault() is { } vm ? world.VmName(vm)
        : host.Domains.DomZeroWrites ? "dom0" : null;

    private void Pass(string exception) => _excused[exception] = _excused.GetValueOrDefault(exception) + 1;

    private void Broken(string promise, string what)
    {
        if (promise is "S1" or "S2" or "S3" && ExcusedByWord())
        {
            return;
        }

        if (_violations.Count < ViolationsMax && !_violations.Exists(known => known.EndsWith($"{promise}: {what}", StringComparison.Ordinal)))
        {
            _violations.Add($"{world.Time:F3} {promise}: {what}");
            world.Log("truth", $"{promise} is broken: {what}");
        }
    }
}
