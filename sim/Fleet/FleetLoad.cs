using System.Diagnostics;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Arbiter;

namespace TwoNodeHa.Sim.Fleet;

/// <summary>One call, or the renewal that is two of them.</summary>
/// <param name="Sent">When it began.</param>
/// <param name="Took">How long it took.</param>
/// <param name="Trouble">Why it failed; empty when it was answered, and a renewal has the lease.</param>
internal readonly record struct FleetCall(TimeSpan Sent, TimeSpan Took, string Trouble)
{
    public bool Ok => Trouble.Length == 0;
}

/// <summary>
/// Many pools at one arbiter, each with the lease client of the daemon and a connection of its own. Either every pool is at its
/// worst, with one host alone that renews its lease, or all are healthy and both daemons only look now and then.
/// </summary>
internal sealed class FleetLoad : IMonotonicClock, IDisposable
{
    /// <summary>As the daemon looks at an arbiter that it does not need (ArbiterPort).</summary>
    private static readonly TimeSpan BetweenTests = TimeSpan.FromSeconds(20);

    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<FleetCall> _calls = [];
    private readonly List<EtcdStore> _stores = [];
    private readonly List<Task> _lives = [];
    private readonly HaConfig _config;
    private readonly TimeSpan _usable;
    private int _holding;
    private int _lapsed;

    /// <param name="config">A configuration with an arbiter; each pool gets its own hosts and prefix.</param>
    public FleetLoad(HaConfig config) => (_config, _usable) = (config, ArbiterRules.UsableOf(config));

    public Instant Now => Instant.Zero + Elapsed;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    /// <summary>Pools that hold their lease now.</summary>
    public int Holding => Volatile.Read(ref _holding);

    /// <summary>Rights that ended because no renewal came in time.</summary>
    public int Lapsed => Volatile.Read(ref _lapsed);

    /// <summary>Calls that began at or after a moment.</summary>
    public FleetCall[] Since(TimeSpan moment)
    {
        lock (_calls)
        {
            return [.. _calls.Where(call => call.Sent >= moment)];
        }
    }

    /// <summary>Adds pools; their first calls are spread over a time, as daemons do not start at one moment.</summary>
    public void Add(int pools, bool healthy, TimeSpan over)
    {
        for (int pool = 0; pool < pools; pool++)
        {
            HaConfig config = PoolOf(pool);
            for (int host = 0; host < (healthy ? 2 : 1); host++)
            {
                var store = new EtcdStore(new LocalConfig(config, host), config.Arbiter!, this);
                _stores.Add(store);
                TimeSpan first = over * Random.Shared.NextDouble();
                _lives.Add(Task.Run(() => healthy ? LookAsync(store, first) : HoldAsync(store, first)));
            }
        }
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_lives);
    }

    public void Dispose() => _stores.ForEach(store => store.Dispose());

    private HaConfig PoolOf(int pool) => _config with
    {
        Hosts = [.. _config.Hosts.Select(host => host with { Uuid = Guid.NewGuid() })],
        Arbiter = _config.Arbiter! with { Prefix = $"/twonodeha/{pool}" },
    };

    /// <summary>As the core orders it: up to a tenth early; after a failure soon again.</summary>
    private async Task HoldAsync(EtcdStore store, TimeSpan first)
    {
        TimeSpan renewal = ArbiterRules.RenewalOf(_config);
        TimeSpan? until = null;
        TimeSpan wait = first;
        while (await WaitedAsync(wait))
        {
            TimeSpan sent = Elapsed;
            if (until < sent)
            {
                End(ref until);
            }

            bool ok = await CallAsync(async patience => (await store.AcquireAsync(patience)).HeldUntil > Now);
            if (until < Elapsed)
            {
                End(ref until);
            }

            if (ok && until is null)
            {
                Interlocked.Increment(ref _holding);
            }

            until = ok ? sent + _usable : until;
            TimeSpan next = (renewal * (1 - (0.1 * Random.Shared.NextDouble()))) - (Elapsed - sent);
            wait = ok || next < ArbiterConfig.Spacing ? next : ArbiterConfig.Spacing;
        }
    }

    private void End(ref TimeSpan? until)
    {
        until = null;
        Interlocked.Increment(ref _lapsed);
        Interlocked.Decrement(ref _holding);
    }

    private async Task LookAsync(EtcdStore store, TimeSpan first)
    {
        TimeSpan wait = first;
        while (await WaitedAsync(wait))
        {
            await CallAsync(async patience =>
            {
                await store.TestAsync(patience);
                return true;
            });
            wait = BetweenTests * (0.9 + (0.2 * Random.Shared.NextDouble()));
        }
    }

    private async Task<bool> CallAsync(Func<CancellationToken, Task<bool>> call)
    {
        TimeSpan sent = Elapsed;
        string trouble;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            patience.CancelAfter(ArbiterConfig.CallBound);
            trouble = await call(patience.Token) ? "" : "not held, or too late";
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            trouble = error.Message;
        }

        lock (_calls)
        {
            _calls.Add(new FleetCall(sent, Elapsed - sent, trouble));
        }

        return trouble.Length == 0;
    }

    private async Task<bool> WaitedAsync(TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, _stop.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
