using System.Net;
using System.Net.Sockets;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// A TCP connection to the peer, closed at once. Accepted or refused (RFC 9293, section 3.10.7.1), the peer's kernel has
/// answered. Nothing is known from an error that this host's kernel may have made itself.
/// </summary>
internal sealed class TcpKnock : IDisposable
{
    /// <summary>
    /// The port of ssh, which answers or refuses on every host. Not XAPI's: a takeover makes this host refuse it on the dead
    /// peer's behalf, which would pass for life.
    /// </summary>
    internal const int Port = 22;

    /// <summary>Past the kernel's first repetition of a lost SYN, after 1 s (RFC 6298).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1.5);

    private readonly Target[] _targets;
    private readonly IMonotonicClock _clock;
    private readonly Counters _counters;
    private readonly Action<string, Instant> _alive;
    private readonly TaskScheduler _scheduler;
    private readonly CancellationTokenSource _stop = new();

    public TcpKnock(IEnumerable<PeerAddress> peers, IMonotonicClock clock, Counters counters, Action<string, Instant> alive,
        int port = Port, TaskScheduler? scheduler = null)
    {
        _scheduler = scheduler ?? TaskScheduler.Default;
        _targets = [.. peers.Select(peer => new Target(new IPEndPoint(peer.Address, port), $"tcp port {port} on {peer.Name}"))];
        (_clock, _counters, _alive) = (clock, counters, alive);
    }

    /// <summary>Starts a knock at every address that has none under way; nothing of it is done on the loop's thread.</summary>
    public void Probe()
    {
        foreach (var target in _targets)
        {
            if (!_stop.IsCancellationRequested && Interlocked.CompareExchange(ref target.Busy, 1, 0) == 0)
            {
                _ = Task.Factory.StartNew(
                    () => KnockAsync(target), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _scheduler);
            }
        }
    }

    public void Dispose() => _stop.Cancel();

    private async Task KnockAsync(Target target)
    {
        var sent = _clock.Now;
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        bound.CancelAfter(Patience);
        try
        {
            using var socket = new Socket(target.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                LingerState = new LingerOption(enable: true, seconds: 0),
            };
            await socket.ConnectAsync(target.Address, bound.Token).ConfigureAwait(false);
            _alive(target.Kind, sent);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            _alive(target.Kind, sent);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            _counters.Add("tcp.no_answer");
        }
        finally
        {
            Volatile.Write(ref target.Busy, 0);
        }
    }

    private sealed class Target(IPEndPoint address, string kind)
    {
        public int Busy;

        public IPEndPoint Address => address;

        public string Kind => kind;
    }
}
