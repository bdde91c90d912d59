using System.Collections.Immutable;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Parts;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The frame of every scenario: a paired lab before it, and after it the verdict of the judge.</summary>
internal static class Scenario
{
    public static async Task PlayAsync(LabOptions options, Func<LabHarness, Task> story)
    {
        LabSystem.Require();
        Assert.SkipWhen(LabParts.WhyMissing(options) is not null, LabParts.WhyMissing(options) ?? "");
        await using LabHarness lab = LabHarness.Start(options);
        try
        {
            await lab.PairAsync();
            await story(lab);
            await lab.Truth.NextSampleAsync();
            Assert.Empty(lab.Truth.DoubleRuns);
            Assert.Empty(lab.Writes?.Violations ?? []);
        }
        catch (Exception error) when (error is not LabTimeoutException)
        {
            throw lab.Failed(error.ToString());
        }

        // Neither passed nor failed: a double run would fit into the gap.
        string? isVoid = lab.Truth.Void ?? lab.Writes?.Void;
        Assert.SkipWhen(isVoid is not null, isVoid ?? "");
    }

    /// <summary>All VMs run on one host, and it is master; the other one runs nothing.</summary>
    public static Task<LabView> TookOverAsync(this LabHarness lab, string survivor) =>
        lab.UntilAsync($"{survivor} is master and runs all VMs", view =>
            view[survivor].Vms.Length == lab.Options.Vms
            && view[survivor].Role == "master"
            && view[Other(survivor)].Vms.IsEmpty);

    /// <summary>Both hosts are paired and protected again; nothing that ran was moved for it.</summary>
    /// <param name="spread">The VMs run on both hosts, as at the beginning.</param>
    public static async Task RejoinedAsync(this LabHarness lab, string master, bool spread = false)
    {
        await lab.UntilAsync($"paired again with {master} as master", view =>
            view.Both("Paired")
            && view[master].Role == "master"
            && view[Other(master)].Role == "slave"
            && view is { A.Status.Protected: true, B.Status.Protected: true }
            && view.Running == lab.Options.Vms);
        Assert.Equal(spread ? lab.Options.Vms / 2 : lab.Options.Vms, lab.Truth.On(master).Length);
    }

    /// <summary>For a while, nothing that runs is stopped, moved or started, and no host resets itself.</summary>
    public static async Task NothingMovesAsync(this LabHarness lab, double seconds, Func<LabView, bool>? also = null)
    {
        ImmutableArray<string> onA = lab.Truth.On("a");
        ImmutableArray<string> onB = lab.Truth.On("b");
        int changes = lab.Truth.Changes.Length;
        await lab.StaysAsync(
            "nothing moves",
            view => view.A.Vms.SequenceEqual(onA) && view.B.Vms.SequenceEqual(onB) && (also?.Invoke(view) ?? true),
            seconds);
        Assert.Equal(changes, lab.Truth.Changes.Length);
        Assert.Empty(lab.A.Ends);
        Assert.Empty(lab.B.Ends);
    }

    public static async Task DisableAsync(this LabHarness lab)
    {
        ControlAnswer? answer = await lab.AskAsync("b", new OperatorRequest.Disable(Reason: "scenario"));
        Assert.True(answer?.Ok, answer?.Text ?? "no answer");
        await lab.UntilAsync("HA is disabled on both hosts", view =>
            view.Both("Disabled") && view is { A.Status.Enabled: false, B.Status.Enabled: false });
    }

    /// <summary>The parts of a takeover that has happened.</summary>
    public static async Task<FailoverPhases> PhasesAsync(this LabHarness lab, DateTimeOffset struck, string survivor) => FailoverPhases.Read(
        struck, await lab.EventsAsync(survivor), [], lab.Truth.Changes.Where(change => change.Host == survivor));

    public static string Other(string host) => host == "a" ? "b" : "a";
}
