using System.Diagnostics;
using System.Text;
using TwoNodeHa.Sim.Lab;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The judge must see what it is there for: these processes are VMs of no pool, made to run twice.</summary>
public sealed class TruthCheckerTests : IDisposable
{
    private static readonly Guid Uuid = new("11111111-2222-3333-4444-555555555555");

    private static readonly string Lab = $"lab-{Environment.ProcessId}-truth";

    private readonly LabNetwork _network;
    private readonly TruthChecker _truth;
    private readonly List<Process> _vms = [];

    public TruthCheckerTests()
    {
        LabSystem.Require();
        _network = new LabNetwork(new NetworkOptions());
        _truth = new TruthChecker(Lab, _network.HostByNamespace());
    }

    public void Dispose()
    {
        _vms.ForEach(Stop);
        _truth?.Dispose();
        _network?.Dispose();
    }

    [Fact]
    public void A_run_that_was_not_watched_closely_is_void()
    {
        Assert.Null(TruthChecker.VoidBy(TruthChecker.GapMax));
        Assert.StartsWith("VOID: two samples of the truth were 501 ms apart", TruthChecker.VoidBy(TimeSpan.FromMilliseconds(501)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vm_on_both_hosts_is_a_violation()
    {
        Start("a", "web", Uuid, Lab);
        Start("b", "web", Uuid, Lab);
        await Until(() => _truth.DoubleRuns.Length > 0);
        Assert.Equal("web", _truth.DoubleRuns[0].Vm);
    }

    [Fact]
    public async Task A_vm_whose_old_backend_still_writes_is_a_violation()
    {
        Start("a", $"tapdisk:{Uuid}:{Lab}");
        Start("b", "web", Uuid, Lab);
        await Until(() => _truth.DoubleRuns.Length > 0);
        Assert.True(_truth.DoubleRuns[0].OnA.IsBackend);
        Assert.Equal("web", _truth.DoubleRuns[0].Vm);
        Assert.Empty(_truth.On("a"));
    }

    [Fact]
    public async Task A_vm_that_moves_is_none_and_its_history_is_kept()
    {
        Process first = Start("a", "web", Uuid, Lab);
        await Until(() => _truth.On("a").SequenceEqual(["web"]));
        Stop(first);
        Start("b", "web", Uuid, Lab);
        await Until(() => _truth.On("b").SequenceEqual(["web"]));
        Assert.Empty(_truth.On("a"));
        Assert.Empty(_truth.DoubleRuns);
        Assert.Equal(
            ["web starts on a", "web stops on a", "web starts on b"],
            _truth.Changes.Select(change => change.ToString()[13..]));
    }

    [Fact]
    public async Task Different_vms_and_vms_of_other_labs_do_not_count()
    {
        Start("a", "web", Uuid, Lab);
        Start("b", "db", Guid.NewGuid(), Lab);
        Start("b", "web", Uuid, "lab-1-other");
        await Until(() => _truth.On("a").Length == 1 && _truth.On("b").Length == 1);
        await _truth.NextSampleAsync();
        Assert.Empty(_truth.DoubleRuns);
    }

    [Theory]
    [InlineData("vm:web:11111111-2222-3333-4444-555555555555:lab", "web")]
    [InlineData("vm:web:8080:11111111-2222-3333-4444-555555555555:lab\0--more", "web:8080")]
    [InlineData("tapdisk:11111111-2222-3333-4444-555555555555:lab\0", "")]
    public void A_command_line_names_its_vm(string commandLine, string name)
    {
        Assert.True(VmProcess.TryParse(Encoding.UTF8.GetBytes(commandLine), "lab", out string read, out Guid uuid));
        Assert.Equal(name, read);
        Assert.Equal(Uuid, uuid);
    }

    [Theory]
    [InlineData("vm:web:11111111-2222-3333-4444-555555555555:other")]
    [InlineData("vm:web:not-a-uuid:lab")]
    [InlineData("vm:11111111-2222-3333-4444-555555555555:lab")]
    [InlineData("tapdisk:web:11111111-2222-3333-4444-555555555555:lab")]
    [InlineData("vm:lab")]
    [InlineData("vm:")]
    [InlineData("pgrep\0vm:web:11111111-2222-3333-4444-555555555555:lab")]
    public void Other_command_lines_are_no_vm(string commandLine) =>
        Assert.False(VmProcess.TryParse(Encoding.UTF8.GetBytes(commandLine), "lab", out _, out _));

    private Process Start(string host, string name, Guid uuid, string lab) => Start(host, $"vm:{name}:{uuid}:{lab}");

    private Process Start(string host, string argument)
    {
        Process process = _network.SpaceOf(host).Run(() => Process.Start("/bin/bash", ["-c", $"exec -a '{argument}' sleep 60"]));
        _vms.Add(process);
        return process;
    }

    private static void Stop(Process process)
    {
        process.Kill();
        process.WaitForExit();
    }

    private static async Task Until(Func<bool> condition)
    {
        var waited = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), "it did not happen in 20 s");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
