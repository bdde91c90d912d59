using System.Globalization;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Ctl.Incidents;

/// <summary>An event of the scenario language that the journals tell of.</summary>
/// <param name="AtMs">When, in the clock of the incident.</param>
/// <param name="Sentence">What happened.</param>
internal sealed record CausedMove(long AtMs, string Sentence);

/// <summary>What a journal line is to a scenario.</summary>
internal enum LinePart
{
    /// <summary>No event of the scenario language stands for it.</summary>
    NotMapped,

    /// <summary>An event of the scenario stands for it.</summary>
    Cause,

    /// <summary>What the decision code says by itself.</summary>
    Outcome,
}

/// <summary>
/// Reads causes off two merged journals: what must have happened outside so that both hosts said what they said. A silence that one host
/// reports is the other's loss of power when that one said nothing more, and a cut when it did.
/// </summary>
internal sealed partial class CauseReader
{
    /// <summary>Losses that two hosts report so far apart at most are one.</summary>
    private const long TogetherMs = 3_000;

    /// <summary>A daemon that starts again is heard of again within this time, if its host was not down.</summary>
    private const long RestartMs = 15_000;

    /// <summary>From power to the daemon in the simulated world.</summary>
    private const long BootMs = 30_000;

    private readonly IReadOnlyList<IncidentEvent> _events;
    private readonly LinePart[] _parts;
    private readonly HaConfig _config;
    private readonly string[] _hosts;
    private readonly HashSet<string> _known;
    private readonly List<CausedMove> _moves = [];
    private readonly List<string> _notes = [];

    /// <summary>Begin and end of the times when a host said nothing because it had no power.</summary>
    private readonly List<(string Host, long FromMs, long ToMs)> _dark = [];

    private CauseReader(IReadOnlyList<IncidentEvent> events, HaConfig config, IEnumerable<string> known)
    {
        (_events, _config, _known) = (events, config, [.. known]);
        _parts = [.. events.Select(one => FirstPart((HaEventId)one.Line.Id))];
        _hosts = [.. config.Hosts.Select(host => host.Name)];
    }

    /// <summary>The events of the scenario by time, what each line is to it, and what was guessed.</summary>
    /// <param name="events">Lines of both hosts, by time.</param>
    /// <param name="config">The configuration, whose timing says how long after a loss a host tells of it.</param>
    /// <param name="journalled">Hosts whose journal is at hand.</param>
    public static (List<CausedMove> Moves, LinePart[] Parts, List<string> Notes) Read(IReadOnlyList<IncidentEvent> events, HaConfig config, IEnumerable<string> journalled)
    {
        var reader = new CauseReader(events, config, journalled);
        reader.Operators();
        reader.Departures();
        reader.Silences();
        reader.Gateways();
        reader.Links();
        reader.Toolstacks();
        reader.Storages();
        reader.Restarts();
        return ([.. reader._moves.OrderBy(move => move.AtMs)], reader._parts, reader._notes);
    }

    /// <summary>What the decision code says by itself is no cause; the others wait for one of the readers below.</summary>
    private static LinePart FirstPart(HaEventId id) => id is HaEventId.StateChanged or HaEventId.FenceDecided or HaEventId.FenceVerified or HaEventId.FenceReset
        or HaEventId.TakeoverDecided or HaEventId.TakeoverStep or HaEventId.TakeoverDone or HaEventId.TakeoverAbandoned or HaEventId.TakeoverRefused
        or HaEventId.VmStartOrdered or HaEventId.VmStarted or HaEventId.PeerChanged or HaEventId.BootGuard or HaEventId.Handshake or HaEventId.CoverageChanged
        or HaEventId.Conflict or HaEventId.Maintenance ? LinePart.Outcome : LinePart.NotMapped;

    private string Other(string host) => _hosts[0] == host ? _hosts[1] : _hosts[0];

    private IEnumerable<int> Lines(HaEventId id) => Enumerable.Range(0, _events.Count).Where(index => _events[index].Line.Id == (int)id);

    private bool Says(int index, string words) => _events[index].Line.Sentence.Contains(words, StringComparison.Ordinal);

