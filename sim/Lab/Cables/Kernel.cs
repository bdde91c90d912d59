using System.ComponentModel;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>The system calls of a lab: namespaces(7), tun(4) as the kernel documents it in tuntap.rst, netdevice(7).</summary>
internal static unsafe partial class Kernel
{
    public const int NewNet = 0x40000000;
    public const int NewPid = 0x20000000;
    public const int NewMount = 0x00020000;

    public const short PollIn = 0x001;
    public const short PollHangUp = 0x010;

    private const int ReadWrite = 2;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const nuint MountBind = 4096;
    private const nuint MountRecursivePrivate = 16384 | (1 << 18);
    private const int SetParentDeathSignal = 1;

    /// <summary>A descriptor that no child inherits.</summary>
    public static int OpenDevice(string path)
    {
        int descriptor = Open(path, ReadWrite | NonBlocking | CloseOnExec);
        return descriptor >= 0 ? descriptor : throw Failure("open " + path);
    }

    public static int OpenForReading(string path)
    {
        int descriptor = Open(path, CloseOnExec);
        return descriptor >= 0 ? descriptor : throw Failure("open " + path);
    }

    /// <summary>The calling thread leaves these namespaces; its children too.</summary>
    public static void Leave(int kinds) => Check(Unshare(kinds), "unshare");

    /// <summary>The calling thread enters a network namespace.</summary>
    public static void EnterNetwork(int descriptor) => Check(SetNamespace(descriptor, NewNet), "setns");

    /// <summary>What is mounted from here on is seen in this mount namespace only.</summary>
    public static void KeepMountsPrivate() => Check(Mount(null, "/", null, MountRecursivePrivate, 0), "mount / private");

    public static void MountProc() => Check(Mount("proc", "/proc", "proc", 0, 0), "mount /proc");

    public static bool TryBind(string from, string over) => Mount(from, over, null, MountBind, 0) == 0;

    /// <summary>This process is killed when the thread that started it ends.</summary>
    public static void DieWithParent(int signal) => Check(ProcessControl(SetParentDeathSignal, (nuint)signal), "prctl");

    /// <summary>True when the other end of a pipe is gone.</summary>
    public static bool HasHungUp(int descriptor)
    {
        var watched = new PollEntry { Descriptor = descriptor };
        return Poll(&watched, 1, 0) > 0 && (watched.Returned & PollHangUp) != 0;
    }

    public static Win32Exception Failure(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        return new Win32Exception(error, $"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    public static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw Failure(what);
        }
    }

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int EventDescriptor(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int kinds);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string? source, string target, string? kind, nuint flags, nint data);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int ProcessControl(int option, nuint argument);

    /// <summary>struct pollfd of poll(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Returned;
    }
}
