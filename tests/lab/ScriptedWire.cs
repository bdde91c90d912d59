using System.Diagnostics;
using System.Net.NetworkInformation;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Lab.Tests;

/// <summary>A host's network card whose wire is the test: it reads each frame and answers what it likes.</summary>
internal sealed class ScriptedWire : IDisposable
{
    public const string Own = "192.0.2.11";
    public const string Peer = "192.0.2.12";
    public const string Stranger = "192.0.2.77";

    private readonly TapDevice _tap;

    public ScriptedWire()
    {
        LabSystem.Require();
        _tap = Space.Run(() =>
        {
            var tap = new TapDevice("eth0");
            NetDevices.Hardware("eth0", LabNetwork.HardwareOf("a"));
            NetDevices.Address("eth0", Own);
            NetDevices.Up("eth0");
            // The kernel need not ask; ARP on this wire is the daemon's.
            NetDevices.Neighbour("eth0", Peer, PeerHardware);
            NetDevices.Neighbour("eth0", Stranger, PeerHardware);
            return tap;
        });
    }

    public static PhysicalAddress PeerHardware { get; } = LabNetwork.HardwareOf("b");

    public NetSpace Space { get; } = new();

    /// <summary>The next frame of a kind that the host sends.</summary>
    public byte[] Next(Predicate<byte[]> kind)
    {
        var waited = Stopwatch.StartNew();
        var buffer = new byte[Frame.MaxBytes];
        while (waited.Elapsed < TimeSpan.FromSeconds(20))
        {
            int length = _tap.Receive(buffer);
            if (length == 0)
            {
                Thread.Sleep(1);
            }
            else if (buffer[..length] is var frame && kind(frame))
            {
                return frame;
            }
        }

        throw new TimeoutException("the host sent nothing of that kind in 20 s");
    }

    public void Send(byte[] frame) => _tap.Send(frame);

    public void Dispose()
    {
        _tap.Dispose();
        Space.Dispose();
    }
}

/// <summary>A clock that stands where it was put.</summary>
internal sealed class StandingClock : IMonotonicClock
{
    private long _ticks = Instant.FromSeconds(1000).Ticks;

    public Instant Now => new(Interlocked.Read(ref _ticks));

    public void Pass(double seconds) => Interlocked.Add(ref _ticks, TimeSpan.FromSeconds(seconds).Ticks);
}

/// <summary>Each task on a thread of its own inside of a network namespace.</summary>
internal sealed class InsideScheduler(NetSpace space) : TaskScheduler
{
    protected override void QueueTask(Task task) => new Thread(() =>
    {
        space.Enter();
        TryExecuteTask(task);
    }) { IsBackground = true }.Start();

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
