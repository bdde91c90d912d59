using System.Collections.Immutable;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Core.Tests.Vms;

public sealed class PlannerTests
{
    private const long Gib = PoolDraft.Gib;
    private readonly PoolDraft _pool = new();

    [Fact]
    public void Plan_IsByClass_ThenOrder()
    {
        _pool.Add("plain", 1, RestartPriority.None);
        _pool.Add("later", 1, order: 5);
        _pool.Add("spare", 1, RestartPriority.BestEffort);
        _pool.Add("first", 1, order: 1);
        _pool.Add("too", 1, order: 1);
        Assert.Equal("first/0 too/0 later/1 plain/2 spare/3", _pool.Started());
        Assert.True(_pool.Plan().IsComplete);
    }

    [Fact]
    public void Plan_LeavesOutWhatDoesNotFit_AndServesTheNext()
    {
        _pool.Add("web", 9);
        _pool.Add("sql", 16);
        _pool.Add("mail", 7);
        Assert.Equal("web/0 mail/0", _pool.Started());
        Assert.Equal("needs 16.0 GiB, 7.0 GiB free", _pool.Why("sql"));
        Assert.False(_pool.Plan().IsComplete);
        Assert.Equal([7 * Gib, 0], _pool.Plan().Steps.Select(step => step.FreeAfterBytes));
    }

    [Fact]
    public void AmountsThatLookAlike_AreToldExactly()
    {
        _pool.Add("sql", 16 + (1.0 / 1024));
        Assert.Equal("needs 16385 MiB, 16384 MiB free", _pool.Why("sql"));
    }

    [Fact]
    public void BestEffort_TakesNothingFromOthers_AndLeavesThePlanComplete()
    {
        _pool.Add("spare", 10, RestartPriority.BestEffort);
        _pool.Add("plain", 10, RestartPriority.None);
        Assert.Equal("plain/0", _pool.Started());
        Assert.True(_pool.Plan().IsComplete);
    }

    [Fact]
    public void Ordinary_BelowRestart_EvenWithALowerOrder()
    {
        _pool.Add("plain", 10, RestartPriority.None, order: 0);
        _pool.Add("sql", 10, order: 9);
        Assert.Equal("sql/0", _pool.Started());
    }

    [Fact]
    public void NegativeOrder_ComesLast()
    {
        _pool.Add("old", 1, order: -1);
        _pool.Add("new", 1, order: 100);
        Assert.Equal("new/0 old/1", _pool.Started());
    }

    [Fact]
    public void Appliance_RaisesWhatItsLaterMembersNeed()
    {
        var shop = Guid.NewGuid();
        _pool.Add("other", 1);
        _pool.Add("base", 1, RestartPriority.BestEffort, order: 1, vm => vm with { Appliance = shop });
        _pool.Add("shop", 1, order: 2, change: vm => vm with { Appliance = shop });
        _pool.Add("stats", 1, RestartPriority.BestEffort, order: 3, vm => vm with { Appliance = shop });
        Assert.Equal("other/0 base/1 shop/2 stats/3", _pool.Started());
    }

    [Fact]
    public void Shrinking_IsCountedOnlyWhereItIsAllowed()
    {
        _pool.Add("here", 0, change: vm => vm with { ResidentOn = PoolDraft.A, Memory = new VmMemory(12 * Gib, 4 * Gib, 12 * Gib, 0) });
        _pool.Add("sql", 0, change: vm => vm with { Memory = new VmMemory(12 * Gib, 6 * Gib, 12 * Gib, 0) });
        Assert.Equal(12 * Gib, _pool.Plan().FreeBytes);
        Assert.Equal("sql/0", _pool.Started());
        _pool.Policy = new PolicyConfig { ShrinkMemory = false };
        Assert.Equal("needs 12.0 GiB, 4.0 GiB free", _pool.Why("sql"));
    }

    [Fact]
    public void AnIncomingVm_TakesItsMemoryAlready()
    {
        _pool.Add("web", 1);
        _pool.Add("moving", 12, RestartPriority.None, change: vm => vm with { ResidentOn = Guid.NewGuid(), ScheduledOn = PoolDraft.A });
        Assert.Equal(4 * Gib, _pool.Plan().FreeBytes);
    }

    [Fact]
    public void UnknownMemory_KeepsNothingBack()
    {
        _pool.Facts = _pool.Facts with { HostFacts = [] };
        _pool.Add("sql", 1000);
        Assert.Equal(-1, _pool.Plan().FreeBytes);
        Assert.Equal("sql/0", _pool.Started());
    }

    [Fact]
    public void XapisOwnFigure_StandsInForAnUnreadableHost()
    {
        _pool.Facts = _pool.Facts with { HostFacts = [], FreeMemoryBytes = 3 * Gib };
        _pool.Add("sql", 4);
        Assert.Equal("needs 4.0 GiB, 3.0 GiB free", _pool.Why("sql"));
    }

    [Fact]
    public void WhoRests_KeepsHisMemoryFromLowerClasses_NotFromHisOwn()
    {
        var sql = _pool.Add("sql", 10);
        _pool.Add("web", 10, order: 5);
        _pool.Add("spare", 10, RestartPriority.BestEffort);
        _pool.Resting.Add(sql);
        Assert.Equal("web/1", _pool.Started());
        _pool.Vms.RemoveAt(1);
        Assert.Equal("sql/0", _pool.Started());
    }

    [Fact]
    public void WhatMayYetStart_KeepsItsMemory()
    {
        _pool.Facts = _pool.Facts with { Storages = [new StorageFact(PoolDraft.LocalB, "late", StorageKind.Disks, [PoolDraft.A, PoolDraft.B], [PoolDraft.B])] };
        _pool.Add("late", 10, change: OnLocalB);
        _pool.Add("spare", 10, RestartPriority.BestEffort);
        Assert.Equal("", _pool.Started());
    }

    [Fact]
    public void WhatLiesOnTheOtherHost_KeepsNoMemoryFromOthers()
    {
        _pool.Add("far", 10, change: OnLocalB);
        _pool.Add("spare", 10, RestartPriority.BestEffort);
        Assert.StartsWith("spare", _pool.Started(), StringComparison.Ordinal);
    }

    private static VmFact OnLocalB(VmFact vm) => vm with { Devices = vm.Devices with { Drives = [new DriveFact(PoolDraft.LocalB, false)] } };

    [Fact]
    public void AVmThatTheDatabaseLacks_IsNamed()
    {
        var web = _pool.Add("web", 1);
        var record = _pool.Record(_pool.Vms[0]);
        _pool.Vms.Clear();
        var input = new PlanInput(_pool.Policy, _pool.Index(), PoolDraft.A, IsSelf: true) { Candidates = [record], IsThere = static _ => false };
        Assert.Equal(ObstacleKind.NotInDatabase, Planner.Of(input).MissOf(web)!.Obstacle.Kind);
    }
}
