using System.Diagnostics;

namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>Waits for what another thread does, with a ceiling that only a failure reaches.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Ceiling = TimeSpan.FromSeconds(20);

    public static async Task Holds(Func<bool> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Ceiling, $"never: {what}");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
