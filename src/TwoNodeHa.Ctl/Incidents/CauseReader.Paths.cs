using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Ctl.Incidents;

/// <content>Silence, the gateway and single links: power, cables and filters.</content>
internal sealed partial class CauseReader
{
    /// <summary>Times at which a cut of a port or switch began, so that the gateway's loss is not told a second time.</summary>
    private readonly List<(string Host, long AtMs)> _cuts = [];

    /// <summary>From the last packet until a host tells of the loss: a lease. What was lost is lost half a beat after the last packet, on average.</summary>
    private long SilentAfterMs => (long)(_config.Timing.Lease - (_config.Timing.HeartbeatInterval / 2)).TotalMilliseconds;

    private long GatewayAfterMs => SilentAfterMs;

    /// <summary>Each time that a host stops hearing the other one on every link.</summary>
    private void Silences()
    {
        var done = new List<long>();
        foreach (var index in Lines(HaEventId.StateChanged).Where(IsSilence))
        {
            var host = _events[index].Host;
            var at = _events[index].UnixMs - SilentAfterMs;

            // Both report one cut.
            if (done.Exists(other => Math.Abs(other - at) <= TogetherMs) || _dark.Exists(time => at >= time.FromMs - TogetherMs && at < time.ToMs))
            {
                continue;
            }

            done.Add(at);
            var peer = Other(host);
            if (IsDark(peer, at))
            {
                Dark(peer, at, KernelAnswers(host, at));
            }
            else
            {
                Cut(host, peer, at);
            }
        }
    }

    /// <summary>It said so of the silent one: power and cable are there, and the daemon alone is not heard.</summary>
    private bool KernelAnswers(string host, long at) => _events.Any(one => one.Host == host && one.UnixMs >= at
        && one.UnixMs < at + (long)_config.Timing.TakeoverDelay.TotalMilliseconds + 2 * SilentAfterMs && one.Line.Sentence.Contains("kernel still answers", StringComparison.Ordinal));

    private bool IsSilence(int index)
    {
        var sentence = _events[index].Line.Sentence;
        return (sentence.StartsWith("Paired -> ", StringComparison.Ordinal) || sentence.StartsWith("Sole -> ", StringComparison.Ordinal))
            && (Says(index, " is silent") || Says(index, "neither the peer nor the gateway answers") || Says(index, "the peer does not answer, and the arbiter") || Says(index, "does not hear us"));
    }

    /// <summary>
    /// It said nothing from then on, until it started again: a host that is only cut off tells of its own silence within the same time.
    /// Without its journal that cannot be told, and power is the likelier loss.
    /// </summary>
    private bool IsDark(string host, long at)
    {
        if (!_known.Contains(host))
        {
            _notes.Add($"the journal of {host} is not at hand: its silence is taken as a loss of power");
            return true;
        }

        var next = _events.FirstOrDefault(one => one.Host == host && one.UnixMs > at + 500 && (HaEventId)one.Line.Id != HaEventId.Stopping);
        return next is null || (HaEventId)next.Line.Id == HaEventId.Started;
    }

    /// <summary>Both live and one does not hear the other: who lost the gateway with it tells where.</summary>
    private void Cut(string host, string peer, long at)
    {
        var (here, there) = (LostGateway(host, at), LostGateway(peer, at));
        var end = _events.FirstOrDefault(one => one.UnixMs > at + SilentAfterMs && (HaEventId)one.Line.Id == HaEventId.GatewayChanged
            && one.Line.Sentence.StartsWith("the gateway answers", StringComparison.Ordinal));
        if (here >= 0 && there >= 0)
        {
            Cause(at, "switch off", here, there);
            Ends(at, host, end is null ? null : "switch on");
            Ends(at, peer, null);
        }
        else if (here >= 0 || there >= 0)
        {
            var (line, cut) = here >= 0 ? (here, host) : (there, peer);
            Cause(at, $"pull cable of {Quoted(cut)}", line);
            Ends(at, cut, $"plug cable of {Quoted(cut)}");
        }
        else
        {
            Between(host, peer, at);
        }

        if (_config.Links.Length > 1 && !KernelAnswers(host, at))
        {
            _moves.Add(new CausedMove(at, "pull crossover"));
            _notes.Add("the hosts lost each other on every link, so the crossover is taken as cut too");
            if (Heard(at) is { } heard)
            {
                _moves.Add(new CausedMove(heard, "plug crossover"));
            }
        }
    }

    /// <summary>Both keep the gateway: the way between them is filtered, in both directions if both say so.</summary>
    private void Between(string host, string peer, long at)
    {
        string[] deaf = [.. _hosts.Where(each => Lines(HaEventId.StateChanged).Any(index => _events[index].Host == each && IsSilence(index) && !Says(index, "does not hear us")
            && Math.Abs(_events[index].UnixMs - SilentAfterMs - at) <= TogetherMs))];

        // One that is told that it is not heard says so, and nothing of silence.
        if (deaf.Length > 0 && deaf.All(each => KernelAnswers(each, at)))
        {
            foreach (var each in deaf)
            {
                _moves.Add(new CausedMove(at, $"heartbeats into {Quoted(each)} are filtered"));
                if (Heard(at) is { } again)
                {
                    _moves.Add(new CausedMove(again, $"heartbeats into {Quoted(each)} pass"));
                }
            }

            return;
        }

        foreach (var from in deaf.Length == 0 ? [host] : deaf.Select(Other))
        {
            _moves.Add(new CausedMove(at, $"drop from {Quoted(from)} on {_config.Links[0].Name}"));
            if (Heard(at) is { } heard)
            {
                _moves.Add(new CausedMove(heard, $"pass from {Quoted(from)} on {_config.Links[0].Name}"));
            }
        }
    }

