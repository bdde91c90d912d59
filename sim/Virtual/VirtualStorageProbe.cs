using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Sim.Virtual;

/// <summary>
/// The storage path of one host, and what its daemon's probes say of it: doubtful after an interval, lost after the
/// timeout, healthy when it was readable for the timeout again. Says nothing when the site configures no probe.
/// </summary>
internal sealed class VirtualStorageProbe(VirtualWorld world, VirtualHost host)
{
    private IDisposable? _next;
    private bool _cut;
    private Health _verdict = Health.Unknown;

    /// <summary>The path of this host is cut; its toolstack and its VMs lose it at once.</summary>
    public bool Cut
    {
        get => _cut;
        set
        {
            if (_cut == value)
            {
                return;
            }

            _cut = value;
            world.Storage.SetReachable(host.Config.Self.Uuid.ToString(), !value);
            world.Log(host.Name, value ? "the storage path is cut" : "the storage path is back");
            Probe();
        }
    }

    /// <summary>A probe will tell something later.</summary>
    public bool Pending { get; private set; }

    /// <summary>A new daemon knows nothing yet.</summary>
    public void DaemonStarted()
    {
        _verdict = Health.Unknown;
        Probe();
    }

    private void Probe()
    {
        _next?.Dispose();
        Pending = false;
        var storage = host.Config.Config.Storage;
        if (storage.Probes.IsEmpty)
        {
            return;
        }

        // Where in its interval the probe was when the path changed is drawn.
        var phase = storage.ProbeInterval * world.Random.NextDouble();
        if (_cut)
        {
            Later(phase, Health.Doubtful, () => Later(storage.ProbeTimeout - storage.ProbeInterval, Health.Lost));
        }
        else if (_verdict is Health.Lost)
        {
            Later(phase, Health.Doubtful, () => Later(storage.ProbeTimeout, Health.Healthy));
        }
        else
        {
            Later(phase, Health.Healthy);
        }
    }

    private void Later(TimeSpan delay, Health verdict, Action? then = null)
    {
        Pending = true;
        _next = world.Scheduler.After(delay, () => Tell(verdict, then));
    }

    private void Tell(Health verdict, Action? then)
    {
        Pending = false;
        if (verdict != _verdict && host.Daemon is { } daemon)
        {
            _verdict = verdict;
            daemon.Post(new Observation.StorageProbed(verdict, "/srv/sr"));
        }

        then?.Invoke();
    }
}
