using System.Collections.Immutable;

namespace TwoNodeHa.Sim.Lab;

/// <summary>Power, as its button and its lamp know it.</summary>
internal enum Power
{
    Off = 0,

    /// <summary>Firmware and kernel are starting; no process runs yet.</summary>
    Booting,

    On,
}

/// <summary>How an emulated host went down by itself.</summary>
internal enum HostEndKind
{
    /// <summary>It reset itself, or was told to (exit code 77).</summary>
    Reset,

    /// <summary>Its watchdog fired (exit code 78).</summary>
    Watchdog,

    /// <summary>It was shut down in order (exit code 0).</summary>
    ShutDown,

    /// <summary>The emulation itself died: a defect of the lab.</summary>
    Died,
}

/// <summary>One such end.</summary>
internal sealed record HostEnd(DateTimeOffset At, string Host, HostEndKind Kind, int ExitCode);

/// <summary>
/// The chassis of one emulated host: it has no idea what runs inside. Process 1 of the host gets a pid namespace of its
/// own, so power loss is one SIGKILL and takes every process of the host with it, as power loss does.
/// </summary>
internal sealed class EmulatedHost(string name, LabNetwork network, TimeSpan bootTime, string log, Func<string[]> command)
    : IDisposable
{
    private const int ExitReset = 77;
    private const int ExitWatchdog = 78;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<HostEnd> _ends = [];
    private CancellationTokenSource _power = new();
    private FirstProcess? _first;

    public string Name { get; } = name;

    public Power Power { get; private set; }

    /// <summary>Told when power comes and goes; when it is gone, so is every process of the host.</summary>
    public Action<bool>? Lamp { get; set; }

    /// <summary>Starts of process 1 so far.</summary>
    public int Boots { get; private set; }

    /// <summary>What the host did to itself, oldest first.</summary>
    public ImmutableArray<HostEnd> Ends
    {
        get
        {
            lock (_lock)
            {
                return [.. _ends];
            }
        }
    }

    /// <summary>Presses the button; process 1 starts after the boot time. <paramref name="warm"/>: it runs at once.</summary>
    public void PowerOn(bool warm = false)
    {
        CancellationToken power;
        lock (_lock)
        {
            if (Power != Power.Off)
            {
                return;
            }

            Power = Power.Booting;
            _power = new CancellationTokenSource();
            power = _power.Token;
            Lamp?.Invoke(true);
        }

        _ = LiveAsync(warm ? TimeSpan.Zero : bootTime, power);
    }

    /// <summary>Pulls the power cord: nothing inside gets to know, and the dying kernel says goodbye to nobody.</summary>
    public void PowerOff()
    {
        lock (_lock)
        {
            Power = Power.Off;
            _power.Cancel();
            network.Silence(Name);
            Kill();
            _first?.WaitForExit(EndLimit);
            network.Power(Name, on: false);
            Lamp?.Invoke(false);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Power = Power.Off;
            _power.Cancel();
            Kill();
        }

        _first?.WaitForExit(EndLimit);
    }

    /// <summary>Boots, waits for the end of process 1, and boots again as long as it asks for that.</summary>
    private async Task LiveAsync(TimeSpan boot, CancellationToken power)
    {
        while (!power.IsCancellationRequested)
        {
            await Task.Delay(boot, power).ContinueWith(_ => { }, TaskScheduler.Default);
            if (StartFirst(power) is not { } first)
            {
                return;
            }

            await first.WaitForExitAsync();
            if (!Ended(first.ExitCode, power))
            {
                return;
            }

            boot = bootTime;
        }
    }

    private FirstProcess? StartFirst(CancellationToken power)
    {
        lock (_lock)
        {
            if (power.IsCancellationRequested)
            {
                return null;
            }

            network.Power(Name, on: true);
            _first = FirstProcess.Start(network.SpaceOf(Name), log, command());
            Power = Power.On;
            Boots++;
            return _first;
        }
    }

    /// <summary>True when the host boots again by itself.</summary>
    private bool Ended(int exitCode, CancellationToken power)
    {
        HostEndKind kind = exitCode switch
        {
            ExitReset => HostEndKind.Reset,
            ExitWatchdog => HostEndKind.Watchdog,
            0 => HostEndKind.ShutDown,
            _ => HostEndKind.Died,
        };
        lock (_lock)
        {
            if (power.IsCancellationRequested)
            {
                return false;
            }

            _ends.Add(new HostEnd(DateTimeOffset.UtcNow, Name, kind, exitCode));
            Power = kind is HostEndKind.Reset or HostEndKind.Watchdog ? Power.Booting : Power.Off;
            network.Power(Name, on: false);
            Lamp?.Invoke(Power == Power.Booting);
            return Power == Power.Booting;
        }
    }

    private void Kill() => _first?.Kill();
}
