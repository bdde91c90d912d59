using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TwoNodeHa.Agent;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Telemetry;

namespace TwoNodeHa.Daemon.Probes;

/// <summary>
/// Asks for the peer's hardware address on every network that this host shares with it, on a packet socket (packet(7)), which
/// root may open. A kernel answers ARP whatever its firewall drops. A peer behind a router, or on IPv6, is not asked.
/// </summary>
internal sealed class ArpSocket : IDisposable
{
    /// <summary>An answer that comes later than this after the question belongs to none.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Interfaces come and go: a bridge that is made anew, an address that is moved.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan StopCheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly PeerAddress[] _peers;
    private readonly IMonotonicClock _clock;
    private readonly Counters _counters;
    private readonly RateLimitedLog _log;
    private readonly Action<string, Instant> _alive;
    private readonly CancellationTokenSource _stop = new();
    private volatile Question[] _questions = [];
    private Socket? _socket;
    private Thread? _receiver;

    public ArpSocket(IEnumerable<PeerAddress> peers, IMonotonicClock clock, Counters counters, RateLimitedLog log,
        Action<string, Instant> alive)
    {
        _peers = [.. peers.Where(peer => peer.Address.AddressFamily == AddressFamily.InterNetwork)];
        (_clock, _counters, _log, _alive) = (clock, counters, log, alive);
    }

    public void Start()
    {
        try
        {
            var protocol = (ProtocolType)BinaryPrimitives.ReverseEndianness(ArpMessage.EtherType);
            _socket = new Socket(AddressFamily.Packet, SocketType.Dgram, protocol) { Blocking = false };
            _receiver = new Thread(() => Receive(_socket), maxStackSize: 256 * 1024) { IsBackground = true, Name = "ha-arp" };
            _receiver.Start();
        }
        catch (SocketException error)
        {
            _log.Warn("arp socket", $"{error.SocketErrorCode}; the daemon must run as root");
        }
    }

    /// <summary>Sends one question on every shared network; called on the loop's thread only.</summary>
    public void Probe()
    {
        foreach (var question in _questions)
        {
            try
            {
                question.SentAt = _clock.Now;
                _socket?.SendTo(question.Message, SocketFlags.None, question.Broadcast);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // Interface down or gone: the silence that follows says the same.
                _counters.Add("arp.send_failed");
            }
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _receiver?.Join(2 * StopCheckInterval);
        _socket?.Dispose();
    }

    private void Receive(Socket socket)
    {
        var buffer = new byte[256];
        Instant? looked = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (looked is not { } last || _clock.Now - last > LookAgain)
                {
                    Look();
                    looked = _clock.Now;
                }

                if (socket.Poll(StopCheckInterval, SelectMode.SelectRead))
                {
                    Take(buffer.AsSpan(0, socket.Receive(buffer)));
                }
            }
            catch (Exception error) when (error is SocketException or NetworkInformationException)
            {
                _counters.Add("arp.receive_failed");
                _stop.Token.WaitHandle.WaitOne(50);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        if (!ArpMessage.TryReadReply(message, out var sender, out var hardware))
        {
            return;
        }

        foreach (var question in _questions)
        {
            if (question.SentAt is { } sent && Answers(question.Peer, sent, sender, _clock.Now))
            {
                // With the hardware address: the admin sees when it is a router that answers for the peer.
                _alive($"arp on {question.Peer.Name}, {Colons(hardware)}", sent);
            }
        }
    }

    /// <summary>It is the peer that answers, and it was asked a moment ago: gratuitous and late ones say nothing.</summary>
    internal static bool Answers(PeerAddress peer, Instant sent, IPAddress sender, Instant now) => peer.Address.Equals(sender) && now - sent <= Patience;

    private void Look()
    {
        var old = _questions;
        List<Question> found = [];
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            var hardware = card.GetPhysicalAddress();
            if (hardware.GetAddressBytes().Length != 6 || card.NetworkInterfaceType == NetworkInterfaceType.Loopback)
            {
                continue;
            }

            var addresses = card.GetIPProperties();
            foreach (var own in addresses.UnicastAddresses.Where(own => own.Address.AddressFamily == AddressFamily.InterNetwork))
            {
                var network = new IPNetwork(Masked(own.Address, own.PrefixLength), own.PrefixLength);
                found.AddRange(_peers.Where(peer => network.Contains(peer.Address)).Select(peer => new Question(
                    peer,
                    ArpMessage.Ask(hardware, own.Address, peer.Address),
                    Broadcast(addresses.GetIPv4Properties().Index))
                {
                    SentAt = Array.Find(old, question => question.Peer == peer)?.SentAt,
                }));
            }
        }

        _questions = [.. found];
    }

    private static IPAddress Masked(IPAddress address, int prefix)
    {
        var bits = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        var mask = prefix == 0 ? 0 : uint.MaxValue << (32 - prefix);
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, bits & mask);
        return new IPAddress(bytes);
    }

    /// <summary>struct sockaddr_ll of packet(7): protocol in network order, interface, and the address of all.</summary>
    private static SocketAddress Broadcast(int card)
    {
        var address = new SocketAddress(AddressFamily.Packet, 20);
        var bytes = address.Buffer.Span;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], ArpMessage.EtherType);
        BitConverter.TryWriteBytes(bytes[4..], card);
        bytes[11] = 6;
        bytes.Slice(12, 6).Fill(0xFF);
        return address;
    }

    private static string Colons(PhysicalAddress hardware) =>
        string.Join(':', hardware.GetAddressBytes().Select(part => part.ToString("x2", System.Globalization.CultureInfo.InvariantCulture)));

    private sealed class Question(PeerAddress peer, byte[] message, SocketAddress broadcast)
    {
        private long _sentAt = long.MinValue;

        public PeerAddress Peer => peer;

        public byte[] Message => message;

        public SocketAddress Broadcast => broadcast;

        public Instant? SentAt
        {
            get => Volatile.Read(ref _sentAt) is var at and not long.MinValue ? new Instant(at) : null;
            set => Volatile.Write(ref _sentAt, value?.Ticks ?? long.MinValue);
        }
    }
}
