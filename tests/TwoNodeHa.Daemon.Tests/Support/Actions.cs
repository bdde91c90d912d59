using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>One sample of every action, and the proof that none is missing.</summary>
internal static class Actions
{
    public static readonly Dictionary<Type, HaAction> All = new HaAction[]
    {
        new HaAction.DestroyDomain(7, Guid.NewGuid()),
        new HaAction.EndBackends([]),
        new HaAction.KillToolstack(),
        new HaAction.StartToolstack(),
        new HaAction.RestartToolstack(),
        new HaAction.WriteRoleSlave("192.0.2.11"),
        new HaAction.DesignateMaster(Guid.NewGuid()),
        new HaAction.WriteRoleMaster(),
        new HaAction.PromoteToMaster(),
        new HaAction.BlockPeerToolstack(true),
        new HaAction.ResetPowerState(Guid.NewGuid()),
        new HaAction.ReleaseStorageLocks(Guid.NewGuid(), true),
        new HaAction.StartVm(Guid.NewGuid(), Guid.NewGuid()),
        new HaAction.MoveVm(Guid.NewGuid(), Guid.NewGuid()),
        new HaAction.SwitchHost(false),
        new HaAction.RecoverSlaves(),
        new HaAction.SyncDatabase(),
        new HaAction.PlugStorage(Guid.NewGuid()),
        new HaAction.MarkVm(Guid.NewGuid(), "restart", true),
        new HaAction.ResetHost("test"),
        new HaAction.PowerOffHost("test"),
        new HaAction.FencePeer(),
        new HaAction.AcquireLease(),
        new HaAction.ReleaseLease(),
        new HaAction.ReadReservations(),
        new HaAction.RegisterKeys([0]),
        new HaAction.PreemptPeer(),
    }.ToDictionary(action => action.GetType());

    public static IEnumerable<Type> Nested(Type closedSet) =>
        closedSet.GetNestedTypes().Where(type => type.IsSubclassOf(closedSet));
}
