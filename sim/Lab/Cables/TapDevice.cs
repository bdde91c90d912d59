using System.Text;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>
/// A network card whose other end is this process: what its host sends is read here, what is written here its host receives.
/// It is gone when it is closed, or when this process is.
/// </summary>
internal sealed unsafe class TapDevice : IDisposable
{
    private const nuint SetInterface = 0x400454ca;
    private const nuint SetCarrier = 0x400454e2;
    private const ushort TapWithoutHeader = 0x0002 | 0x1000;

    private readonly Lock _gate = new();
    private int _descriptor;

    /// <summary>Makes a card in the network namespace of the calling thread; it is down.</summary>
    public TapDevice(string name)
    {
        _descriptor = Kernel.OpenDevice("/dev/net/tun");
        Span<byte> request = stackalloc byte[40];
        request.Clear();
        Encoding.ASCII.GetBytes(name, request[..15]);
        BitConverter.TryWriteBytes(request[16..], TapWithoutHeader);
        fixed (byte* pointer = request)
        {
            if (Kernel.Control(_descriptor, SetInterface, pointer) < 0)
            {
                var failure = Kernel.Failure("TUNSETIFF " + name);
                Dispose();
                throw failure;
            }
        }
    }

    /// <summary>For poll(2); negative when it is closed.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Whether its cable carries.</summary>
    public void Carrier(bool on)
    {
        lock (_gate)
        {
            int value = on ? 1 : 0;
            if (_descriptor >= 0)
            {
                Kernel.Check(Kernel.Control(_descriptor, SetCarrier, &value), "TUNSETCARRIER");
            }
        }
    }

    /// <summary>Length of the next frame; 0 when there is none.</summary>
    public int Receive(Span<byte> buffer)
    {
        lock (_gate)
        {
            fixed (byte* pointer = buffer)
            {
                return _descriptor < 0 ? 0 : (int)Math.Max(0, Kernel.Read(_descriptor, pointer, (nuint)buffer.Length));
            }
        }
    }

    /// <summary>A card that is down or has no room loses the frame, as it does on a wire.</summary>
    public void Send(ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            fixed (byte* pointer = frame)
            {
                if (_descriptor >= 0)
                {
                    _ = Kernel.Write(_descriptor, pointer, (nuint)frame.Length);
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_descriptor >= 0)
            {
                _ = Kernel.Close(_descriptor);
                _descriptor = -1;
            }
        }
    }
}
