using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Machine;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Core.Protocol;
using TwoNodeHa.Core.Situation;
using TwoNodeHa.Core.Step;

namespace TwoNodeHa.Sim.Explore;

/// <summary>
/// Two hosts around the shipped decision code, as data only: cheap to copy, without callbacks, random numbers or tasks.
/// Time is one clock for both hosts. What is due lies in one list, sorted by time and then by order of arrival.
/// </summary>
internal sealed partial class SmallWorld
{
    private static readonly Observation Tick = new Observation.Ticked(1_800_000_000_000);
    private static readonly WatchdogFacts Watchdog = new(true, true, "small watchdog");

    private WorldEvent[] _events = new WorldEvent[16];
    private SmallHost _first;
    private SmallHost _second;

    private SmallWorld(ExploreSite site)
    {
        Site = site;
        _first = new SmallHost();
        _second = new SmallHost();
    }

    public ExploreSite Site { get; }

    /// <summary>Ticks since the origin of both clocks.</summary>
    public long Now { get; private set; }

    /// <summary>Number of things due.</summary>
    public int Due { get; private set; }

    /// <summary>Turns, events and grid steps since the last copy was taken.</summary>
    public long Steps { get; private set; }

    /// <summary>Schedule that led here.</summary>
    public ScheduledFault? Schedule { get; private set; }

    /// <summary>Told of each line of the story; null in a search.</summary>
    public Action<long, string, string>? OnLine { get; set; }

    /// <summary>Counts what happens; of the thread that runs this world.</summary>
    public Coverage Coverage { get; set; } = new();

    /// <summary>Directions of links that are cut, bit 2·link + sender.</summary>
    public int Cut { get; private set; }

    /// <summary>The gateway itself answers.</summary>
    public bool GatewayUp { get; private set; } = true;

    /// <summary>The third party itself answers.</summary>
    public bool ThirdPartyUp { get; private set; } = true;

    /// <summary>The fence agent lies.</summary>
    public bool AgentLies { get; private set; }

    /// <summary>Holder of the stored lease, and its end by the store's clock.</summary>
    public int LeaseHolder { get; private set; } = -1;

    public long LeaseEnd { get; private set; }

    public SmallHost Host(int index) => index == 0 ? _first : _second;

    public ReadOnlySpan<WorldEvent> Events => _events.AsSpan(0, Due);

    /// <summary>A pair that has been healthy for a minute. Numbers may start anywhere: nothing depends on them.</summary>
    public static SmallWorld Settled(ExploreSite site, long origin = 0, long incarnation = 1, long epoch = 1)
    {
        var world = new SmallWorld(site) { Now = origin };
        world.ResetAssumption();
        for (byte i = 0; i < 2; i++)
        {
            var host = world.Host(i);
            host.On = true;
            host.File = site.Paired(i, incarnation, epoch);
            host.Running = (byte)(1 << i);
            host.Toolstack.RoleFile = i == 0 ? PoolRole.Master : PoolRole.Slave;
            host.Toolstack.Belief = 1 + (3 * 2);
            world.StartToolstack(i);
            var offset = i == 0 ? 0 : (long)(site.Config.Timing.HeartbeatInterval.Ticks * site.Options.Phase);
            world.Push(new WorldEvent(origin + offset, WorldEventKind.DaemonStart, i, 0, host.Life, 0, null));
        }

        // The third party comes last: two daemons that start beside running VMs would settle by it who runs.
        world.ThirdPartyUp = false;

        // A whole number of the slowest reading (30 s) and a little, so that every reading was made.
        world.RunTo(origin + (61 * TimeSpan.TicksPerSecond));
        if (world.Violation is not null || world.Host(0).State?.Status != HaStatus.Paired || world.Host(1).State?.Status != HaStatus.Paired)
        {
            throw new InvalidOperationException($"the pair does not settle: {world.Violation} {world.Host(0).State?.Status} "
                + $"{world.Host(1).State?.Status}");
        }

        world.ThirdPartyUp = true;
        return world;
    }

    /// <summary>An independent copy; the immutable parts are shared.</summary>
    public SmallWorld Copy()
    {
        var copy = (SmallWorld)MemberwiseClone();
        copy._events = new WorldEvent[Math.Max(8, Due + 4)];
        Array.Copy(_events, copy._events, Due);
        copy._first = _first.Copy();
        copy._second = _second.Copy();
        copy.Steps = 0;
        return copy;
    }

    /// <summary>Runs without further faults to a time; stops early at a violation or where an assumption ends.</summary>
    public void RunTo(long end)
    {
        while (Violation is null && !OutsideAssumption)
        {
            var due = Due > 0 ? _events[0].Due : SmallHost.Never;
            var source = 0;
            Consider(_first.WatchdogAt, 1);
            Consider(_second.WatchdogAt, 2);
            Consider(_first.Frozen ? SmallHost.Never : _first.Wake, 3);
            Consider(_second.Frozen ? SmallHost.Never : _second.Wake, 4);
            if (due >= end)
            {
                break;
            }

            Now = due;
            Steps++;
            WatchAssumption();
            if (OutsideAssumption)
            {
                return;
            }

            switch (source)
            {
                case 0:
                    Happen(Pop());
                    break;
                case 1 or 2:
                    Coverage.WatchdogResets++;
                    Say((byte)(source - 1), "watchdog fired: the host is reset");
                    PowerOff((byte)(source - 1), boot: true);
                    break;
                default:
                    Turn((byte)(source - 3), Tick);
                    break;
            }

            Check();

            void Consider(long at, int candidate)
            {
                if (at < due)
                {
                    (due, source) = (at, candidate);
                }
            }
        }

        if (Violation is null && !OutsideAssumption)
        {
            Now = end;
            Steps++;
            WatchAssumption();
        }
    }

