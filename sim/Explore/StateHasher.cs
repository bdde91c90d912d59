using System.Numerics;

namespace TwoNodeHa.Sim.Explore;

/// <summary>128 bits of a situation.</summary>
internal readonly record struct StateHash(ulong High, ulong Low);

/// <summary>Two independent lanes of multiply-and-fold over 64-bit words.</summary>
internal struct StateHasher
{
    private const ulong FirstFactor = 0x9E37_79B9_7F4A_7C15;
    private const ulong SecondFactor = 0xD6E8_FEB8_6659_FD93;
    private ulong _first;
    private ulong _second;

    public StateHasher()
    {
        _first = 0x243F_6A88_85A3_08D3;
        _second = 0x1319_8A2E_0370_7344;
    }

    public readonly StateHash Result => new(Fold(_first, SecondFactor), Fold(_second, FirstFactor));

    public void Add(ulong value)
    {
        _first = Fold(_first ^ value, FirstFactor) + 0xA409_3822_299F_31D0;
        _second = BitOperations.RotateLeft(Fold(_second + value, SecondFactor), 29) ^ value;
    }

    public void Add(long value) => Add((ulong)value);

    public void Add(bool value) => Add(value ? 1UL : 2UL);

    public void Add(Guid value)
    {
        Span<ulong> words = stackalloc ulong[2];
        value.TryWriteBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(words));
        Add(words[0]);
        Add(words[1]);
    }

    private static ulong Fold(ulong value, ulong factor)
    {
        var high = Math.BigMul(value, factor, out var low);
        return high ^ low;
    }
}
