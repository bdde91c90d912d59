using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Core.Tests.Machine;

public sealed class DomainHandleTests
{
    private static readonly Guid Web = Guid.Parse("1b3b5d7f-9a2c-4e60-8f01-23456789abcd");
    private static readonly Guid Other = Guid.Parse("1b3b5d7f-9a2c-4e60-8f02-23456789abcd");
    private static readonly Guid Target = Guid.Parse("1b3b5d7f-9a2c-4e60-8f01-000000000001");
    private static readonly Guid Source = Guid.Parse("1b3b5d7f-9a2c-4e60-8f01-000000000000");
    private static readonly Guid Destroyed = Guid.Parse("deadbeef-dead-beef-dead-beef00000005");

    private static DomainFact Match(DomainFact guest, HypervisorFacts? before = null, params Guid[] vms) =>
        DomainHandle.Match(new HypervisorFacts([guest], 0), before, vms.Contains, vms).Guests.Single();

    [Theory]
    [InlineData(DomainState.Paused, true)]
    [InlineData(DomainState.Running, false)]
    [InlineData(DomainState.Dying, true)]
    public void Target_IsAShellUntilItRuns(DomainState state, bool shell)
    {
        var matched = Match(new DomainFact(5, Target) { State = state }, null, Other, Web);
        Assert.Equal((Web, DomainPart.Incoming, shell), (matched.Vm, matched.Part, matched.IsShell));
    }

    [Fact]
    public void Source_BehindTheSwitch_IsAShell()
    {
        var matched = Match(new DomainFact(5, Source) { State = DomainState.Shutdown }, null, Other, Web);
        Assert.Equal((Web, DomainPart.Outgoing, true), (matched.Vm, matched.Part, matched.IsShell));
    }

    [Fact]
    public void Destroyed_IsMatchedByItsDomid()
    {
        var before = new HypervisorFacts([new DomainFact(4, Other), new DomainFact(5, Web)], 0);
        var matched = Match(new DomainFact(5, Destroyed) { State = DomainState.Dying }, before, Other, Web);
        Assert.Equal((Web, DomainPart.Ending, true), (matched.Vm, matched.Part, matched.IsShell));
        Assert.Equal(Destroyed, Match(new DomainFact(5, Destroyed), null, Other, Web).Vm);
    }

    [Theory]
    [InlineData(DomainState.Paused)]
    [InlineData(DomainState.Shutdown)]
    [InlineData(DomainState.Dying)]
    public void Plain_IsTheVmInEveryState(DomainState state)
    {
        var matched = Match(new DomainFact(5, Web) { State = state }, null, Other, Web);
        Assert.Equal((Web, DomainPart.Whole, false), (matched.Vm, matched.Part, matched.IsShell));
    }

    [Fact]
    public void VmWhoseOwnUuidLooksTemporary_IsItself() =>
        Assert.Equal(DomainPart.Whole, Match(new DomainFact(5, Target) { State = DomainState.Paused }, null, Target, Web).Part);

    [Fact]
    public void UnknownVm_KeepsItsHandleAndCounts()
    {
        var matched = Match(new DomainFact(5, Target) { State = DomainState.Paused });
        Assert.Equal(Target, matched.Vm);
        Assert.False(new HypervisorFacts([matched], 0).IsQuiet);
    }

    [Fact]
    public void Writers_AreWhatMayWriteWhereThePeerWrites()
    {
        var own = new BackendFact(9, BackendKind.Tapdisk) { Owner = BackendOwner.ControlDomain };
        Assert.True(own.IsWriter);
        Assert.False((own with { MayBeShared = false }).IsWriter);
        Assert.False((own with { MayWrite = false }).IsWriter);
        Assert.True((own with { MayBeShared = false, Owner = BackendOwner.Unknown }).IsWriter);
        Assert.True((own with { MayBeShared = false, Owner = BackendOwner.Guest }).IsWriter);
    }

    [Fact]
    public void Unserved_AreWritersWithoutADomain()
    {
        var served = new BackendFact(1, BackendKind.Tapdisk) { Owner = BackendOwner.Guest, Domid = 5 };
        var left = new BackendFact(2, BackendKind.DeviceModel) { Owner = BackendOwner.Guest, Domid = 6 };
        var unknown = new BackendFact(3, BackendKind.Tapdisk);
        var collector = new BackendFact(4, BackendKind.StorageCollector);
        var local = new BackendFact(7, BackendKind.Tapdisk) { Owner = BackendOwner.ControlDomain, MayBeShared = false };
        var facts = new HypervisorFacts([new DomainFact(5, Web)], 0) { Backends = [served, left, unknown, collector, local] };
        Assert.Equal([left, collector], facts.Unserved.AsEnumerable());
        Assert.Equal([served, left, unknown, collector], (facts with { Guests = [] }).Unserved.AsEnumerable());
        Assert.True(new HypervisorFacts([], 0) { Backends = [local] }.IsQuiet);
    }
}
