using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Contract;
using TwoNodeHa.Core.Model;
using TwoNodeHa.Daemon.Hypervisor;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Hypervisor;

/// <summary>The tools of dom0 lie in every way they can; "nothing runs here" must never come of it.</summary>
public sealed class HypervisorPortTests : IDisposable
{
    private const string Dom0 = " 0 | 00000000-0000-0000-0000-000000000000 |     R ";
    private const string Guest = "17 | 1b3b5d7f-0000-4000-8000-000000000017 |    B H";
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);

    private readonly Scratch _scratch = new();
    private readonly FakeProc _proc = new();
    private readonly CollectingSink _sink = new();
    private HypervisorPort? _port;

    public void Dispose()
    {
        _port?.Dispose();
        _proc.Dispose();
        _scratch.Dispose();
    }

    public static TheoryData<string, string, string> Lies => new()
    {
        { "fails", $"echo '{Dom0}'; exit 1", "ended with 1" },
        { "fails silently", "exit 3", "ended with 3" },
        { "is killed", $"echo '{Dom0}'; kill -9 $$", "ended with 137" },
        { "prints nothing", ":", "does not show dom0" },
        { "prints half a line", $"echo '{Dom0}'; printf '17 | 1b3b5d7f-0000'", "17 |" },
        { "prints half and hangs", $"echo '{Dom0}'; sleep 60", "killed" },
        { "hangs", "sleep 60", "killed" },
        { "ends while the rest of its output is under way", $"echo '{Dom0}'; (sleep 60; echo '{Guest}') & exit 0", "was not read to its end" },
        { "prints more than is read", $"echo '{Dom0}'; yes '{Guest}' | head -n 2000", "longer than 64 KiB" },
        { "closes its output and hangs", $"echo '{Dom0}'; exec >&- 2>&-; sleep 60", "killed" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_list_tool_that_cannot_be_trusted_gives_no_facts(string how, string script, string why)
    {
        var listed = await ListAsync(script, "exit 1");
        Assert.True(listed.Facts is null, $"it {how}, and a list came of it");
        Assert.Contains(why, listed.Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tool_that_is_not_there_gives_no_facts()
    {
        _port = Port(_scratch["nowhere"], "", "");
        _port.List(new Command.ListDomains(5, Eventually.Ceiling));
        Assert.Null((await AnswerAsync<Observation.DomainsListed>()).Facts);
    }

    [Fact]
    public async Task The_letters_tell_a_shell_from_a_running_domain()
    {
        string[] lines =
        [
            Dom0, Guest,
            "18 | 1b3b5d7f-0000-4000-8000-000000000001 |   P  H", "19 | 1b3b5d7f-0000-4000-8000-000000000000 |  S   H",
            "20 | deadbeef-dead-beef-dead-beef00000014 | D    H", "21 | 1b3b5d7f-0000-4000-8000-000000000021 | ?",
        ];
        var listed = await ListAsync($"printf '%s\\n' {string.Join(' ', lines.Select(line => $"'{line}'"))}", "exit 1");
        Assert.Equal(
            [(17, DomainState.Running), (18, DomainState.Paused), (19, DomainState.Shutdown), (20, DomainState.Dying), (21, DomainState.Running)],
            listed.Facts!.Guests.Select(guest => (guest.Domid, guest.State)));
    }

    [Theory]
    [InlineData("printf '/local/domain/0/backend/vbd3/17/51712/kthread-pid = \"100\"\\n'", BackendOwner.Guest)]
    [InlineData("printf '/local/domain/0/backend/vbd3/0/51712/kthread-pid = \"100\"\\n'", BackendOwner.ControlDomain)]
    [InlineData("printf '/local/domain/0/backend/vbd3/0/51712/kthread-pid = \"999\"\\n'", BackendOwner.Unknown)]
    [InlineData("printf '/local/domain/0/backend/vbd3/0/51712/kthread-pid = \"100\"\\n'; exit 1", BackendOwner.Unknown)]
    [InlineData("printf '/local/domain/0/backend/vbd3/0/51712/kthread-pid = \"100\"\\n'; sleep 60", BackendOwner.Unknown)]
    public async Task A_tapdisk_is_dom0s_own_only_when_xenstore_says_so_in_order(string script, BackendOwner expected)
    {
        _proc.Process(100, "tapdisk", start: 7);
        var listed = await ListAsync($"printf '%s\\n' '{Dom0}'", script);
        var backend = Assert.Single(listed.Facts!.Backends);
        Assert.Equal(expected, backend.Owner);

        // Nothing is known of its image, so even dom0's own may write where the peer does.
        Assert.True(backend.IsWriter);
    }

    [Fact]
    public async Task Back_ends_that_cannot_be_read_are_not_none()
    {
        _proc.Dispose();
        var listed = await ListAsync($"printf '%s\\n' '{Dom0}'", "exit 1");
        Assert.Null(listed.Facts);
        Directory.CreateDirectory(_proc.Directory);
    }

    [Theory]
    [InlineData("exit 0", ActionOutcome.Succeeded)]
    [InlineData("echo failed >&2; exit 1", ActionOutcome.Failed)]
    [InlineData("sleep 60", ActionOutcome.Unknown)]
    public async Task A_destroy_succeeds_only_when_the_tool_says_so(string script, ActionOutcome expected)
    {
        _port = Port("/bin/true", Script("xl", $"echo \"$@\" > {_scratch["asked"]}; {script}"), "");
        _port.Destroy(new Command.Act(9, new HaAction.DestroyDomain(17, Guid.Empty), TimeSpan.FromSeconds(2)), new HaAction.DestroyDomain(17, Guid.Empty));
        Assert.Equal((9, expected), (await AnswerAsync<Observation.ActionFinished>()) is var answer ? (answer.Id, answer.Outcome) : default);
        Assert.Equal("17\n", await File.ReadAllTextAsync(_scratch["asked"], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("S", ActionOutcome.Unknown)]
    [InlineData("D", ActionOutcome.Unknown)]
    [InlineData("Z", ActionOutcome.Succeeded)]
    public async Task Back_ends_are_ended_only_when_they_are_gone(string state, ActionOutcome expected)
    {
        _proc.Process(int.MaxValue, "tapdisk", state, start: 3);
        _port = Port("/bin/true", "/bin/true", "");
        var end = new HaAction.EndBackends([new BackendFact(int.MaxValue, BackendKind.Tapdisk) { StartTicks = 3 }]);
        _port.EndBackends(new Command.Act(9, end, TimeSpan.FromMilliseconds(50)), end);
        Assert.Equal(expected, (await AnswerAsync<Observation.ActionFinished>()).Outcome);
    }

    private async Task<Observation.DomainsListed> ListAsync(string list, string xenstore)
    {
        _port = Port(Script("list", list), "/bin/false", Script("xenstore", xenstore));
        _port.List(new Command.ListDomains(5, list.Contains("sleep", StringComparison.Ordinal) ? Short : 4 * TimeSpan.FromSeconds(2)));
        return await AnswerAsync<Observation.DomainsListed>();
    }

    private async Task<T> AnswerAsync<T>()
        where T : Observation
    {
        await Eventually.Holds(() => _sink.Posted.Length > 0, typeof(T).Name);
        return Assert.IsType<T>(Assert.Single(_sink.Posted));
    }

    private HypervisorPort Port(string list, string destroy, string xenstore) => new(
        new ToolsConfig { ListDomains = list, DestroyDomain = destroy, ListBackends = xenstore }, _sink, new ToolRunner(), new Backends(_proc.Directory));

    private string Script(string name, string text)
    {
        File.WriteAllText(_scratch[name], "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(_scratch[name], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return _scratch[name];
    }
}
