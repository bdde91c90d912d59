using TwoNodeHa.Daemon.Tests.Support;

namespace TwoNodeHa.Daemon.Tests.Hypervisor;

/// <summary>A /proc of a test's own.</summary>
internal sealed class FakeProc : IDisposable
{
    private readonly Scratch _scratch = new();

    public string Directory => _scratch.Directory;

    public FakeProc Mounted(params (string Point, string Kind)[] mounts)
    {
        System.IO.Directory.CreateDirectory(_scratch["self"]);
        File.WriteAllLines(
            _scratch["self/mountinfo"], mounts.Select(mount => $"36 35 98:0 / {mount.Point} rw,noatime shared:1 - {mount.Kind} /dev/root rw"));
        return this;
    }

    public FakeProc Process(int pid, string name, string state = "S", long start = 0, int threads = 1, params string[] arguments)
    {
        System.IO.Directory.CreateDirectory(_scratch[$"{pid}/fd"]);
        System.IO.Directory.CreateDirectory(_scratch[$"{pid}/fdinfo"]);
        var zeros = string.Join(' ', Enumerable.Repeat("0", 16)) + $" {threads} 0";
        File.WriteAllText(_scratch[$"{pid}/stat"], $"{pid} ({name}) {state} {zeros} {start} 0 0\n");
        File.WriteAllText(_scratch[$"{pid}/comm"], name + "\n");
        File.WriteAllText(_scratch[$"{pid}/cmdline"], string.Join('\0', arguments.Length == 0 ? [name] : arguments) + "\0");
        return this;
    }

    public FakeProc Opens(int pid, int fd, string target, string flags)
    {
        File.CreateSymbolicLink(_scratch[$"{pid}/fd/{fd}"], target);
        File.WriteAllText(_scratch[$"{pid}/fdinfo/{fd}"], $"pos:\t0\nflags:\t{flags}\nmnt_id:\t9\n");
        return this;
    }

    public void End(int pid) => System.IO.Directory.Delete(_scratch[$"{pid}"], recursive: true);

    public void Dispose() => _scratch.Dispose();
}
