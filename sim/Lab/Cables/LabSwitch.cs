using System.Diagnostics;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>
/// All wires of a lab in one thread: it reads what the cards send, and hands it to whom it is for, or not, or later, or twice.
/// What changes it from outside takes its lock, so a cut is complete when the call returns.
/// </summary>
internal sealed unsafe class LabSwitch : IDisposable
{
    private const int FramesInARow = 64;
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly List<Impairment> _impairments = [];
    private readonly PriorityQueue<(Leg To, byte[] Frame), (TimeSpan At, long Order)> _late = new();
    private readonly Dictionary<(Leg, Leg), TimeSpan> _lastDue = [];
    private readonly Dictionary<Router, TimeSpan> _elections = [];
    private readonly List<Card> _cards = [];
    private readonly Random _random;
    private readonly int _wake = Kernel.EventDescriptor(0, 0x80800); // EFD_CLOEXEC, EFD_NONBLOCK
    private readonly Thread _thread;
    private long _order;
    private volatile bool _stop;

    public LabSwitch(int seed)
    {
        _random = new Random(seed);
        _thread = new Thread(Run) { IsBackground = true, Name = "switch", Priority = ThreadPriority.Highest };
        _thread.Start();
    }

    /// <summary>From carrier to forwarding, where spanning tree runs on the ports; 30 s with its default timers.</summary>
    public TimeSpan SpanningTree { get; set; }

    /// <summary>From the loss of a bond's active cable to the use of the other.</summary>
    public TimeSpan BondFailover { get; set; } = TimeSpan.FromSeconds(1);

    private TimeSpan Now => Stopwatch.GetElapsedTime(_began);

    /// <summary>Changes something; carriers follow.</summary>
    public void Change(Action change)
    {
        lock (_gate)
        {
            change();
            foreach (Card card in _cards)
            {
                card.Tap?.Carrier(card.HasCarrier);
            }
        }

        Wake();
    }

    public T Look<T>(Func<T> look)
    {
        lock (_gate)
        {
            return look();
        }
    }

    public void Plug(Station station, string cable, Wire wire, int side = 0) => Change(() =>
    {
        var leg = new Leg(station, cable, wire, side);
        station.Legs.Add(leg);
        wire.Legs.Add(leg);
        if (station is Card card && !_cards.Contains(card))
        {
            _cards.Add(card);
        }
    });

    /// <summary>A port comes up: spanning tree begins.</summary>
    public void LinkUp(Leg leg) => leg.ClosedUntil = Now + SpanningTree;

    /// <summary>What was learned on a port is forgotten when it goes down.</summary>
    public static void Forget(Leg leg) => Forget(leg.Wire, (_, at) => at == leg);

    /// <summary>The same for the ports of a trunk.</summary>
    public static void ForgetTrunk(Wire wire) => Forget(wire, (side, at) => at.Side != side);

    /// <summary>A switch believes that a station is behind another port, and learns nothing else for a while.</summary>
    public void Mislearn(Station station, Leg wrong, TimeSpan hold) => Change(() =>
    {
        ulong address = Frame.Number(station.Hardware);
        wrong.Wire.Table[(0, address)] = wrong;
        wrong.Wire.Table[(1, address)] = wrong;
        wrong.Wire.Frozen[address] = Now + hold;
    });

    public void Impair(Impairment impairment) => Change(() => _impairments.Add(impairment));

    public void Unimpair(Predicate<Impairment> which) => Change(() => _impairments.RemoveAll(which));

    public string[] Impairments() => Look<string[]>(() => [.. _impairments.Select(one => one.ToString())]);

    /// <summary>A frame that a station sends by itself.</summary>
    public void Send(Leg from, byte[] frame)
    {
        lock (_gate)
        {
            Forward(from, frame);
        }
    }

    /// <summary>A backup hears its master no more, and is master after a while.</summary>
    public void Elect(Router router) => _elections.TryAdd(router, Now + Router.MasterDown);

    /// <summary>It hears the master again, and is silent.</summary>
    public void Stand(Router router)
    {
        _elections.Remove(router);
        router.Powered = false;
    }

    public void Dispose()
    {
        _stop = true;
        Wake();
        _thread.Join();
        _ = Kernel.Close(_wake);
    }

    private static void Forget(Wire wire, Func<int, Leg, bool> which)
    {
        foreach (var key in wire.Table.Where(entry => which(entry.Key.Side, entry.Value)).Select(entry => entry.Key).ToArray())
        {
            wire.Table.Remove(key);
        }
    }

    private void Wake()
    {
        ulong one = 1;
        _ = Kernel.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        var buffer = new byte[Frame.MaxBytes];
        while (!_stop)
        {
            (Card[] cards, TimeSpan wait) = Look(() => (_cards.Where(card => card.Tap is not null).ToArray(), NextLook()));
            Wait(cards, wait);
            foreach (Card card in cards)
            {
                ReadAll(card, buffer);
            }

            Turn();
        }
    }

    private void Wait(Card[] cards, TimeSpan wait)
    {
        var entries = stackalloc Kernel.PollEntry[cards.Length + 1];
        entries[0] = new Kernel.PollEntry { Descriptor = _wake, Wanted = Kernel.PollIn };
        for (int index = 0; index < cards.Length; index++)
        {
            entries[index + 1] = new Kernel.PollEntry { Descriptor = cards[index].Tap?.Descriptor ?? -1, Wanted = Kernel.PollIn };
        }

        _ = Kernel.Poll(entries, (nuint)cards.Length + 1, (int)Math.Ceiling(Math.Max(0, wait.TotalMilliseconds)));
        ulong woken;
        _ = Kernel.Read(_wake, (byte*)&woken, sizeof(ulong));
    }

