using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <content>Processes in a pid namespace of their own: posix_spawn(3), waitid(2).</content>
internal static unsafe partial class Kernel
{
    /// <summary>Larger than posix_spawnattr_t, posix_spawn_file_actions_t, sigset_t and siginfo_t of every C library.</summary>
    private const int Room = 512;

    private const short DefaultSignals = 0x04;
    private const short SignalMask = 0x08;
    private const int ByPid = 1;
    private const int Exited = 4;
    private const int LeaveZombie = 0x01000000;
    private const int InterruptedCall = 4;

    /// <summary>What the runtime binds at a first call is bound before a thread may start no thread. For programs that spawn only.</summary>
    public static void RehearseSpawn()
    {
        int home = OpenForReading("/proc/self/ns/pid");
        int pid = Spawn(0, home, ["/bin/true"], 0);
        _ = Close(home);
        if (AwaitEnd(pid))
        {
            _ = Reap(pid);
        }
    }

    /// <summary>
    /// Starts a program in new namespaces, with every signal at its default and <paramref name="input"/> as its standard input. It is
    /// not a child that <see cref="System.Diagnostics.Process"/> knows: <see cref="AwaitEnd"/>, then <see cref="Reap"/>.
    /// </summary>
    /// <param name="kinds">Namespaces that the calling thread leaves for it; its own pid namespace only for its children, and it is back in
    /// <paramref name="home"/> when this returns.</param>
    /// <param name="home">A descriptor of the pid namespace of this process.</param>
    /// <param name="command">Path and arguments.</param>
    /// <param name="input">Descriptor of its standard input.</param>
    /// <returns>Its process id.</returns>
    public static int Spawn(int kinds, int home, string[] command, int input)
    {
        byte* actions = stackalloc byte[Room];
        byte* attributes = stackalloc byte[Room];
        byte* signals = stackalloc byte[Room];
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}");
        byte** arguments = Texts(command);
        byte** variables = Texts([.. environment]);
        try
        {
            _ = InitActions(actions);
            _ = AddDuplicate(actions, input, 0);
            _ = InitAttributes(attributes);
            _ = SetFlags(attributes, DefaultSignals | SignalMask);
            new Span<byte>(signals, Room).Clear();
            _ = SetMask(attributes, signals);
            new Span<byte>(signals, Room).Fill(0xff);
            _ = SetDefaults(attributes, signals);
            int pid;
            int error = SpawnApart(kinds, home, &pid, arguments, actions, attributes, variables);
            return error == 0 ? pid : throw new System.ComponentModel.Win32Exception(error, $"start {command[0]} in namespaces of its own: {Marshal.GetPInvokeErrorMessage(error)}");
        }
        finally
        {
            _ = DestroyActions(actions);
            _ = DestroyAttributes(attributes);
            Free(arguments);
            Free(variables);
        }
    }

    /// <summary>Waits until a child has ended; it stays a zombie, so that its process id is nobody else's.</summary>
    public static bool AwaitEnd(int pid)
    {
        byte* info = stackalloc byte[Room];
        int result;
        do
        {
            result = WaitForId(ByPid, pid, info, Exited | LeaveZombie);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
        return result == 0;
    }

    /// <summary>Exit code of a child that has ended, or 128 and the signal that ended it.</summary>
    public static int Reap(int pid)
    {
        int status = 0;
        Check(WaitForPid(pid, &status, 0), "waitpid");
        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    public static void Signal(int pid, int signal) => Check(SendSignal(pid, signal), "kill");

    /// <summary>A pipe whose ends no child inherits.</summary>
    public static (int Read, int Write) Pipe()
    {
        int* ends = stackalloc int[2];
        Check(MakePipe(ends, CloseOnExec), "pipe2");
        return (ends[0], ends[1]);
    }

    /// <summary>
    /// Between leaving its pid namespace and being back, a thread can start no thread: clone(2) fails, and the runtime, which starts
    /// one whenever a method is worth a better compilation, ends the program. So nothing is compiled, counted or allocated here.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static int SpawnApart(int kinds, int home, int* pid, byte** arguments, void* actions, void* attributes, byte** variables)
    {
        int error;
        if (LeaveNow(kinds) < 0)
        {
            error = Marshal.GetLastSystemError();
        }
        else
        {
            error = PosixSpawn(pid, arguments[0], actions, attributes, arguments, variables);
        }

        return EnterNow(home, NewPid) < 0 && error == 0 ? Marshal.GetLastSystemError() : error;
    }

    private static byte** Texts(string[] texts)
    {
        byte** result = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Length + 1), (nuint)sizeof(byte*));
        for (int index = 0; index < texts.Length; index++)
        {
            result[index] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[index]);
        }

        return result;
    }

    private static void Free(byte** texts)
    {
        for (byte** text = texts; *text is not null; text++)
        {
            Marshal.FreeCoTaskMem((nint)(*text));
        }

        NativeMemory.Free(texts);
    }

    [LibraryImport("libc", EntryPoint = "unshare")]
    private static partial int LeaveNow(int kinds);

    [LibraryImport("libc", EntryPoint = "setns")]
    private static partial int EnterNow(int descriptor, int kind);

    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    private static partial int PosixSpawn(int* pid, byte* path, void* actions, void* attributes, byte** arguments, byte** variables);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int InitActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int AddDuplicate(void* actions, int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int DestroyActions(void* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int InitAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SetFlags(void* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SetMask(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SetDefaults(void* attributes, void* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int DestroyAttributes(void* attributes);

    [LibraryImport("libc", EntryPoint = "waitid", SetLastError = true)]
    private static partial int WaitForId(int kind, int id, void* info, int options);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitForPid(int pid, int* status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int MakePipe(int* ends, int flags);
}
