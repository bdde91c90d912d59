using System.Runtime.ExceptionServices;

namespace TwoNodeHa.Sim.Lab.Cables;

/// <summary>
/// A network namespace without a name: it lives as long as a descriptor or a process holds it, so nothing of it outlives the
/// lab, however that ends. A namespace belongs to a thread, and a socket keeps the one it was made in.
/// </summary>
internal sealed class NetSpace : IDisposable
{
    private int _descriptor;

    /// <summary>Makes one, with the loopback device up.</summary>
    public NetSpace()
    {
        _descriptor = OnThread(() =>
        {
            Kernel.Leave(Kernel.NewNet);
            NetDevices.Up("lo");
            return Kernel.OpenForReading("/proc/thread-self/ns/net");
        });
        Id = new FileInfo(Path).LinkTarget ?? throw new InvalidOperationException($"{Path} is no link");
    }

    /// <summary>As <c>/proc/PID/ns/net</c> of the processes in it says: <c>net:[INODE]</c>.</summary>
    public string Id { get; }

    /// <summary>Where another process finds it, as long as this one holds it.</summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_descriptor}";

    /// <summary>Runs something on a thread inside; sockets, threads and processes that it makes stay there.</summary>
    public T Run<T>(Func<T> work) => OnThread(() =>
    {
        Enter();
        return work();
    });

    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <summary>The calling thread stays inside; for threads of one's own only.</summary>
    public void Enter() => Kernel.EnterNetwork(_descriptor);

    public void Dispose()
    {
        int descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
        {
            _ = Kernel.Close(descriptor);
        }
    }

    private static T OnThread<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
