namespace TwoNodeHa.Sim.Lab;

/// <summary>What fails in a measured run.</summary>
internal enum FailoverCase
{
    /// <summary>Power loss of the master.</summary>
    Master,

    /// <summary>Power loss of the slave.</summary>
    Slave,

    /// <summary>Management cable of the master, with a crossover on which it can still talk.</summary>
    Cut,
}

/// <summary>Repeats one failure, each time in a lab of its own, so that no run inherits anything from the one before.</summary>
internal static class FailoverRuns
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    public static async Task<FailoverPhases> RunAsync(FailoverCase failure, LabOptions options)
    {
        await using LabHarness lab = LabHarness.Start(options with { Crossover = failure == FailoverCase.Cut });
        await lab.PairAsync();

        // A pair that has run for a moment, and a failure at any phase of its heartbeats and probes.
        await Task.Delay(Settled + (Random.Shared.NextDouble() * Settled));
        string victim = failure == FailoverCase.Slave ? "b" : "a";
        string taker = victim == "a" ? "b" : "a";
        Dictionary<string, int> asked = await CallsAsync(lab, taker);
        DateTimeOffset struck = Strike(lab, failure, victim);
        await lab.UntilAsync(
            $"{taker} runs all VMs", view => view[taker].Vms.Length == options.Vms, ceilingSeconds: 300);
        // The events are complete when the takeover is.
        await lab.UntilAsync($"{taker} finished its takeover", view => view[taker].State is "Sole" or "Paired", 120);
        if (lab.Truth.DoubleRuns is [var first, ..])
        {
            throw lab.Failed(first.ToString());
        }

        Dictionary<string, int> calls = await CallsAsync(lab, taker);
        VmChange[] changes = [.. lab.Truth.Changes.Where(change => change.Host == taker)];
        double started = changes.Count(change => change.Started && change.At > struck);
        Dictionary<string, double> byMethod = calls.ToDictionary(
            call => call.Key, call => (call.Value - asked.GetValueOrDefault(call.Key)) / started);
        return FailoverPhases.Read(struck, await lab.EventsAsync(taker), await lab.EventsAsync(victim), changes) with
        {
            CallsPerVm = byMethod.Values.Sum(),
            CallsByMethod = byMethod,
        };
    }

    /// <summary>Calls on the unix socket of a host's toolstack so far, by method; the host's own shutdown scripts make none here.</summary>
    private static async Task<Dictionary<string, int>> CallsAsync(LabHarness lab, string host) =>
        (await lab.Baseboard(host).AskAsync("status"))["calls"]!.AsObject().ToDictionary(call => call.Key, call => (int)call.Value!);

    private static DateTimeOffset Strike(LabHarness lab, FailoverCase failure, string victim)
    {
        DateTimeOffset struck = lab.Story.Mark(victim, failure.ToString());
        if (failure == FailoverCase.Cut)
        {
            lab.Network.Cut(victim);
        }
        else
        {
            lab[victim].PowerOff();
        }

        return struck;
    }
}
