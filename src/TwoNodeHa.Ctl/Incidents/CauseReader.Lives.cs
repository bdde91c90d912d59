using TwoNodeHa.Core.Contract;

namespace TwoNodeHa.Ctl.Incidents;

/// <content>Hosts and daemons that end and begin: shutdowns, restarts, crashes.</content>
internal sealed partial class CauseReader
{
    /// <summary>From the state Departing to the end of the daemon at most: VMs are shut down meanwhile.</summary>
    private const long DepartureMs = 1_200_000;

    /// <summary>A boot guard speaks within this time of a boot, and of nothing else.</summary>
    private const long GuardMs = 120_000;

    /// <summary>Shutdowns from the host's own shell: the daemon departs before it ends.</summary>
    private void Departures()
    {
        foreach (var stop in Lines(HaEventId.Stopping))
        {
            var (at, host) = (_events[stop].UnixMs, _events[stop].Host);
            var begin = Lines(HaEventId.StateChanged).LastOrDefault(index => index < stop && _events[index].Host == host && at - _events[index].UnixMs < DepartureMs && Says(index, "-> Departing"), -1);
            if (begin < 0)
            {
                continue;
            }

            var start = StartAfter(host, at);
            var until = start < 0 ? long.MaxValue : _events[start].UnixMs;
            var reboots = start >= 0 && until - at < 2 * BootMs;
            Cause(_events[begin].UnixMs, $"orderly {(reboots ? "reboot" : "poweroff")} of {Quoted(host)}", stop);
            _dark.Add((host, at, until));
            if (reboots)
            {
                Mark(LinePart.Cause, start);
            }
            else if (start >= 0)
            {
                Cause(until - BootMs, $"power on {Quoted(host)}", start);
            }
        }
    }

    private bool Booted(int start) => Lines(HaEventId.BootGuard).Any(guard => _events[guard].Host == _events[start].Host
        && _events[guard].UnixMs >= _events[start].UnixMs && _events[guard].UnixMs - _events[start].UnixMs < GuardMs);

    private int StartAfter(string host, long at) => Lines(HaEventId.Started).FirstOrDefault(index => _events[index].Host == host && _events[index].UnixMs > at, -1);

    /// <summary>A host that fell silent: its daemon was stopped or died and stayed away, or it had no power.</summary>
    private void Dark(string host, long at, bool kernelAnswers)
    {
        var name = Quoted(host);
        var stop = Lines(HaEventId.Stopping).LastOrDefault(index => _events[index].Host == host && _parts[index] == LinePart.NotMapped && Math.Abs(_events[index].UnixMs - at) < RestartMs, -1);
        var start = StartAfter(host, at);
        var until = start < 0 ? long.MaxValue : _events[start].UnixMs;
        _dark.Add((host, at, until));
        if (stop >= 0)
        {
            Stopped(stop, start);
            return;
        }

        if (kernelAnswers)
        {
            _moves.Add(new CausedMove(at - 1, start < 0 ? $"daemon of {name} never restarts" : $"daemon of {name} restarts after {Time(until - at)}"));
            Cause(at, $"kill daemon on {name}", start < 0 ? [] : [start]);
            return;
        }

        Cause(at, $"power off {name}");
        if (start >= 0)
        {
            Cause(Math.Max(at + 500, until - BootMs), $"power on {name}", start);
        }
    }

    /// <summary>A daemon that its service manager stopped, and when it came back.</summary>
    private void Stopped(int stop, int start)
    {
        var (at, name) = (_events[stop].UnixMs - 100, Quoted(_events[stop].Host));
        if (start >= 0 && Booted(start))
        {
            Cause(at, $"orderly reboot of {name}", stop, start);
            return;
        }

        _moves.Add(new CausedMove(at - 1, start < 0 ? $"daemon of {name} never restarts" : $"daemon of {name} restarts after {Time(_events[start].UnixMs - _events[stop].UnixMs)}"));
        Cause(at, $"stop daemon on {name}", start < 0 ? [stop] : [stop, start]);
    }

    /// <summary>A daemon that started although nobody missed its host: it was restarted, it died, or its host was reset too quickly to be missed.</summary>
    private void Restarts()
    {
        foreach (var index in Lines(HaEventId.Started).Where(index => _parts[index] == LinePart.NotMapped))
        {
            var (at, host) = (_events[index].UnixMs, _events[index].Host);
            var stop = Lines(HaEventId.Stopping).LastOrDefault(earlier => earlier < index && _events[earlier].Host == host && at - _events[earlier].UnixMs < RestartMs, -1);
            if (stop >= 0)
            {
                Stopped(stop, index);
            }
            else if (Booted(index))
            {
                Cause(at - BootMs, $"reset {Quoted(host)}", index);
                _notes.Add($"{host} booted, and its journal does not say since when it was down: taken as a reset");
            }
            else
            {
                Cause(at - 1_000, $"kill daemon on {Quoted(host)}", index);
                _notes.Add($"{host}: its daemon started without having ended before; taken as killed");
            }
        }
    }
}
