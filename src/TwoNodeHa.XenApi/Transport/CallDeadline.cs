namespace TwoNodeHa.XenApi.Transport;

/// <summary>
/// Bounds everything a call does (login, attempts, delays, parsing of nothing yet received) by one deadline, and tells
/// the expiry of the deadline from the caller's own cancellation.
/// </summary>
internal static class CallDeadline
{
    /// <summary>Longer deadlines are a mistake: a daemon that waits for a day has hung.</summary>
    private static readonly TimeSpan DeadlineMax = TimeSpan.FromDays(1);

    /// <summary>Runs the work under the deadline.</summary>
    /// <exception cref="XenApiTransportException">The deadline expired; outcome unknown.</exception>
    public static async Task<T> RunAsync<T>(
        string method,
        TimeSpan deadline,
        TimeProvider time,
        Func<CancellationToken, Task<T>> work,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(deadline, DeadlineMax);

        using var expiry = new CancellationTokenSource(deadline, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(expiry.Token, cancellationToken);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException error) when (expiry.IsCancellationRequested
            && !cancellationToken.IsCancellationRequested)
        {
            throw new XenApiTransportException(
                TransportFault.DeadlineExpired, CallOutcome.Unknown,
                $"{method}: no answer within {deadline.TotalSeconds:0.###} s", error);
        }
    }
}
