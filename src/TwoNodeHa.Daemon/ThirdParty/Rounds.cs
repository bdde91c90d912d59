namespace TwoNodeHa.Daemon.ThirdParty;

/// <summary>Rounds of an adapter that looks at something again and again, beside the loop, until the daemon ends.</summary>
internal static class Rounds
{
    /// <summary>One round after the other.</summary>
    /// <param name="round">Looks once; bounded by itself.</param>
    /// <param name="between">Rest after a round.</param>
    /// <param name="spread">Each rest is up to a tenth longer or shorter: both hosts ask the same third party, and not in step.</param>
    /// <param name="stop">The end.</param>
    public static async Task RunAsync(Func<Task> round, TimeSpan between, bool spread, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await round();
                await Task.Delay(spread ? between * (0.9 + (0.2 * Random.Shared.NextDouble())) : between, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }
}
