using System.Diagnostics;
using TwoNodeHa.Daemon.Tests.Support;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Tests.Hypervisor;

public sealed class ToolRunnerTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly ToolRunner _runner = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_tool_that_succeeds_gives_its_output()
    {
        var result = await _runner.RunAsync("/bin/echo  -n one", ["two words", "$HOME;*"], Eventually.Ceiling);
        Assert.True(result.Succeeded);
        Assert.Equal("one two words $HOME;*", result.Output);
    }

    [Fact]
    public async Task Exit_code_and_last_line_of_the_error_are_for_the_operator()
    {
        var result = await _runner.RunAsync(Script("echo out; echo first >&2; echo last >&2; exit 3"), [], Eventually.Ceiling);
        Assert.False(result.Succeeded);
        Assert.Equal((ToolEnd.Exited, 3, "out\n", "first\nlast\n"), (result.End, result.ExitCode, result.Output, result.Error));
        Assert.Equal("xl ended with 3: last", result.Describe("xl"));
    }

    [Fact]
    public async Task A_tool_that_hangs_is_killed_with_its_children_at_the_deadline()
    {
        var started = Stopwatch.GetTimestamp();
        var script = Script($"sleep 30 & echo $! > {_scratch["child"]}; wait");
        var result = await _runner.RunAsync(script, [], TimeSpan.FromMilliseconds(700));
        Assert.Equal(ToolEnd.TimedOut, result.End);
        Assert.False(result.Succeeded);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10), "waited for the tool");
        Assert.Contains("killed", result.Describe("xl"), StringComparison.Ordinal);
        var child = File.ReadAllText(_scratch["child"]).Trim();
        await Eventually.Holds(() => IsGone(child), "the end of the tool's child");
    }

    [Fact]
    public async Task Standard_input_is_closed_so_that_a_question_is_no_hang()
    {
        var result = await _runner.RunAsync("/bin/cat", [], Eventually.Ceiling);
        Assert.True(result.Succeeded);
    }

    [Fact]
    public async Task Much_output_neither_blocks_the_tool_nor_fills_the_memory()
    {
        var result = await _runner.RunAsync("/usr/bin/head -c 3000000 /dev/zero", [], Eventually.Ceiling);
        Assert.True(result.Succeeded);
        Assert.Equal(64 * 1024, result.Output.Length);
    }

    [Fact]
    public async Task A_tool_that_leaves_a_child_with_its_output_open_has_exited_by_the_deadline()
    {
        var result = await _runner.RunAsync(Script("echo done; sleep 5 & exit 0"), [], TimeSpan.FromSeconds(1));
        Assert.True(result.Succeeded, result.ToString());
        Assert.Equal("done\n", result.Output);
    }

    [Theory]
    [InlineData("/no/such/tool")]
    [InlineData("/etc/hostname")]
    [InlineData("/tmp")]
    public async Task What_cannot_be_started_did_nothing(string command)
    {
        var result = await _runner.RunAsync(command, [], Eventually.Ceiling);
        Assert.Equal(ToolEnd.NotStarted, result.End);
        Assert.StartsWith(command + ": ", result.Describe(command), StringComparison.Ordinal);
    }

    private static bool IsGone(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private string Script(string text)
    {
        File.WriteAllText(_scratch["tool.sh"], text + "\n");
        return $"/bin/sh {_scratch["tool.sh"]}";
    }
}
