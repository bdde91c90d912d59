using System.Buffers.Binary;
using System.Collections.Immutable;

namespace TwoNodeHa.Core.Protocol;

/// <content>The fields of the body, big-endian.</content>
public static partial class HeartbeatCodec
{
    private ref struct Writer(Span<byte> buffer)
    {
        private readonly Span<byte> _buffer = buffer;

        public int Length { get; private set; }

        public void Byte(byte value) => _buffer[Length++] = value;

        public void Long(long value)
        {
            BinaryPrimitives.WriteInt64BigEndian(_buffer[Length..], value);
            Length += sizeof(long);
        }

        public void Guid(Guid value)
        {
            value.TryWriteBytes(_buffer[Length..], bigEndian: true, out _);
            Length += 16;
        }
    }

    /// <summary>Reads zeros behind the end and remembers that it did.</summary>
    private ref struct Reader(ReadOnlySpan<byte> body)
    {
        private ReadOnlySpan<byte> _rest = body;

        public bool Failed { get; private set; }

        public byte Byte() => Take(1) is { Length: 1 } bytes ? bytes[0] : (byte)0;

        public long Long() => Take(sizeof(long)) is { Length: sizeof(long) } bytes ? BinaryPrimitives.ReadInt64BigEndian(bytes) : 0;

        public Guid Guid() => Take(16) is { Length: 16 } bytes ? new Guid(bytes, bigEndian: true) : System.Guid.Empty;

        public ImmutableArray<ulong> Ids()
        {
            int count = Byte();
            if (count > Heartbeat.RunningMax)
            {
                Failed = true;
                return [];
            }

            var ids = ImmutableArray.CreateBuilder<ulong>(count);
            for (var i = 0; i < count; i++)
            {
                ids.Add((ulong)Long());
            }

            return ids.MoveToImmutable();
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (_rest.Length < count)
            {
                Failed = true;
                _rest = default;
                return default;
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
