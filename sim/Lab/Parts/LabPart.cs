using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>
/// A program of others on a station of its own, in a pid namespace of its own: killed, frozen and thawed from outside. It ends
/// with the lab, however that ends.
/// </summary>
internal sealed class LabPart(NetSpace space, string log, string[] command) : IDisposable
{
    private readonly Lock _lock = new();
    private FirstProcess? _process;

    /// <summary>Starts it where it does not run.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_process is not { HasExited: false })
            {
                _process = FirstProcess.Start(space, log, [LabParts.Require("setpriv"), "--pdeathsig", "KILL", "--", .. command]);
            }
        }
    }

    /// <summary>SIGKILL; returns when it is gone.</summary>
    public void Kill()
    {
        lock (_lock)
        {
            if (_process is { HasExited: false } process)
            {
                process.Kill();
                process.WaitForExit();
            }
        }
    }

    /// <summary>It stands still: its connections stay, and nothing is answered.</summary>
    public void Freeze() => Signal(DaemonProcess.Freeze);

    public void Thaw() => Signal(DaemonProcess.Thaw);

    public void Dispose() => Kill();

    private void Signal(Action<int> send)
    {
        lock (_lock)
        {
            if (_process is { HasExited: false } process)
            {
                send(process.Id);
            }
        }
    }
}
