using System.Globalization;
using TwoNodeHa.Daemon.RealTime;
using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.RealTime;

public sealed class CpuGroupTests : IDisposable
{
    private static readonly string s_self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_cpu_controllers_own_hierarchy_is_left_and_entered_again()
    {
        var group = Make("cpu", "12:pids:/x\n4:cpu,cpuacct:/system.slice/ha.service\n1:name=systemd:/system.slice/ha.service\n");
        Assert.Null(group.Leave());
        Assert.Equal(s_self, File.ReadAllText(_scratch["cpu/cgroup.procs"]));
        Assert.Equal("", File.ReadAllText(_scratch["cpu/system.slice/ha.service/cgroup.procs"]));
        group.Return();
        Assert.Equal(s_self, File.ReadAllText(_scratch["cpu/system.slice/ha.service/cgroup.procs"]));
    }

    [Fact]
    public void The_unified_hierarchy_is_left_where_there_is_no_other()
    {
        var group = Make("", "0::/system.slice/ha.service\n");
        Assert.Null(group.Leave());
        Assert.Equal(s_self, File.ReadAllText(_scratch["cgroup.procs"]));
    }

    [Theory]
    [InlineData("0::/\n", "it is in the root group already")]
    [InlineData("4:pids:/x\n", "names no group of the cpu controller")]
    public void It_stays_where_leaving_is_of_no_use(string membership, string why) =>
        Assert.Contains(why, Make("", membership).Leave(), StringComparison.Ordinal);

    [Fact]
    public void A_hierarchy_that_cannot_be_written_is_a_reason()
    {
        var group = Make("cpu", "4:cpu:/a\n");
        File.Delete(_scratch["cpu/cgroup.procs"]);
        Directory.CreateDirectory(_scratch["cpu/cgroup.procs"]);
        Assert.NotNull(group.Leave());
        group.Return();
    }

    private CpuGroup Make(string controller, string membership)
    {
        foreach (var place in new[] { controller, Path.Combine(controller, "system.slice/ha.service") })
        {
            Directory.CreateDirectory(_scratch[place]);
            File.WriteAllText(_scratch[Path.Combine(place, "cgroup.procs")], "");
        }

        File.WriteAllText(_scratch["membership"], membership);
        return new CpuGroup(_scratch.Directory, _scratch["membership"]);
    }
}
