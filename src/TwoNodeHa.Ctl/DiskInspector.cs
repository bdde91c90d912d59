using System.Buffers.Binary;
using System.Runtime.InteropServices;
using TwoNodeHa.Core.Advice;
using TwoNodeHa.Core.Protocol;

namespace TwoNodeHa.Ctl;

/// <summary>Looks at the path of a disk link without changing anything there.</summary>
internal static partial class DiskInspector
{
    // statx(2): linux/stat.h.
    private const int CurrentDirectory = -100;
    private const uint OwnerMask = 8;
    private const int OwnerAt = 20;
    private const int StatxBytes = 256;

    /// <summary>What is there. A path that hangs (NFS without its server) is left to a thread of its own.</summary>
    /// <param name="path">Path of the link.</param>
    /// <param name="timeout">Longest wait.</param>
    public static DiskFacts Facts(string path, TimeSpan timeout)
    {
        var found = new DiskFacts(path, "");
        var thread = new Thread(() => found = Look(path)) { IsBackground = true };
        thread.Start();
        return thread.Join(timeout)
            ? found
            : new DiskFacts(path, $"does not answer within {timeout.TotalSeconds:0.#} s: the storage hangs");
    }

    private static DiskFacts Look(string path)
    {
        var bytes = new byte[DiskSlot.DiskBytes];
        try
        {
            int count;
            using (var file = File.OpenHandle(path, access: FileAccess.Read, share: FileShare.ReadWrite))
            {
                count = RandomAccess.Read(file, bytes, 0);
            }

            using (File.OpenHandle(path, access: FileAccess.Write, share: FileShare.ReadWrite))
            {
                // Opened and closed: nothing is written, and nothing created.
            }

            return new DiskFacts(path, "")
            {
                Bytes = count,
                IsForeign = count == bytes.Length && (IsForeign(bytes, 0) || IsForeign(bytes, 1)),
                Owner = Owner(path),
                OthersWrite = (File.GetUnixFileMode(path) & UnixFileMode.OtherWrite) != UnixFileMode.None,
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return new DiskFacts(path, failure.Message);
        }
    }

    private static bool IsForeign(byte[] bytes, int host) =>
        DiskSlot.Read(host, bytes.AsSpan((int)DiskSlot.OffsetOf(host), DiskSlot.Bytes), out _, out _) == DiskSlotContent.Foreign;

    private static uint? Owner(string path)
    {
        var buffer = new byte[StatxBytes];
        return Statx(CurrentDirectory, path, 0, OwnerMask, buffer) == 0
            ? BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(OwnerAt))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, byte[] buffer);
}
