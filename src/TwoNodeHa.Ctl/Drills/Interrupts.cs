using System.Runtime.InteropServices;

namespace TwoNodeHa.Ctl.Drills;

/// <summary>
/// Ctrl-C, a terminal that is gone (a lost ssh) and a polite kill, as a token: whoever has something to restore does that instead of
/// dying in the middle of it.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _signals;

    /// <param name="also">Interrupts too.</param>
    public Interrupts(CancellationToken also)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(also);
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Array.ForEach(_signals, signal => signal.Dispose());
        _source.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _source.Cancel();
    }
}
