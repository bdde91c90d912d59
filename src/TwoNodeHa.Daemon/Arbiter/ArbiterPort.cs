using System.Collections.Concurrent;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.ThirdParty;

namespace TwoNodeHa.Daemon.Arbiter;

/// <summary>
/// Carries out the orders to the arbiter, one at a time, on a thread of its own: nothing else of the daemon delays a renewal.
/// When nothing is asked, the store is looked at now and then, so that it is known to work before it is needed.
/// </summary>
internal sealed class ArbiterPort(LocalConfig config, EtcdStore store, IMonotonicClock clock, IObservationSink sink) : IDisposable
{
    /// <summary>Name of the arbiter in messages.</summary>
    public const string Name = "arbiter";

    private const int StackBytes = 512 * 1024;

    private static readonly TimeSpan BetweenTests = TimeSpan.FromSeconds(20);

    private readonly BlockingCollection<Command.Act> _orders = new(boundedCapacity: 1);
    private readonly CancellationTokenSource _stop = new();

    public void Start() => new Thread(Work, StackBytes) { IsBackground = true, Name = "arbiter" }.Start();

    /// <summary>Answers exactly once; at once when a call is under way and another one waits.</summary>
    public void Act(Command.Act act)
    {
        if (!_orders.TryAdd(act))
        {
            sink.Post(new Observation.ActionFinished(act.Id, ActionOutcome.Failed, "BUSY", "the call before this one is still under way"));
        }
    }

    /// <summary>Ends the thread at its next step; a call under way is left to its bound.</summary>
    public void Dispose() => _stop.Cancel();

    internal async Task<Observation.ActionFinished> RunAsync(Command.Act act)
    {
        var bound = act.Deadline <= ArbiterConfig.CallBound ? act.Deadline : ArbiterConfig.CallBound;
        using var patience = new CancellationTokenSource(bound);
        try
        {
            if (act.Action is HaAction.ReleaseLease)
            {
                await store.ReleaseAsync(patience.Token);
                return new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "");
            }

            var answer = await store.AcquireAsync(patience.Token);

            // An answer that came too late gives no right any more.
            var held = answer.HeldUntil is { } until && until > clock.Now ? answer.HeldUntil : null;
            sink.Post(new Observation.ArbiterObserved(held, answer.Detail) { Store = answer.Mark });
            return held is not null ? new Observation.ActionFinished(act.Id, ActionOutcome.Succeeded, "", "")
                : new Observation.ActionFinished(act.Id, ActionOutcome.Failed, "LEASE_TAKEN", answer.Detail);
        }
        catch (EtcdRefusal refusal)
        {
            SeenTrouble(refusal);
            return new Observation.ActionFinished(act.Id, ActionOutcome.Failed, "REFUSED", refusal.Message);
        }
        catch (Exception error)
        {
            SeenTrouble(error);
            return new Observation.ActionFinished(act.Id, ActionOutcome.Unknown, "TRANSPORT", error.Message);
        }
    }

    internal async Task TestAsync()
    {
        using var patience = new CancellationTokenSource(ArbiterConfig.CallBound);
        try
        {
            var answer = await store.TestAsync(patience.Token);
            Seen(true, $"{answer.Detail}; {answer.Mark}", answer.Mark);
        }
        catch (Exception error)
        {
            SeenTrouble(error);
        }
    }

    private string Refused(EtcdRefusal refusal) => $"etcd refuses: {refusal.Message}" + refusal.Code switch
    {
        7 or 16 => $"; look at the user or certificate, and at its rights on {config.Config.Arbiter!.Prefix}/",
        8 => "; give it room (compact, defragment) and disarm its alarm",
        _ => "",
    };

    private void SeenTrouble(Exception error) => Seen(false, error switch
    {
        EtcdRefusal refusal => Refused(refusal),
        OperationCanceledException => "no member answered in time",
        _ => error.Message,
    });

    private void Seen(bool works, string detail, StoreMark? mark = null) => sink.Post(new Observation.ThirdPartySeen(Name, works, detail, mark));

    private void Work()
    {
        try
        {
            for (var wait = TimeSpan.FromMilliseconds(1); !_stop.IsCancellationRequested; wait = BetweenTests * (0.9 + (0.2 * Random.Shared.NextDouble())))
            {
                if (_orders.TryTake(out var act, (int)wait.TotalMilliseconds, _stop.Token))
                {
                    sink.Post(RunAsync(act).GetAwaiter().GetResult());
                }
                else
                {
                    TestAsync().GetAwaiter().GetResult();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
        finally
        {
            store.Dispose();
        }
    }
}
