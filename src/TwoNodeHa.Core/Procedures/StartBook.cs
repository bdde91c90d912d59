using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Core.Procedures;

/// <summary>The tries to start VMs as they are noted, and which of those VMs run by now.</summary>
internal static class StartBook
{
    public static void GiveUp(Draft turn, VmRecord vm, StartAttempt attempt, string text)
    {
        var wait = StartHope.Rest(attempt.GivenUpTimes);
        turn.Report(HaEventId.VmGivenUp, Severity.Critical,
            $"not started: {text}; tried again in {wait.TotalSeconds:F0} s, or as soon as something changes", vm.Uuid);
        Set(turn, vm.Uuid, attempt with
        {
            GivenUp = text,
            GivenUpTimes = Math.Min(attempt.GivenUpTimes + 1, StartHope.RestsMax),
            Tries = 0,
            RetryAt = turn.Now + wait,
        });
    }

    public static void Set(Draft turn, Guid vm, StartAttempt attempt) => turn.Starts = turn.Starts.SetItem(vm, attempt);

    /// <summary>One of the hypervisors shows it.</summary>
    public static bool Runs(View view, Guid vm) => view.RunsHere(vm) || view.RunsOnPeer(vm);
}
