using System.Buffers.Binary;
using System.Collections.Immutable;

namespace TwoNodeHa.Core.Model;

/// <summary>
/// Matches domains to VMs while their handles are not the VMs' uuids. In a live migration xenopsd lets the target carry the
/// first 24 characters of the uuid and 000000000001, and the source behind the switch 000000000000; a domain that it
/// destroys is deadbeef-dead-beef-dead-beef0000 and its domid in hex.
/// </summary>
public static class DomainHandle
{
    private const int PrefixBytes = 10;
    private const uint Deadbeef = 0xdeadbeef;

    /// <summary>Puts the VM's uuid and the part in the place of each handle.</summary>
    /// <param name="read">A list as it was read.</param>
    /// <param name="before">The list before, matched: a domain keeps its domid when its handle changes. Null: none.</param>
    /// <param name="known">Tells whether a uuid is that of a VM of the pool.</param>
    /// <param name="vms">Uuids of the VMs of the pool.</param>
    public static HypervisorFacts Match(
        HypervisorFacts read, HypervisorFacts? before, Func<Guid, bool> known, IEnumerable<Guid> vms)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(known);
        if (!read.Guests.Any(guest => IsTemporary(guest, known)))
        {
            return read;
        }

        var all = vms.ToImmutableArray();
        return read with { Guests = [.. read.Guests.Select(guest => IsTemporary(guest, known) ? Resolve(guest, before, all) : guest)] };
    }

    private static bool IsTemporary(DomainFact guest, Func<Guid, bool> known) => PartOf(guest) != DomainPart.Whole && !known(guest.Vm);

    private static DomainFact Resolve(DomainFact guest, HypervisorFacts? before, ImmutableArray<Guid> vms)
    {
        var part = PartOf(guest);
        var vm = before?.Guests.FirstOrDefault(other => other.Domid == guest.Domid)?.Vm
            ?? vms.FirstOrDefault(vm => part != DomainPart.Ending && SamePrefix(vm, guest.Vm), guest.Vm);
        return guest with { Vm = vm, Part = part };
    }

    private static DomainPart PartOf(DomainFact guest)
    {
        Span<byte> bytes = stackalloc byte[16];
        guest.Vm.TryWriteBytes(bytes, bigEndian: true, out _);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes) == Deadbeef && BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) == 0xdeadbeef
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]) == 0xdead && BinaryPrimitives.ReadUInt32BigEndian(bytes[10..]) == 0xbeef0000)
        {
            return DomainPart.Ending;
        }

        return (BinaryPrimitives.ReadUInt32BigEndian(bytes[PrefixBytes..]), BinaryPrimitives.ReadUInt16BigEndian(bytes[14..])) switch
        {
            (0, 1) => DomainPart.Incoming,
            (0, 0) => DomainPart.Outgoing,
            _ => DomainPart.Whole,
        };
    }

    private static bool SamePrefix(Guid left, Guid right)
    {
        Span<byte> one = stackalloc byte[16];
        Span<byte> other = stackalloc byte[16];
        left.TryWriteBytes(one, bigEndian: true, out _);
        right.TryWriteBytes(other, bigEndian: true, out _);
        return one[..PrefixBytes].SequenceEqual(other[..PrefixBytes]);
    }
}