    private void Push(in WorldEvent item)
    {
        if (Due == _events.Length)
        {
            Array.Resize(ref _events, Due * 2);
        }

        var at = Due++;
        while (at > 0 && _events[at - 1].Due > item.Due)
        {
            _events[at] = _events[at - 1];
            at--;
        }

        _events[at] = item;
    }

    private WorldEvent Pop()
    {
        var first = _events[0];
        Due--;
        Array.Copy(_events, 1, _events, 0, Due);
        _events[Due] = default;
        return first;
    }

    private void Happen(in WorldEvent item)
    {
        var host = Host(item.Host);
        switch (item.Kind)
        {
            case WorldEventKind.Boot:
                if (item.Life == host.PowerLife)
                {
                    Booted(item.Host);
                }

                return;
            case WorldEventKind.ToolstackFuse:
                if (item.Life == host.Toolstack.Life)
                {
                    StartToolstack(item.Host);
                }

                return;
            case WorldEventKind.Action:
                Perform(item);
                return;
            case WorldEventKind.Heartbeat:
                Post(item.Host, new Observation.HeartbeatReceived(item.Link, (Heartbeat)item.Subject!));
                return;
        }

        if (item.Life != host.Life || !host.On)
        {
            return;
        }

        switch (item.Kind)
        {
            case WorldEventKind.GatewayAnswer:
                Post(item.Host, new Observation.GatewayAnswered(0, new Instant(item.Id)));
                break;
            case WorldEventKind.PeerAnswer:
                Post(item.Host, new Observation.PeerAnswered("icmp", new Instant(item.Id)));
                break;
            case WorldEventKind.DiskWrite:
                host.File = (DurableState)item.Subject!;
                MatchRights(_first, _second, 0);
                MatchRights(_second, _first, 1);
                Post(item.Host, new Observation.Persisted(host.File.Version, true, ""));
                break;
            case WorldEventKind.DomainList:
                Post(item.Host, new Observation.DomainsListed(item.Id, ReadHypervisor(host), ""));
                break;
            case WorldEventKind.ToolstackRead:
                Post(item.Host, new Observation.ToolstackObserved(item.Id, ReadToolstack(item.Host, item.Link == 1)));
                break;
            case WorldEventKind.DaemonStart:
                StartDaemon(item.Host);
                break;
        }
    }

    private HypervisorFacts ReadHypervisor(SmallHost host)
    {
        var draining = host.DrainedAt > Now ? host.Draining : 0;
        return Site.Hypervisor(host.Running, System.Numerics.BitOperations.PopCount((uint)draining));
    }

    private void StartDaemon(byte index)
    {
        var host = Host(index);
        if (host.State is not null || !host.On)
        {
            return;
        }

        Say(index, "daemon starts");
        host.State = HaState.Initial(Site.Local[index]);
        host.Frozen = false;
        var nonce = ((ulong)(host.File.Incarnation + 1) << 1) | index;
        var origin = host.StateLost ? DurableOrigin.Lost : DurableOrigin.Intact;
        if (host.StateLost)
        {
            // As the daemon seeds it: from the wall clock, above every number of a life before.
            (host.File, host.StateLost) = (new DurableState { Incarnation = host.File.Incarnation + 1000 }, false);
        }

        Turn(index, new Observation.Started(host.File, origin, nonce, host.LeaseFile, Watchdog with { Running = host.WatchdogAt != SmallHost.Never, SaysRunning = host.WatchdogAt != SmallHost.Never }));
    }

    private void Post(byte index, Observation observation)
    {
        var host = Host(index);
        if (!host.On || host.State is null)
        {
            return;
        }

        if (host.Frozen)
        {
            if (host.Waiting.Length < 64)
            {
                host.Waiting = [.. host.Waiting, observation];
            }

            return;
        }

        Turn(index, observation);
    }

    /// <summary>One turn of the shipped decision code, and its orders.</summary>
    private void Turn(byte index, params ReadOnlySpan<Observation> observations)
    {
        var host = Host(index);
        var before = host.State!;
        var turn = HaMachine.Step(Site.Local[index], before, observations, new Instant(Now));
        host.State = turn.State;
        host.Wake = turn.NextWake.Ticks;
        if (before.Status != turn.State.Status)
        {
            StatusChanged(index, before.Status, turn.State);
        }

        var life = host.Life;
        foreach (var command in turn.Commands)
        {
            if (life == host.Life)
            {
                Execute(index, host, command);
            }
        }
    }

    private void Say(byte index, string text) => OnLine?.Invoke(Now, index == 0 ? "a" : "b", text);
}
