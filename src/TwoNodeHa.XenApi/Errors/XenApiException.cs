namespace TwoNodeHa.XenApi;

/// <summary>
/// Root of everything that can go wrong with a call. Three kinds exist: the server said no
/// (<see cref="XenApiFailure"/>), there was no usable answer (<see cref="XenApiTransportException"/>), or the answer
/// made no sense (<see cref="XenApiProtocolException"/>). A cancelled token is not one of them: it surfaces as
/// <see cref="OperationCanceledException"/> and says nothing about the effect of the call.
/// </summary>
public abstract class XenApiException : Exception
{
    private protected XenApiException(string message, Exception? inner)
        : base(message, inner)
    {
    }

    /// <summary>
    /// Whether the same call may succeed later without anybody repairing anything. It does not say that repeating a
    /// write is safe; <see cref="Outcome"/> says that.
    /// </summary>
    public abstract bool IsTransient { get; }

    /// <summary>What is known about the effect of the call.</summary>
    public abstract CallOutcome Outcome { get; }
}
