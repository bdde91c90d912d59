using System.Collections.Immutable;
using System.Globalization;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Core.Operator;

/// <summary>
/// What becomes visible only by looking at the status again and again: a link that fell silent beside others that are heard,
/// a peer whose configuration, key or version is another one. Each is told once when it begins and once when it is over.
/// Pure; nothing of it decides anything about VMs.
/// </summary>
public sealed record StatusWatch
{
    /// <summary>A link not heard for longer is silent; the peer must have been heard on another one meanwhile.</summary>
    private const double SilentSeconds = 10;

    /// <summary>Refused heartbeats are news for so long; a peer sends at least one in ten seconds.</summary>
    private const long RefusedMs = 30_000;

    private const string WrongKey = "wrong_key";
    private const string WrongVersion = "unsupported_version";

    private ImmutableSortedDictionary<string, Condition> Active { get; init; } =
        ImmutableSortedDictionary.Create<string, Condition>(StringComparer.Ordinal);

    private ImmutableSortedDictionary<string, (long Count, long GrownMs)> Refused { get; init; } =
        ImmutableSortedDictionary.Create<string, (long, long)>(StringComparer.Ordinal);

    /// <summary>What of it belongs into the status, as sentences.</summary>
    public ImmutableArray<string> Warnings => [.. Active.Values.Where(condition => condition.IsWarning).Select(condition => condition.Sentence)];

    /// <summary>The next look.</summary>
    /// <param name="status">The status, with the counters of the links.</param>
    /// <param name="nowMs">Any clock that does not go back, milliseconds.</param>
    /// <param name="events">What began and what ended since the last look.</param>
    public StatusWatch Look(StatusReport status, long nowMs, out ImmutableArray<HaEvent> events)
    {
        var next = this with { Refused = Count(status, nowMs) };
        var found = next.Find(status, nowMs).ToList();
        var told = ImmutableArray.CreateBuilder<HaEvent>();
        foreach (var begun in found.Where(condition => !Active.ContainsKey(condition.Key)))
        {
            told.Add(new HaEvent(begun.Id, Severity.Warning, begun.Sentence));
        }

        foreach (var ended in Active.Values.Where(condition => !found.Exists(other => other.Key == condition.Key)))
        {
            told.Add(new HaEvent(ended.Id, Severity.Notice, string.Create(CultureInfo.InvariantCulture,
                $"{ended.Over} after {(nowMs - ended.SinceMs) / 1000.0:0} s")));
        }

        events = told.ToImmutable();
        return next with
        {
            Active = found.ToImmutableSortedDictionary(
                condition => condition.Key,
                condition => Active.TryGetValue(condition.Key, out var known) ? condition with { SinceMs = known.SinceMs } : condition,
                StringComparer.Ordinal),
        };
    }

    private ImmutableSortedDictionary<string, (long Count, long GrownMs)> Count(StatusReport status, long nowMs)
    {
        var counts = Refused.ToBuilder();
        foreach (var (name, count) in status.Counters)
        {
            if (name.EndsWith(WrongKey, StringComparison.Ordinal) || name.EndsWith(WrongVersion, StringComparison.Ordinal))
            {
                var known = counts.GetValueOrDefault(name);
                counts[name] = count > known.Count ? (count, nowMs) : known;
            }
        }

        return counts.ToImmutable();
    }

    private IEnumerable<Condition> Find(StatusReport status, long nowMs)
    {
        var heard = status.Links.Where(link => link.HeardAgeSeconds <= SilentSeconds).Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
        if (status.Peer is { ConfigAgrees: false } peer && heard.Count > 0)
        {
            var where = peer.ConfigDiffers.IsDefaultOrEmpty ? "" : " in " + string.Join(", ", peer.ConfigDiffers);
            yield return new Condition("config", HaEventId.SetupDiffers, nowMs,
                $"the configuration of {status.PeerHost} differs{where}: HA does not arm; ha-ctl config diff names the keys",
                $"the configuration of {status.PeerHost} agrees again");
        }

        foreach (var link in status.Links.Where(link => !heard.Contains(link.Name)))
        {
            if (OfDeafLink(status.PeerHost, link.Name, heard, nowMs) is { } condition)
            {
                yield return condition;
            }
        }
    }

    private Condition? OfDeafLink(string peer, string link, HashSet<string> heard, long nowMs)
    {
        if (RefusedLately(link, WrongKey, nowMs))
        {
            return new Condition("key " + link, HaEventId.SetupDiffers, nowMs,
                $"heartbeats of {peer} on link {link} are signed with another key: the key files of the hosts differ",
                $"no heartbeat with another key on link {link} any more") { IsWarning = true };
        }

        if (RefusedLately(link, WrongVersion, nowMs))
        {
            return new Condition("version " + link, HaEventId.SetupDiffers, nowMs,
                $"heartbeats of {peer} on link {link} are of another version: install the same package on both hosts",
                $"no heartbeat of another version on link {link} any more") { IsWarning = true };
        }

        return heard.Count == 0 ? null : new Condition("link " + link, HaEventId.LinkChanged, nowMs,
            $"link {link} is silent, {peer} is heard on {string.Join(", ", heard)} alone: one more fault may end in a wait or a takeover",
            $"link {link} is heard again");
    }

    private bool RefusedLately(string link, string reason, long nowMs) =>
        Refused.TryGetValue($"link.{link}.{reason}", out var refused) && refused.Count > 0 && nowMs - refused.GrownMs < RefusedMs;

    private sealed record Condition(string Key, HaEventId Id, long SinceMs, string Sentence, string Over)
    {
        /// <summary>The status does not say it by itself.</summary>
        public bool IsWarning { get; init; }
    }
}
