using System.Collections.Immutable;
using System.Reflection;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Sim.Explore;

namespace TwoNodeHa.Sim.Tests;

/// <summary>What a search takes for the same situation, and what not.</summary>
public sealed class SituationTests
{
    private static readonly ExploreSite Site = new(new ExploreOptions());

    [Fact]
    public void A_shift_of_time_and_of_all_counters_is_the_same_situation()
    {
        var early = SmallWorld.Settled(Site);
        var late = SmallWorld.Settled(Site, origin: 7_777_777_777_777, incarnation: 40, epoch: 7);
        Assert.Equal(early.Hash(), late.Hash());

        foreach (var world in new[] { early, late })
        {
            world.Apply(new Fault(FaultKind.Power, 1, 0));
            world.RunTo(world.Now + (9 * TimeSpan.TicksPerSecond));
        }

        Assert.Equal(HaStatus.Sole, early.Host(0).State!.Status);
        Assert.Equal(early.Hash(), late.Hash());
    }

    [Fact]
    public void Faults_of_one_moment_lead_to_one_situation_in_any_order()
    {
        var (link, gateway) = (new Fault(FaultKind.Link, 0, 0), new Fault(FaultKind.Gateway, 1, 0));
        var (one, other, third) = (SmallWorld.Settled(Site), SmallWorld.Settled(Site), SmallWorld.Settled(Site));
        Play(one, link, gateway);
        Play(other, gateway, link);
        Play(third, link, new Fault(FaultKind.Gateway, 0, 0));
        Assert.Equal(one.Hash(), other.Hash());
        Assert.NotEqual(one.Hash(), third.Hash());
    }

    [Fact]
    public void A_copy_goes_its_own_way()
    {
        var world = SmallWorld.Settled(Site);
        var before = world.Hash();
        var copy = world.Copy();
        Play(copy, new Fault(FaultKind.Power, 0, 0));
        Assert.Equal(before, world.Hash());
        Assert.NotEqual(before, copy.Hash());
    }

    [Fact]
    public void Every_property_is_hashed_or_left_out_by_name()
    {
        var sample = Sample(out var now);
        var reference = HashOf(sample, now);
        var (seen, blind) = (new HashSet<string>(), new List<string>());
        foreach (var (path, mutant) in Mutants(sample, "HaState"))
        {
            seen.Add(path);
            if (HashOf((HaState)mutant, now) == reference)
            {
                blind.Add(path);
            }
        }

        Assert.Empty(blind);
        Assert.True(seen.Count > 150, $"only {seen.Count} properties were changed");
    }

    [Fact]
    public void Every_name_on_the_list_exists()
    {
        var types = typeof(HaState).Assembly.GetTypes().ToLookup(type => type.Name);
        foreach (var name in SituationWriter.LeftOut.Keys)
        {
            var (type, property) = (name[..name.IndexOf('.')], name[(name.IndexOf('.') + 1)..]);
            Assert.Contains(types[type], candidate => Properties(candidate).Any(one => one.Name == property));
        }
    }

    private static void Play(SmallWorld world, params Fault[] faults)
    {
        foreach (var fault in faults)
        {
            world.Apply(fault);
        }

        world.RunTo(world.Now + (2 * TimeSpan.TicksPerSecond));
    }

    private static StateHash HashOf(HaState state, long now)
    {
        var numbers = new HostNumbers(2, 1, 2, 100, 2, 100);
        var writer = new SituationWriter(now, Site.AgeMax, 1, Site.Config.Hosts[0].Uuid, numbers, numbers);
        writer.Self(0);
        writer.State(state);
        return writer.Result;
    }