    private void Cause(long atMs, string sentence, params int[] lines)
    {
        _moves.Add(new CausedMove(atMs, sentence));
        Mark(LinePart.Cause, lines);
    }

    private void Mark(LinePart part, params int[] lines)
    {
        foreach (var line in lines)
        {
            _parts[line] = part;
        }
    }

    private static string Time(long ms) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, ms) / 1000.0:0.###}s");

    private static string Quoted(string name) => name.Contains(' ', StringComparison.Ordinal) ? $"\"{name}\"" : name;

    /// <summary>Orders. The line of who asked (E52) belongs to the one of what was done.</summary>
    private void Operators()
    {
        foreach (var index in Lines(HaEventId.OperatorAsked))
        {
            if (!Says(index, "protect was asked"))
            {
                Mark(LinePart.Outcome, index);
            }
        }

        foreach (var index in Lines(HaEventId.SwitchChanged))
        {
            var (at, host) = (_events[index].UnixMs, Quoted(_events[index].Host));
            if (Says(index, "HA was enabled by the operator"))
            {
                Cause(at, $"operator enables HA on {host}", index);
            }
            else if (Says(index, "HA was disabled by the operator"))
            {
                var end = Lines(HaEventId.SwitchChanged).FirstOrDefault(later => later > index && Says(later, "disable period has ended"), -1);
                Cause(at, end < 0 ? $"operator disables HA on {host}" : $"operator disables HA on {host} for {Time(_events[end].UnixMs - at)}", index);
            }
            else if (Says(index, "applied here too") || Says(index, "disable period has ended"))
            {
                Mark(LinePart.Outcome, index);
            }
        }

        foreach (var index in Lines(HaEventId.Handshake).Where(index => Says(index, "T5: the operator said")))
        {
            Cause(_events[index].UnixMs, $"operator says on {Quoted(_events[index].Host)} that the peer is dead", index);
        }

        foreach (var index in Lines(HaEventId.FenceDecided).Where(index => Says(index, "the operator asked")))
        {
            Cause(_events[index].UnixMs, $"operator fences {Quoted(_events[index].Host)}", index);
        }

        Maintenances();
    }

    private void Maintenances()
    {
        var emptied = new HashSet<string>();
        foreach (var index in Lines(HaEventId.Maintenance))
        {
            var host = _events[index].Host;
            if (Says(index, "this host is emptied for maintenance") && emptied.Add(host))
            {
                Cause(_events[index].UnixMs, $"operator begins maintenance of {Quoted(host)}", index);
            }
            else if (Says(index, "the maintenance is over; VMs that ran here") && emptied.Remove(host))
            {
                Cause(_events[index].UnixMs, $"operator ends maintenance of {Quoted(host)}", index);
            }
        }
    }

    private void Storages()
    {
        foreach (var index in Lines(HaEventId.StorageChanged))
        {
            var host = Quoted(_events[index].Host);
            if (Says(index, "is lost:") || Says(index, "is healthy:"))
            {
                Cause(_events[index].UnixMs, Says(index, "is lost:") ? $"storage of {host} is lost" : $"storage of {host} is back", index);
            }
        }
    }

    /// <summary>A toolstack that is stopped by a fence, restarted by a promotion or not up yet after a boot is no trouble of its own.</summary>
    private void Toolstacks()
    {
        const long Own = 300_000;
        foreach (var index in Lines(HaEventId.ToolstackChanged))
        {
            var (at, host) = (_events[index].UnixMs, _events[index].Host);
            if (Says(index, "XAPI's role") || _events.Any(one => one.Host == host && one.UnixMs <= at && at - one.UnixMs < Own
                && (HaEventId)one.Line.Id is HaEventId.FenceDecided or HaEventId.TakeoverDecided or HaEventId.Started))
            {
                Mark(LinePart.Outcome, index);
            }
            else if (Says(index, "does not answer"))
            {
                var end = Lines(HaEventId.ToolstackChanged).FirstOrDefault(later => later > index && _events[later].Host == host && Says(later, "answers again"), -1);
                var back = end < 0 ? _events[^1].UnixMs + Own : _events[end].UnixMs;
                Cause(at, $"hang toolstack on {Quoted(host)} for {Time(back - at)}", end < 0 ? [index] : [index, end]);
            }
        }
    }
}
