using TwoNodeHa.Core.Host;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Procedures;
using TwoNodeHa.Core.Routine;
using TwoNodeHa.Core.Rules;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Machine;

/// <summary>When the machine must step again if nothing is heard.</summary>
internal static class WakeUp
{
    /// <summary>The earliest time that any rule, procedure or routine wants to be asked again. A test holds the list complete.</summary>
    public static Instant Next(View view) => Again.First(
        view.Now + Deadlines.LongestSleep,
        RightToRun.LookAgainAt(view),
        OneWay.LookAgainAt(view),
        TakeoverPermit.LookAgainAt(view),
        Grace.LookAgainAt(view),
        Conflict.LookAgainAt(view),
        BootGuard.LookAgainAt(view),
        HaSwitch.LookAgainAt(view),
        Fence.LookAgainAt(view),
        Takeover.LookAgainAt(view),
        RoleChange.LookAgainAt(view),
        StoragePlug.LookAgainAt(view),
        Moves.LookAgainAt(view),
        ToolstackMaintenance.LookAgainAt(view),
        NewerPeer.LookAgainAt(view),
        VmStart.LookAgainAt(view),
        Coverage.LookAgainAt(view),
        PreferredMaster.LookAgainAt(view),
        Watchdog.LookAgainAt(view),
        Persistence.LookAgainAt(view),
        FenceOrder.LookAgainAt(view),
        Probing.LookAgainAt(view),
        ReservationOrder.LookAgainAt(view),
        Reserving.LookAgainAt(view),
        Beating.LookAgainAt(view),
        Reading.LookAgainAt(view));
}