    /// <summary>A state in which everything that can be there is there; no run has one like it.</summary>
    private static HaState Sample(out long now)
    {
        var world = SmallWorld.Settled(Site);
        now = world.Now;
        var at = new Instant(now);
        var state = world.Host(0).State!;
        var durable = state.Durable with
        {
            Deleted = [new DeletedVm(Site.VmIds[0], 1)],
            Yields = new YieldJournal(1, 1),
            Takeover = new TakeoverJournal
            {
                Epoch = 2, Rule = TakeoverRule.Silence, Step = TakeoverStep.Promote, WasMaster = true, PeerHeld = [Site.VmIds[1]],
            },
        };
        var sample = state with
        {
            Durable = durable,
            Disk = state.Disk with { BeingWritten = durable, Writing = durable.Version },
            Pending = new PendingBook
            {
                LastId = 100,
                Open =
                [
                    new PendingCommand(90, Purpose.KillDomain, Site.VmIds[0], 1),
                    new PendingCommand(91, Purpose.KillToolstack, Guid.Empty, 0),
                    new PendingCommand(92, Purpose.TakeoverStep, Site.VmIds[0], 0),
                    new PendingCommand(93, Purpose.StartVm, Site.VmIds[0], 0),
                    new PendingCommand(94, Purpose.ChangeRole, Guid.Empty, 0),
                    new PendingCommand(95, Purpose.ReadDomains, Guid.Empty, 0),
                    new PendingCommand(96, Purpose.ReadToolstack, Guid.Empty, 0),
                    new PendingCommand(97, Purpose.FencePeer, Guid.Empty, 0),
                    new PendingCommand(98, Purpose.EndBackends, Guid.Empty, 0),
                    new PendingCommand(99, Purpose.KeepVm, Site.VmIds[0], 0),
                    new PendingCommand(100, Purpose.ResetVm, Site.VmIds[0], 0),
                ],
            },
            Host = state.Host with
            {
                // One that dom0 opened for itself writes only while both its image is shared and it may.
                Domains = state.Host.Domains! with { Backends = [new BackendFact(900, BackendKind.Tapdisk) { Owner = BackendOwner.ControlDomain }] },
            },
            Life = state.Life with { EnabledAt = at, ReenableAt = at },
            Watchdog = state.Watchdog with { GraceUntil = at, Facts = state.Watchdog.Facts with { FixedTimeout = TimeSpan.FromSeconds(30) } },
            Procedures = state.Procedures with
            {
                Fence = new FenceProgress { DecidedAt = at, Reason = "test" },
                Takeover = new TakeoverProgress
                {
                    StartedAt = at, StepSince = at, DoneVms = [Site.VmIds[0]], ToolstackSaidAt = at,
                    PowerStates = ImmutableSortedDictionary<Guid, ResetAttempt>.Empty.Add(
                        Site.VmIds[0], new ResetAttempt { Tries = 1, RetryAt = at + TimeSpan.FromSeconds(1), DoneAt = at, UnknownSince = at }),
                },
                Starts = state.Procedures.Starts.Add(Site.VmIds[0], new StartAttempt
                {
                    Tries = 1, OrderedAt = at, ShownAt = at, UnknownSince = at, SucceededAt = at, RetryAt = at + TimeSpan.FromSeconds(1),
                }),
                OrphanSince = state.Procedures.OrphanSince.Add(Site.VmIds[1], at),
                Role = new RoleProgress { Phase = RoleChangePhase.Killing },
            },
            Peer = state.Peer with
            {
                StopsSeen = state.Peer.StopsSeen.Add(Site.VmIds[1], at),
                LeftDeparting = state.Peer.LeftDeparting.Add(Site.VmIds[1], at),
                Beat = state.Peer.Beat! with { Attestation = 1, Missing = [5], Stopped = [6] },
            },
            Schedule = state.Schedule with { LastBeat = state.Schedule.LastBeat! with { Missing = [5], Stopped = [6] } },
        };
        return (HaState)Recent(sample, at);
    }

    /// <summary>The same object with every time close to now: due times after it, all others before.</summary>
    private static object Recent(object value, Instant now)
    {
        var copy = Clone(value);
        foreach (var property in Properties(value.GetType()))
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (type == typeof(Instant))
            {
                var due = value is Schedule && !property.Name.EndsWith("AskedAt", StringComparison.Ordinal)
                    || property.Name.EndsWith("RetryAt", StringComparison.Ordinal)
                    || property.Name is "CarriedLease" or "ArbiterUntil" or "GraceUntil" or "ReenableAt" or "TakeoverFloor";
                property.SetValue(copy, now + TimeSpan.FromSeconds(due ? 1 : -1));
            }
            else if (property.PropertyType == typeof(ImmutableArray<Instant?>))
            {
                property.SetValue(copy, ImmutableArray.Create<Instant?>(now - TimeSpan.FromSeconds(1)));
            }
            else if (IsRecord(type) && property.GetValue(value) is { } inner)
            {
                property.SetValue(copy, Recent(inner, now));
            }
        }

        if (copy is HaState state)
        {
            // Equality of these arrays is what counts, and it is by reference.
            Properties(typeof(Schedule)).Single(property => property.Name == "SyncedVms").SetValue(state.Schedule, state.Durable.Vms);
        }

