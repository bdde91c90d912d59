using System.Collections.Immutable;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Simulation;

/// <summary>What a simulated story did to one VM.</summary>
/// <param name="Name">Name.</param>
/// <param name="WasOn">Host that it ran on when the story began.</param>
/// <param name="DownSeconds">How long it ran nowhere, to the end of the story if it still does; 0 when it never stopped.</param>
/// <param name="On">Host that it runs on at the end; empty for none.</param>
internal sealed record VmOutcome(string Name, string WasOn, double DownSeconds, string On);

/// <summary>What a simulated story did.</summary>
/// <param name="Vms">VMs that ran when it began, those that were down longest first.</param>
/// <param name="Broken">Promises that were broken, as sentences; empty when all held.</param>
internal sealed record Outcome(ImmutableArray<VmOutcome> Vms, ImmutableArray<string> Broken)
{
    /// <summary>Reads it off what really ran.</summary>
    public static Outcome Of(ScenarioResult run)
    {
        var vms = new Dictionary<string, Track>(StringComparer.Ordinal);
        foreach (var (host, _, names) in run.Start)
        {
            foreach (var name in names)
            {
                vms[name] = new Track(host);
            }
        }

        foreach (var entry in run.Trace.Where(entry => entry.Who == "truth"))
        {
            Follow(vms, entry.Text, entry.Time);
        }

        var end = run.End.TotalSeconds;
        return new Outcome(
            [.. vms.Select(pair => pair.Value.Result(pair.Key, end)).OrderByDescending(vm => vm.On.Length == 0).ThenByDescending(vm => vm.DownSeconds).ThenBy(vm => vm.Name, StringComparer.Ordinal)],
            [.. run.Violations]);
    }

    private static void Follow(Dictionary<string, Track> vms, string text, double time)
    {
        const string Appears = " runs on ";
        const string Ends = " is gone from ";
        if (text.LastIndexOf(Appears, StringComparison.Ordinal) is > 0 and var begin && vms.TryGetValue(text[..begin], out var came))
        {
            came.Appeared(text[(begin + Appears.Length)..], time);
        }
        else if (text.LastIndexOf(Ends, StringComparison.Ordinal) is > 0 and var gone && vms.TryGetValue(text[..gone], out var went))
        {
            went.Left(text[(gone + Ends.Length)..], time);
        }
    }

    /// <summary>Where one VM runs; on two hosts for a moment while it is migrated.</summary>
    private sealed class Track(string host)
    {
        private readonly List<string> _on = [host];
        private double _down;
        private double _since;

        public void Appeared(string where, double time)
        {
            _down += _on.Count == 0 ? time - _since : 0;
            _on.Add(where);
        }

        public void Left(string where, double time)
        {
            if (_on.Remove(where) && _on.Count == 0)
            {
                _since = time;
            }
        }

        public VmOutcome Result(string name, double end) =>
            new(name, host, _on.Count == 0 ? _down + end - _since : _down, _on.Count == 0 ? "" : _on[^1]);
    }
}
