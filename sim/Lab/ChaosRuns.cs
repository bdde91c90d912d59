using System.Diagnostics;
using TwoNodeHa.Core.Control;

namespace TwoNodeHa.Sim.Lab;

/// <summary>What a chaos run saw.</summary>
internal sealed record ChaosReport
{
    public int Rounds { get; set; }

    public SortedDictionary<ChaosKind, int> Faults { get; } = [];

    public int Fences { get; set; }

    public int Takeovers { get; set; }

    /// <summary>Takeovers that were decided by the lease of the arbiter (T4).</summary>
    public int ByArbiter { get; set; }

    /// <summary>Takeovers that were decided by a power that was read as off (T3).</summary>
    public int ByPowerOff { get; set; }

    public int OrdersOff { get; set; }

    public int Rejoins { get; set; }

    public int WatchdogResets { get; set; }

    public long Samples { get; set; }

    public TimeSpan LongestGap { get; set; }

    public double SlowestRecovery { get; set; }

    /// <summary>What went wrong; empty when nothing did.</summary>
    public string Violation { get; set; } = "";
}

/// <summary>Random real faults against two real daemons, for minutes; the judge watches all the time.</summary>
internal sealed class ChaosRuns(LabHarness lab, int seed, Action<string> say)
{
    /// <summary>Everything is repaired: both hosts boot, pair, and run all VMs within this time.</summary>
    private const int RecoverySeconds = 150;

    /// <summary>As <c>ha-ctl depart</c> waits in the unit.</summary>
    private static readonly TimeSpan DepartLimit = TimeSpan.FromSeconds(75);

    private readonly ChaosReport _report = new();
    private readonly WireChaos _wire = new(lab.Network, seed);
    private readonly PartsChaos _parts = new(lab);

    public async Task<ChaosReport> RunAsync(TimeSpan duration, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            await lab.PairAsync();
            while (watch.Elapsed < duration && !cancel.IsCancellationRequested && _report.Violation.Length == 0)
            {
                await RoundAsync(_report.Rounds++);
            }
        }
        catch (LabTimeoutException error)
        {
            _report.Violation = error.Message;
        }

        Count();
        _report.Samples = lab.Truth.Samples;
        _report.LongestGap = lab.Truth.LongestGap;
        return _report;
    }

    private async Task RoundAsync(int round)
    {
        var faults = ChaosPlan.Round(seed, round, lab.Options.Crossover, lab.Options.Arbiter, lab.Options.Boards);
        say($"round {round}: {string.Join(", ", faults)}");
        await Task.WhenAll(faults.Select(StrikeAsync));
        await HealAsync();
        var begin = Stopwatch.StartNew();
        await lab.UntilAsync("both are paired, and all VMs run", view =>
            view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true } && view.Running == lab.Options.Vms, RecoverySeconds);
        _report.SlowestRecovery = Math.Max(_report.SlowestRecovery, begin.Elapsed.TotalSeconds);
        if (lab.Truth.DoubleRuns is [var first, ..])
        {
            _report.Violation = $"round {round}: {first}";
        }
    }

    private async Task StrikeAsync(ChaosFault fault)
    {
        await Task.Delay(TimeSpan.FromSeconds(fault.After));
        lock (_report)
        {
            _report.Faults[fault.Kind] = _report.Faults.GetValueOrDefault(fault.Kind) + 1;
        }

        lab.Story.Mark(fault.Host, fault.Kind.ToString());
        if (_parts.Strike(fault))
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.For));
            return;
        }

        if (_wire.Strike(fault))
        {
            await Task.Delay(TimeSpan.FromSeconds(fault.For));
            _wire.EndOf(fault);
            return;
        }

        switch (fault.Kind)
        {
            case ChaosKind.DaemonKilled when lab.DaemonPid(fault.Host) is { } pid:
                DaemonProcess.Terminate(pid);
                break;
            case ChaosKind.DaemonRestarted:
                await BoardAsync(fault.Host, board => board.AskAsync("term-daemon"));
                break;
            case ChaosKind.OrderlyShutdown when lab[fault.Host].Power == Power.On:
                // As the units do: the daemon is told and hands the mastership over, then everything is stopped.
                await lab.AskAsync(fault.Host, new OperatorRequest.Depart(), DepartLimit);
                await BoardAsync(fault.Host, board => board.AskAsync("shutdown"));
                break;
            case ChaosKind.DaemonFrozen when lab.DaemonPid(fault.Host) is { } pid:
                DaemonProcess.Freeze(pid);
                await Task.Delay(TimeSpan.FromSeconds(fault.For));
                if (lab.DaemonPid(fault.Host) == pid)
                {
                    DaemonProcess.Thaw(pid);
                }

                return;
            case ChaosKind.ToolstackHung:
                await HangAsync(fault.Host, true);
                break;
            case ChaosKind.PowerLoss:
                lab[fault.Host].PowerOff();
                break;
            case ChaosKind.Reset:
                lab[fault.Host].PowerOff();
                lab[fault.Host].PowerOn();
                break;
            default:
                break;
        }

        await Task.Delay(TimeSpan.FromSeconds(fault.For));
    }

    /// <summary>Every fault ends here at the latest; each repair may be said of what is well.</summary>
    private async Task HealAsync()
    {
        _wire.Heal();
        _parts.Heal();
        foreach (var host in (string[])["a", "b"])
        {
            if (lab[host].Power == Power.Off)
            {
                lab[host].PowerOn();
            }

            await HangAsync(host, false);
        }
    }

    /// <summary>A host that is down has no toolstack to hang, and no daemon to stop.</summary>
    private Task HangAsync(string host, bool on) => BoardAsync(host, board => board.HangToolstackAsync(on));

    private async Task BoardAsync(string host, Func<BaseboardClient, Task> ask)
    {
        try
        {
            await ask(lab.Baseboard(host));
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            _ = error;
        }
    }

    /// <summary>By the daemons' logs: a daemon that was started again has forgotten its counters.</summary>
    private void Count()
    {
        foreach (var host in (string[])["a", "b"])
        {
            foreach (var line in File.ReadLines(Path.Combine(lab.DirectoryOf(host), "daemon.log")))
            {
                _report.Fences += line.Contains("[E10]", StringComparison.Ordinal) ? 1 : 0;
                _report.ByArbiter += line.Contains("[E20]", StringComparison.Ordinal) && line.Contains("T4", StringComparison.Ordinal) ? 1 : 0;
                _report.ByPowerOff += line.Contains("[E20]", StringComparison.Ordinal) && line.Contains("T3", StringComparison.Ordinal) ? 1 : 0;
                _report.Takeovers += line.Contains("[E22]", StringComparison.Ordinal) ? 1 : 0;
                _report.Rejoins += line.Contains("Paired: admitted by", StringComparison.Ordinal) ? 1 : 0;
            }

            _report.OrdersOff += lab.Boards.IsEmpty ? 0 : lab.BoardOf(host).OffOrders.Length;
            _report.WatchdogResets += lab[host].Ends.Count(end => end.Kind == HostEndKind.Watchdog);
        }
    }
}
