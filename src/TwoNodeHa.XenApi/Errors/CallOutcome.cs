namespace TwoNodeHa.XenApi;

/// <summary>What is known about the effect of a call that did not succeed.</summary>
public enum CallOutcome
{
    /// <summary>
    /// Nothing is known: the call may have been executed, may be executing, or may be executed later.
    /// </summary>
    Unknown = 0,

    /// <summary>It is proven that the server never had the complete request, so it cannot have executed it.</summary>
    NotSent = 1,

    /// <summary>The server answered that the call failed; its goal was not reached by this call.</summary>
    Failed = 2,
}