    private TimeSpan NextLook()
    {
        bool changing = _elections.Count > 0 || _cards.Exists(card => card.Legs.Count > 1);
        TimeSpan wait = changing ? Glance : Idle;
        return _late.TryPeek(out _, out var due) && due.At - Now < wait ? due.At - Now : wait;
    }

    private void ReadAll(Card card, byte[] buffer)
    {
        for (int count = 0; count < FramesInARow; count++)
        {
            lock (_gate)
            {
                int length = card.Tap?.Receive(buffer) ?? 0;
                if (length < Frame.HeaderBytes)
                {
                    return;
                }

                if (card.Powered)
                {
                    Forward(card.ActiveLeg, buffer.AsSpan(0, length));
                }
            }
        }
    }

    /// <summary>What is due: late frames, bonds, routers.</summary>
    private void Turn()
    {
        lock (_gate)
        {
            while (_late.TryPeek(out var late, out var due) && due.At <= Now)
            {
                _late.Dequeue();
                Hand(late.To, late.Frame);
            }

            foreach (Card card in _cards)
            {
                Bond(card);
            }

            foreach (Router router in _elections.Where(entry => entry.Value <= Now).Select(entry => entry.Key).ToArray())
            {
                _elections.Remove(router);
                router.Powered = true;
                router.Announce();
            }
        }
    }

    private void Bond(Card card)
    {
        if (!card.Powered || card.Legs.Count < 2 || card.ActiveLeg is { Plugged: true, Dead: false })
        {
            card.FailoverAt = null;
            return;
        }

        card.FailoverAt ??= Now + BondFailover;
        int other = card.Legs.FindIndex(leg => leg is { Plugged: true, Dead: false });
        if (card.FailoverAt <= Now && other >= 0)
        {
            (card.Active, card.FailoverAt) = (other, null);
            Forward(card.ActiveLeg, Frame.ArpMessage(1, card.Hardware, card.Address, Frame.Broadcast, card.Address));
        }
    }

    private void Forward(Leg from, ReadOnlySpan<byte> frame)
    {
        if (!from.Forwards(Now))
        {
            return;
        }

        Wire wire = from.Wire;
        Learn(from, Frame.Source(frame));
        if (!Frame.IsGroup(frame) && wire.Table.TryGetValue((from.Side, Frame.Target(frame)), out Leg? known))
        {
            if (known != from)
            {
                Pass(from, known, frame);
            }

            return;
        }

        foreach (Leg leg in wire.Legs)
        {
            if (leg != from)
            {
                Pass(from, leg, frame);
            }
        }
    }

    private void Learn(Leg from, ulong source)
    {
        if (from.Wire.Frozen.TryGetValue(source, out TimeSpan until) && Now < until)
        {
            return;
        }

        from.Wire.Frozen.Remove(source);
        from.Wire.Table[(from.Side, source)] = from;
        if (from.Wire.Trunk)
        {
            from.Wire.Table[(1 - from.Side, source)] = from;
        }
    }

    private void Pass(Leg from, Leg to, ReadOnlySpan<byte> frame)
    {
        if (from.Side != to.Side && !from.Wire.Trunk)
        {
            return;
        }

        (TimeSpan delay, TimeSpan jitter, double duplicate, double reorder) = (TimeSpan.Zero, TimeSpan.Zero, 0, 0);
        foreach (Impairment one in _impairments)
        {
            if (!one.Concerns(from.Wire.Name, from.Owner.Name, to.Owner.Name, frame))
            {
                continue;
            }

            if (one.Reject)
            {
                Refuse(from, frame);
                return;
            }

            if (one.Loss > 0 && _random.NextDouble() < one.Loss)
            {
                return;
            }

            (delay, jitter) = (delay + one.Delay, jitter + one.Jitter);
            (duplicate, reorder) = (Math.Max(duplicate, one.Duplicate), Math.Max(reorder, one.Reorder));
        }

        int copies = duplicate > 0 && _random.NextDouble() < duplicate ? 2 : 1;
        for (int copy = 0; copy < copies; copy++)
        {
            bool overtaken = reorder > 0 && _random.NextDouble() < reorder;
            Late(from, to, frame, delay + (jitter * ((2 * _random.NextDouble()) - 1)), overtaken);
        }
    }

    private void Late(Leg from, Leg to, ReadOnlySpan<byte> frame, TimeSpan delay, bool overtaken)
    {
        if (!overtaken && delay <= TimeSpan.Zero && !_lastDue.ContainsKey((from, to)))
        {
            Hand(to, frame);
            return;
        }

        TimeSpan due = Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero);
        if (overtaken)
        {
            due += Impairment.Held;
        }
        else
        {
            // A queue of its own per direction: jitter alone changes no order.
            TimeSpan last = _lastDue.GetValueOrDefault((from, to));
            due = due > last ? due : last;
            _lastDue[(from, to)] = due;
            if (delay <= TimeSpan.Zero && last <= Now)
            {
                _lastDue.Remove((from, to));
            }
        }

        _late.Enqueue((to, frame.ToArray()), (due, _order++));
    }

    /// <summary>The port may have gone down while the frame was under way.</summary>
    private void Hand(Leg to, ReadOnlySpan<byte> frame)
    {
        if (to.Forwards(Now))
        {
            to.Owner.Receive(to, frame);
        }
    }

    private static void Refuse(Leg from, ReadOnlySpan<byte> frame)
    {
        if (Frame.IsSyn(frame))
        {
            from.Owner.Receive(from, Frame.ResetTo(frame));
        }
    }
}