        return copy;
    }

    /// <summary>Every object that differs from the given one in one value somewhere below it.</summary>
    private static IEnumerable<(string Path, object Mutant)> Mutants(object value, string path)
    {
        foreach (var property in Properties(value.GetType()))
        {
            if (SituationWriter.LeftOut.ContainsKey($"{value.GetType().Name}.{property.Name}"))
            {
                continue;
            }

            foreach (var (inner, changed) in Changes(property.PropertyType, property.GetValue(value), $"{path}.{property.Name}"))
            {
                var copy = Clone(value);
                property.SetValue(copy, changed);
                yield return (inner, copy);
            }
        }
    }

    private static IEnumerable<(string Path, object? Changed)> Changes(Type type, object? value, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsRecord(type))
        {
            return value is null ? [] : Mutants(value, path).Select(pair => (pair.Path, (object?)pair.Mutant));
        }

        return value switch
        {
            bool one => [(path, !one)],
            int one => [(path, one + 1)],
            long one => [(path, one + 1)],
            ulong one => [(path, one + 1)],
            string one => [(path, one.Length == 0 ? "x" : "")],
            Guid => [(path, new Guid("00000000-0000-0000-0000-000000000001"))],
            Enum one => [(path, Enum.ToObject(type, Convert.ToInt64(one, null) + 1))],
            Instant one => [(path, one + TimeSpan.FromMilliseconds(7))],
            TimeSpan one => [(path, one + TimeSpan.FromMilliseconds(7))],
            ImmutableArray<VmRecord> vms => Mutants(vms[0], path).Select(pair =>
                (pair.Path, (object?)vms.SetItem(0, (VmRecord)pair.Mutant))),
            ImmutableArray<DeletedVm> { IsEmpty: true } none => [(path, none.Add(new DeletedVm(Guid.Empty, 1)))],
            ImmutableArray<DeletedVm> gone => Mutants(gone[0], path).Select(pair =>
                (pair.Path, (object?)gone.SetItem(0, (DeletedVm)pair.Mutant))),
            ImmutableArray<VmFact> vms => Mutants(vms[0], path).Select(pair =>
                (pair.Path, (object?)vms.SetItem(0, (VmFact)pair.Mutant))),
            ImmutableArray<DomainFact> guests => Mutants(guests[0], path).Select(pair =>
                (pair.Path, (object?)guests.SetItem(0, (DomainFact)pair.Mutant))),
            ImmutableArray<BackendFact> backends => Mutants(backends[0], path).Select(pair =>
                (pair.Path, (object?)backends.SetItem(0, (BackendFact)pair.Mutant))),
            ImmutableArray<Instant?> times => [(path, times.SetItem(0, null)), (path + "+", times.SetItem(0, times[0]! + TimeSpan.FromSeconds(-0.1)))],
            ImmutableArray<Guid> ids => [(path, ids.IsEmpty ? ids.Add(Guid.Empty) : ids.SetItem(0, Guid.Empty))],
            ImmutableArray<string> texts => [(path, texts.Add("more"))],
            ImmutableArray<ulong> ids => [(path, ids.SetItem(0, ids[0] + 1))],
            ImmutableHashSet<Guid> ids => [(path, ids.Add(Guid.Empty))],
            ImmutableArray<PendingCommand> open => open.SelectMany((command, i) => new (string, object?)[]
            {
                ($"{path}[{command.Purpose}].Id", open.SetItem(i, command with { Id = command.Id - 20 })),
                ($"{path}[{command.Purpose}].Purpose", open.SetItem(i, command with { Purpose = Purpose.Nothing })),
            }),
            ImmutableSortedDictionary<Guid, Instant> map => [(path, map.SetItem(map.Keys.First(), default))],
            ImmutableSortedDictionary<Guid, StartAttempt> map => Mutants(map.Values.First(), path).Select(pair =>
                (pair.Path, (object?)map.SetItem(map.Keys.First(), (StartAttempt)pair.Mutant))),
            ImmutableSortedDictionary<Guid, ResetAttempt> map => Mutants(map.Values.First(), path).Select(pair =>
                (pair.Path, (object?)map.SetItem(map.Keys.First(), (ResetAttempt)pair.Mutant))),
            null => throw new InvalidOperationException($"the sample lacks {path}"),
            _ => throw new InvalidOperationException($"no change known for {path}: {value.GetType()}"),
        };
    }

    private static bool IsRecord(Type type) =>
        type.Namespace!.StartsWith("TwoNodeHa.Core", StringComparison.Ordinal) && !type.IsEnum && type != typeof(Instant);

    private static object Clone(object value) =>
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.Invoke(value, [])!;

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => property.Name != "EqualityContract" && property.GetIndexParameters().Length == 0);
}