    /// <summary>When the hosts are first seen together again.</summary>
    private long? Heard(long at) => _events.FirstOrDefault(one => one.UnixMs > at + SilentAfterMs && (HaEventId)one.Line.Id == HaEventId.StateChanged
        && one.Line.Sentence.Contains("-> Paired", StringComparison.Ordinal))?.UnixMs - 1_000;

    private int LostGateway(string host, long at) => Lines(HaEventId.GatewayChanged).FirstOrDefault(index => _events[index].Host == host
        && Says(index, "does not answer") && Math.Abs(_events[index].UnixMs - GatewayAfterMs - at) <= TogetherMs, -1);

    /// <summary>A cut ends when its host sees the gateway again.</summary>
    private void Ends(long at, string host, string? sentence)
    {
        _cuts.Add((host, at));
        var back = Lines(HaEventId.GatewayChanged).FirstOrDefault(index => _events[index].Host == host && _events[index].UnixMs > at + GatewayAfterMs && Says(index, "the gateway answers"), -1);
        if (back < 0)
        {
            return;
        }

        Mark(LinePart.Cause, back);
        if (sentence is not null)
        {
            _moves.Add(new CausedMove(_events[back].UnixMs - 200, sentence));
        }
    }

    /// <summary>Losses of the gateway beside which the hosts still heard each other.</summary>
    private void Gateways()
    {
        // One at a time: the other host's line of the same loss is marked with the first.
        foreach (var index in Lines(HaEventId.GatewayChanged).Where(index => Says(index, "does not answer") && _parts[index] == LinePart.NotMapped))
        {
            var (host, at) = (_events[index].Host, _events[index].UnixMs - GatewayAfterMs);
            var peer = Other(host);
            var too = LostGateway(peer, at);
            var silent = Lines(HaEventId.LinkChanged).FirstOrDefault(line => Says(line, $"link {_config.Links[0].Name} is silent") && Math.Abs(_events[line].UnixMs - SilentAfterMs - at) <= TogetherMs * 2, -1);
            if (too >= 0)
            {
                Cause(at, silent >= 0 ? "switch off" : "gateway off", index, too);
                Ends(at, host, silent >= 0 ? "switch on" : "gateway on");
                Ends(at, peer, null);
            }
            else if (silent >= 0 || _dark.Exists(time => time.Host == peer && at >= time.FromMs && at < time.ToMs))
            {
                Cause(at, $"pull cable of {Quoted(host)}", index);
                Ends(at, host, $"plug cable of {Quoted(host)}");
            }
            else
            {
                Cause(at, $"hide gateway from {Quoted(host)}", index);
                Ends(at, host, $"show gateway to {Quoted(host)}");
            }
        }

        // After a start, or after a longer loss than the journal holds: no news.
        foreach (var index in Lines(HaEventId.GatewayChanged).Where(index => Says(index, "the gateway answers") && _parts[index] == LinePart.NotMapped))
        {
            Mark(LinePart.Outcome, index);
        }
    }

    /// <summary>Single links that fall silent beside others.</summary>
    private void Links()
    {
        foreach (var link in _config.Links)
        {
            var isFirst = link.Name == _config.Links[0].Name;
            var lines = Lines(HaEventId.LinkChanged).Where(index => Says(index, $"link {link.Name} is")).ToList();
            foreach (var index in lines.Where(index => Says(index, "is silent")))
            {
                var at = _events[index].UnixMs - SilentAfterMs;
                Mark(LinePart.Cause, index);
                if (_cuts.Exists(cut => Math.Abs(cut.AtMs - at) <= TogetherMs * 2) || _moves.Exists(move => move.Sentence == Silent(link.Name, isFirst, index) && Math.Abs(move.AtMs - at) <= TogetherMs))
                {
                    continue;
                }

                _moves.Add(new CausedMove(at, Silent(link.Name, isFirst, index)));
                if (lines.FirstOrDefault(later => later > index && _events[later].Host == _events[index].Host && Says(later, "is heard again"), -1) is >= 0 and var back)
                {
                    _moves.Add(new CausedMove(_events[back].UnixMs - 500, isFirst ? $"pass from {Quoted(Other(_events[index].Host))} on {link.Name}" : "plug crossover"));
                }
            }

            Mark(LinePart.Cause, [.. lines.Where(index => Says(index, "is heard again"))]);
        }
    }

    private string Silent(string link, bool isFirst, int index) => isFirst ? $"drop from {Quoted(Other(_events[index].Host))} on {link}" : "pull crossover";
}
