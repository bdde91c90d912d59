using System.Diagnostics;
using TwoNodeHa.Sim.Lab;
using TwoNodeHa.Sim.Lab.Cables;

namespace TwoNodeHa.Lab.Tests;

/// <summary>The first process of a host, started from a program whose runtime starts threads whenever it likes.</summary>
public sealed class FirstProcessTests
{
    /// <summary>More than the calls after which the runtime wants a thread to compile a method better.</summary>
    private const int Starts = 80;

    [Fact]
    public void Many_start_one_after_the_other_and_say_how_they_ended()
    {
        LabSystem.Require();
        using var space = new NetSpace();
        for (int index = 0; index < Starts; index++)
        {
            FirstProcess process = FirstProcess.Start(space, "/dev/null", ["/bin/sh", "-c", $"exit {index}"]);
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)));
            Assert.Equal(index, process.ExitCode);
        }

        FirstProcess killed = FirstProcess.Start(space, "/dev/null", ["/bin/sleep", "60"]);
        Assert.False(killed.HasExited);
        killed.Kill();
        killed.WaitForExit();
        Assert.Equal(128 + 9, killed.ExitCode);
        killed.Kill();
    }

    /// <summary>A thread that has left its pid namespace can start none: the runtime would end this whole program.</summary>
    [Fact]
    public async Task A_runtime_that_wants_a_thread_at_any_moment_does_not_end_the_lab()
    {
        LabSystem.Require();
        var again = new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"*{nameof(Many_start_one_after_the_other_and_say_how_they_ended)}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        again.Environment["DOTNET_TC_BackgroundWorkerTimeoutMs"] = "0";
        using Process run = Process.Start(again)!;
        Task<string> error = run.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await run.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(run.ExitCode == 0, output + await error);
        Assert.Contains("Total: 1", output, StringComparison.Ordinal);
    }
}
