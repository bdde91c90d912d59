using Polly;
using Polly.Retry;

namespace TwoNodeHa.XenApi.Sessions;

/// <summary>The rule for repeating reads.</summary>
internal static class ReadPipeline
{
    /// <summary>
    /// A few attempts, with growing delays, while there is no usable answer. Coded errors are answers and never
    /// repeated here: for <c>host.local_assert_healthy</c> they are even the information asked for. No jitter, because
    /// runs must be reproducible and one daemon is no herd.
    /// </summary>
    public static ResiliencePipeline New(XenApiClientOptions options)
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = options.TimeProvider };
        if (options.ReadAttemptsMax > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<XenApiException>(IsWorthRepeating),
                MaxRetryAttempts = options.ReadAttemptsMax - 1,
                Delay = options.ReadRetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = false,
            });
        }

        return builder.Build();
    }

    private static bool IsWorthRepeating(XenApiException error) => error switch
    {
        XenApiTransportException transport => transport.Fault
            is TransportFault.ConnectFailed or TransportFault.ConnectionLost or TransportFault.HttpStatus,
        XenApiProtocolException protocol => protocol.IsTransient,
        _ => false,
    };
}
