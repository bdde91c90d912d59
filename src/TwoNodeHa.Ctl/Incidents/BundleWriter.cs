using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Simulation;
using TwoNodeHa.Sim.Pool;
using TwoNodeHa.Sim.Scenarios;

namespace TwoNodeHa.Ctl.Incidents;

/// <summary>What an incident is made of.</summary>
/// <param name="Journals">One or two journals.</param>
/// <param name="FromMs">Begin of the stretch, in the clock of the first journal.</param>
/// <param name="ToMs">Its end.</param>
/// <param name="ConfigText">The configuration as it stands in its file.</param>
/// <param name="Vms">The daemon's list of VMs.</param>
/// <param name="Status">Its status.</param>
/// <param name="WrittenBy">Version of this program.</param>
/// <param name="KeepAddresses">Addresses are not replaced.</param>
internal sealed record IncidentSource(
    ImmutableArray<Journal> Journals, long FromMs, long ToMs, string ConfigText, VmReport Vms, StatusReport Status, string WrittenBy, bool KeepAddresses);

/// <summary>Makes a scenario of two journals. Pure.</summary>
internal static class BundleWriter
{
    private const long AfterMs = 60_000;
    private const long AtLeastMs = 300_000;

    /// <summary>The bundle; null, with the reason, when there is nothing to play.</summary>
    public static IncidentBundle? Of(IncidentSource source, out string trouble)
    {
        Func<string, string> mask = source.KeepAddresses ? static text => text : new AddressMask().Of;
        var lines = ConfigMask.Lines(source.ConfigText, mask);
        var parsed = ConfigParser.Parse("the configuration", string.Join('\n', lines));
        if (parsed.Config is not { } config)
        {
            trouble = $"the configuration without its secrets cannot be read: {string.Join("; ", parsed.Findings)}";
            return null;
        }

        List<IncidentEvent> all = [.. source.Journals.SelectMany(journal => journal.Lines.Select(line => new IncidentEvent(journal.Host, line.UnixMs - (long)journal.ClockAheadMs, line)))
            .OrderBy(one => one.UnixMs)];
        var events = all.Where(one => one.UnixMs >= source.FromMs && one.UnixMs <= source.ToMs).ToList();
        if (events.Count == 0)
        {
            trouble = "no line of the journals lies in that stretch: ha-ctl events --last 0 shows what is kept";
            return null;
        }

        var (moves, parts, guesses) = CauseReader.Read(events, config, source.Journals.Select(journal => journal.Host));
        if (moves.Count == 0)
        {
            trouble = "nothing in that stretch tells of an event outside, so there is nothing to play: take a longer one with --since and --until";
            return null;
        }

        trouble = "";
        var notes = new List<string>();
        var site = SiteReader.Of(config, source.Vms, source.Status, notes);
        notes.Add(source.KeepAddresses ? "addresses are real" : "addresses are replaced; names and uuids of hosts and VMs, and names of users, are not");
        notes.AddRange(guesses);
        notes.AddRange(BeginsOtherwise(events));
        notes.Add("where the VMs ran then is not in the journals: it is taken from now, and from the starts that they tell of");
        return Bundle(source, mask, lines, site, moves, (all, events), parts, notes);
    }

    private static IncidentBundle Bundle(IncidentSource source, Func<string, string> mask, ImmutableArray<string> configuration, Site site,
        List<CausedMove> moves, (List<IncidentEvent> All, List<IncidentEvent> Here) journals, LinePart[] parts, List<string> notes)
    {
        var (all, events) = journals;
        var zero = moves[0].AtMs;
        ImmutableArray<IncidentLine> journal = [.. events.Select((one, index) => new IncidentLine(
            Seconds(one.UnixMs - zero), one.Host, one.Line.Id, one.Line.Severity, mask(one.Line.Sentence), Text(parts[index])))];
        var end = Math.Max(AtLeastMs, Math.Max(events[^1].UnixMs, moves[^1].AtMs) - zero + AfterMs);
        return new IncidentBundle
        {
            Version = IncidentBundle.Format,
            WrittenBy = source.WrittenBy,
            Notes = [.. notes],
            Story = $"Incident of {Utc(zero)}: {string.Join("; ", moves.Select(move => move.Sentence))}.",
            Begins = Utc(zero),
            Hosts = [.. site.Pool.Hosts.Select(host => new IncidentHost(host.Name, host.Uuid, host.Address, host.MemoryMib))],
            Master = MasterThen(source, events) ?? site.Pool.Master,
            Enabled = EnabledThen(source, all, events),
            Configuration = configuration,
            Vms = [.. site.Pool.Vms.Select(vm => VmThen(vm, site, events))],
            Events = [.. moves.Select(move => ImmutableDictionary<string, string>.Empty.Add(string.Create(CultureInfo.InvariantCulture, $"at {(move.AtMs - zero) / 1000.0:0.###}s"), move.Sentence))],
            End = Times.Text(TimeSpan.FromSeconds(Math.Ceiling(end / 1000.0))),
            Decisions = [.. journal.Select(line => IncidentDecision.Of(line.Seconds, line.Host, line.Id, line.Sentence)).OfType<IncidentDecision>()],
            Journal = journal,
            JournalLines = journal.Length,
        };
    }

