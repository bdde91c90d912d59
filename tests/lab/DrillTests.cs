using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary><c>ha-ctl drill</c>, the program itself, against real daemons; its ssh is one that runs the other host's ha-ctl.</summary>
public sealed class DrillTests
{
    [Fact]
    public Task Fence_of_the_slave_is_measured_on_both_hosts() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        using var drill = Drill.Start(lab, "b", "fence", "--all-vms", "--yes", "--json");
        JsonElement certificate = (await drill.EndAsync(ExitCodeOk)).GetProperty("drill");
        await lab.UntilAsync("the VMs of b run on a", view => view.A.Vms.Length == lab.Options.Vms);

        Assert.True(certificate.GetProperty("passed").GetBoolean(), certificate.ToString());
        double fence = Seconds(certificate, "fence");
        Assert.InRange(fence, 0.001, 2);
        Assert.Contains(await lab.EventsAsync("b"), line => line.Sentence.Contains(fence.ToString("'fenced in '0.00", CultureInfo.InvariantCulture), StringComparison.Ordinal));
        Assert.Contains(await lab.EventsAsync("b"), line => line.Id == 52 && line.Sentence.EndsWith("for a drill", StringComparison.Ordinal));
        Assert.InRange(Seconds(certificate, "attested handover"), 0, 0.5 + 0.3);
    });

    /// <summary>What the operator interrupts ends as it began: nothing in maintenance, both hosts covered.</summary>
    [Fact]
    public Task Handover_that_is_interrupted_ends_its_maintenance() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        using var drill = Drill.Start(lab, "b", "handover", "--yes");
        await drill.SaysAsync("b Paired, a Paired");
        await lab.UntilAsync("b is being emptied", view => view.B.Status is { Protected: false });
        drill.Interrupt();
        string said = await drill.TextAsync(code => code == 5);
        Assert.Contains("DRILL FAILED: interrupted", said, StringComparison.Ordinal);
        Assert.Contains("The maintenance is ended", said, StringComparison.Ordinal);
        await lab.UntilAsync("both hosts are covered again", view => view.Both("Paired") && view is { A.Status.Protected: true, B.Status.Protected: true });
        Assert.Empty(lab.A.Ends);
        Assert.Empty(lab.B.Ends);
    });

    [Fact]
    public Task Failover_is_watched_while_the_power_is_cut() => Scenario.PlayAsync(new LabOptions(), async lab =>
    {
        using var drill = Drill.Start(lab, "a", "failover", "--lose", "b", "--all-vms", "--yes");
        await drill.SaysAsync("NOW cut the power");
        lab.B.PowerOff();
        await drill.SaysAsync("Now give b its power");
        lab.B.PowerOn();
        string said = await drill.TextAsync(code => code == 0);
        Assert.Contains("DRILL PASSED: a took over", said, StringComparison.Ordinal);
        Assert.Matches("ok +[45]\\.[0-9]{2} s +≤ 5\\.[0-9]{2} s +from the last heartbeat until a took over", said);
    });

    private static bool ExitCodeOk(int code) => code == 0;

    private static double Seconds(JsonElement certificate, string name) =>
        certificate.GetProperty("figures").EnumerateArray().First(figure => figure.GetProperty("name").GetString() == name).GetProperty("seconds").GetDouble();

    /// <summary>A running ha-ctl.</summary>
    private sealed class Drill : IDisposable
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120 * LabOptions.Patience);

        private readonly Process _process;
        private readonly List<string> _lines = [];

        private Drill(Process process)
        {
            _process = process;
            process.OutputDataReceived += Keep;
            process.ErrorDataReceived += Keep;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public static Drill Start(LabHarness lab, string host, params string[] words)
        {
            string programs = Directory.CreateDirectory(Path.Combine(lab.DirectoryOf(host), "drill-bin")).FullName;
            string[] there = lab.CtlCommand(Scenario.Other(host));
            Write("ha-ctl", $"exec {there[0]} \"$@\" {string.Join(' ', there[1..])}");
            Write("ssh", $"for last; do :; done\nPATH={programs}:$PATH exec sh -c \"$last\"");
            string[] command = lab.CtlCommand(host, ["drill", .. words, "--ssh", Scenario.Other(host), "--config", lab.ConfigOf(host)]);
            var start = new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}";
            lab.Story.Mark(host, "ha-ctl drill " + string.Join(' ', words));
            return new Drill(Process.Start(start)!);

            void Write(string name, string text)
            {
                string file = Path.Combine(programs, name);
                File.WriteAllText(file, $"#!/bin/sh\n{text}\n");
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        public void Interrupt() => Assert.Equal(0, Shell.Run("kill", ["-INT", _process.Id.ToString(CultureInfo.InvariantCulture)]).Item1);

        public async Task SaysAsync(string words)
        {
            var waited = Stopwatch.StartNew();
            while (!Said().Contains(words, StringComparison.Ordinal))
            {
                Assert.True(waited.Elapsed < Limit && !_process.HasExited, $"never said \"{words}\":\n{Said()}");
                await Task.Delay(20);
            }
        }

        public async Task<string> TextAsync(Func<int, bool> code)
        {
            using var patience = new CancellationTokenSource(Limit);
            await _process.WaitForExitAsync(patience.Token);
            Assert.True(code(_process.ExitCode), $"ended with {_process.ExitCode}:\n{Said()}");
            return Said();
        }

        public async Task<JsonElement> EndAsync(Func<int, bool> code) => JsonDocument.Parse(await TextAsync(code)).RootElement;

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        private void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_lines)
            {
                _lines.Add(line.Data ?? "");
            }
        }

        private string Said()
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }
}
