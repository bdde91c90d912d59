using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// The few system calls .NET does not offer: a free choice of argv[0], waiting for any child (the node may be PID 1),
/// and an exit that runs nothing. The Process class is not used at all, so that nobody else reaps our children.
/// </summary>
internal static unsafe partial class Native
{
    public const int SigKill = 9;
    public const int SigTerm = 15;
    public const int SigCont = 18;
    public const int SigStop = 19;

    private const int OpenReadOnly = 0;
    private const int OpenWriteOnly = 1;
    private const int OpenCreateAppend = 0x40 | 0x400;
    private const short SpawnSetProcessGroup = 0x02;
    private const short SpawnSetSignalDefault = 0x04;
    private const short SpawnSetSignalMask = 0x08;

    /// <summary>Larger than any C library's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t.</summary>
    private const int OpaqueSize = 512;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int code);

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFifo(string path, uint mode);

    /// <summary>Fails if the new name exists, atomically: how a lock file is taken.</summary>
    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string created);

    /// <summary>Blocks until the child has ended. Returns its exit code, or 128 + signal.</summary>
    public static int Wait(int pid)
    {
        int status;
        while (WaitPid(pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == 4)
        {
            // EINTR: go on waiting.
        }

        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    /// <summary>Removes a zombie that was handed to this process as PID 1.</summary>
    public static void Reap(int pid)
    {
        int status;
        _ = WaitPid(pid, &status, 1);
    }

    /// <summary>Starts a program in its own process group, stdin from /dev/null, output appended to a file.</summary>
    public static int Spawn(string path, IReadOnlyList<string> argv, IReadOnlyList<string> environment, string output)
    {
        byte* actions = stackalloc byte[OpaqueSize];
        byte* attributes = stackalloc byte[OpaqueSize];
        byte* signals = stackalloc byte[OpaqueSize];
        FileActionsInit(actions);
        FileActionsAddOpen(actions, 0, "/dev/null", OpenReadOnly, 0);
        FileActionsAddOpen(actions, 1, output, OpenWriteOnly | OpenCreateAppend, 0x1a4);
        FileActionsAddDup2(actions, 1, 2);
        AttributesInit(attributes);
        SignalsFill(signals);
        AttributesSetSignalDefault(attributes, signals);
        SignalsEmpty(signals);
        AttributesSetSignalMask(attributes, signals);
        AttributesSetFlags(attributes, SpawnSetProcessGroup | SpawnSetSignalDefault | SpawnSetSignalMask);
        using var arguments = new StringVector(argv);
        using var variables = new StringVector(environment);
        int pid;
        int error = PosixSpawn(&pid, path, actions, attributes, arguments.Pointer, variables.Pointer);
        FileActionsDestroy(actions);
        AttributesDestroy(attributes);
        return error == 0 ? pid : throw new IOException($"cannot start {path}: errno {error}");
    }

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(
        int* pid, string path, byte* actions, byte* attributes, byte** argv, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileActionsAddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int FileActionsAddDup2(byte* actions, int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttributesSetSignalDefault(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int AttributesSetSignalMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SignalsFill(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int SignalsEmpty(byte* signals);

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class StringVector : IDisposable
    {
        private readonly IntPtr[] _strings;

        public StringVector(IReadOnlyList<string> items)
        {
            _strings = [.. items.Select(Marshal.StringToCoTaskMemUTF8)];
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)(items.Count + 1), (nuint)sizeof(byte*));
            for (int i = 0; i < _strings.Length; i++)
            {
                Pointer[i] = (byte*)_strings[i];
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            NativeMemory.Free(Pointer);
            foreach (IntPtr text in _strings)
            {
                Marshal.FreeCoTaskMem(text);
            }
        }
    }
}