    /// <summary>A VM that a takeover started ran on the other host before.</summary>
    private static IncidentVm VmThen(VmDefinition vm, Site site, List<IncidentEvent> events)
    {
        var on = vm.RunningOn ?? "";
        foreach (var host in site.Pool.Hosts)
        {
            var started = events.Find(one => one.Line.Id == (int)HaEventId.VmStartOrdered && one.Line.Sentence == $"starting {vm.Name} on {host.Name}");
            if (started is not null && events.Exists(one => one.Host == host.Name && one.UnixMs <= started.UnixMs && one.Line.Id == (int)HaEventId.TakeoverDecided))
            {
                on = site.Pool.OtherHost(host.Name).Name;
            }
        }

        return new IncidentVm(vm.Name, vm.Uuid, !site.Unprotected.Contains(vm.Uuid), vm.HaRestartPriority, vm.Order, vm.StartDelay, vm.MemoryMib, on,
            vm.Sr.StartsWith("local-", StringComparison.Ordinal) ? vm.Sr["local-".Length..] : "");
    }

    /// <summary>By the first change of a role since; null when there was none.</summary>
    private static string? MasterThen(IncidentSource source, List<IncidentEvent> events)
    {
        var first = source.Journals.SelectMany(journal => journal.Lines.Where(line => line.Id == (int)HaEventId.ToolstackChanged
                && line.UnixMs - journal.ClockAheadMs >= events[0].UnixMs && line.Sentence.StartsWith("XAPI's role of this host is now ", StringComparison.Ordinal))
            .Select(line => (journal.Host, At: line.UnixMs - journal.ClockAheadMs, IsMaster: line.Sentence.EndsWith("master", StringComparison.Ordinal)))).OrderBy(one => one.At).ToList();
        return first.Count == 0 ? null : first[0].IsMaster ? source.Status.Host == first[0].Host ? source.Status.PeerHost : source.Status.Host : first[0].Host;
    }

    /// <summary>By the last word before the stretch, or the first in it; without one, as it is now.</summary>
    private static bool EnabledThen(IncidentSource source, List<IncidentEvent> all, List<IncidentEvent> events)
    {
        var before = all.LastOrDefault(one => one.UnixMs < events[0].UnixMs && Switched(one.Line) is not null);
        var first = events.Find(one => one.Line.Id == (int)HaEventId.SwitchChanged && Switched(one.Line) is not null);
        return before is not null ? Switched(before.Line)!.Value : first is not null ? !Switched(first.Line)!.Value : source.Status.Enabled;
    }

    /// <summary>HA is enabled or disabled after this line; null for a line that says neither.</summary>
    private static bool? Switched(EventLine line) => (HaEventId)line.Id switch
    {
        HaEventId.SwitchChanged when line.Sentence.Contains("HA was enabled", StringComparison.Ordinal) || line.Sentence.Contains("HA is enabled again", StringComparison.Ordinal) => true,
        HaEventId.SwitchChanged when line.Sentence.Contains("HA was disabled", StringComparison.Ordinal) => false,
        HaEventId.Started when line.Sentence.Contains("HA enabled)", StringComparison.Ordinal) => true,
        HaEventId.Started when line.Sentence.Contains("HA disabled)", StringComparison.Ordinal) => false,
        HaEventId.StateChanged => !line.Sentence.Contains("-> Disabled", StringComparison.Ordinal),
        _ => null,
    };

    private static IEnumerable<string> BeginsOtherwise(List<IncidentEvent> events)
    {
        foreach (var first in events.Where(one => one.Line.Id == (int)HaEventId.StateChanged).GroupBy(one => one.Host).Select(group => group.First()))
        {
            var state = first.Line.Sentence.Split(' ')[0];
            if (state is not ("Paired" or "Disabled"))
            {
                yield return $"{first.Host} was {state} when it began; the replay begins with both hosts paired: take a longer stretch with --since";
            }
        }
    }

    private static string Text(LinePart part) => part switch { LinePart.Cause => "cause", LinePart.Outcome => "outcome", _ => "not mapped" };

    private static double Seconds(long ms) => Math.Round(ms / 1000.0, 3);

    private static string Utc(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMs, 0, 253402300799999)).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
