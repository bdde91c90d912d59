using System.Runtime.InteropServices;

namespace TwoNodeHa.Daemon.Disk;

/// <summary>
/// A file or block device read and written past the page cache (O_DIRECT, and O_DSYNC for writes) in blocks of 4096 bytes
/// through an aligned buffer. Where the file system refuses O_DIRECT (tmpfs), O_DSYNC alone is used, and the cache is
/// dropped before a read. Every call here may hang for as long as the storage does: only threads that nobody waits for
/// come here.
/// </summary>
internal sealed unsafe partial class DirectFile : IDisposable
{
    /// <summary>Size and alignment of all transfers, bytes.</summary>
    public const int BlockBytes = 4096;

    // open(2) on x86-64, the only architecture of dom0.
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int Dsync = 0x1000;
    private const int Direct = 0x4000;
    private const int CloseOnExec = 0x80000;
    private const int InvalidArgument = 22;
    private const int DontNeed = 4;

    private readonly string _path;
    private readonly int _flags;
    private readonly void* _buffer;
    private int _descriptor = -1;

    private DirectFile(string path, int flags)
    {
        (_path, _flags) = (path, flags);
        _buffer = NativeMemory.AlignedAlloc(BlockBytes, BlockBytes);
        IsDirect = true;
    }

    /// <summary>The file system took O_DIRECT.</summary>
    public bool IsDirect { get; private set; }

    /// <summary>The block that is read and written.</summary>
    public Span<byte> Block => new(_buffer, BlockBytes);

    /// <summary>Opens an existing file or device; never creates one.</summary>
    /// <exception cref="IOException">Not opened, with the reason in words.</exception>
    public static DirectFile Open(string path, bool forWriting)
    {
        var file = new DirectFile(path, CloseOnExec | (forWriting ? WriteOnly | Dsync : ReadOnly));
        try
        {
            file.Reopen();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads one block into <see cref="Block"/>.</summary>
    /// <returns>Bytes read: fewer than a block at the end of the file.</returns>
    public int Read(long offset)
    {
        if (!IsDirect)
        {
            // Otherwise this host's own memory would answer for the storage.
            _ = Advise(_descriptor, offset, BlockBytes, DontNeed);
        }

        var count = ReadAt(_descriptor, _buffer, BlockBytes, offset);
        if (count < 0 && Refused())
        {
            return Read(offset);
        }

        return count >= 0 ? (int)count : throw Failed("read");
    }

    /// <summary>Writes <see cref="Block"/>; it is on the storage when this returns.</summary>
    public void Write(long offset)
    {
        var count = WriteAt(_descriptor, _buffer, BlockBytes, offset);
        if (count < 0 && Refused())
        {
            Write(offset);
            return;
        }

        if (count != BlockBytes)
        {
            throw count < 0 ? Failed("write") : new IOException($"write: only {count} of {BlockBytes} bytes were taken");
        }
    }

    public void Dispose()
    {
        Close();
        NativeMemory.AlignedFree(_buffer);
    }

    private static IOException Failed(string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }

    private void Reopen()
    {
        Close();
        _descriptor = OpenFile(_path, _flags | (IsDirect ? Direct : 0));
        if (_descriptor < 0 && IsDirect && Marshal.GetLastPInvokeError() == InvalidArgument)
        {
            IsDirect = false;
            _descriptor = OpenFile(_path, _flags);
        }

        if (_descriptor < 0)
        {
            throw Failed("open");
        }
    }

    /// <summary>Some file systems take O_DIRECT at open(2) and refuse it at the transfer.</summary>
    private bool Refused()
    {
        if (!IsDirect || Marshal.GetLastPInvokeError() != InvalidArgument)
        {
            return false;
        }

        IsDirect = false;
        Reopen();
        return true;
    }

    private void Close()
    {
        if (_descriptor >= 0)
        {
            _ = CloseFile(_descriptor);
            _descriptor = -1;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAt(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteAt(int descriptor, void* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int descriptor, long offset, long length, int advice);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
