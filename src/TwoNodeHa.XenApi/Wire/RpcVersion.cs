namespace TwoNodeHa.XenApi.Wire;

/// <summary>Which JSON-RPC a server speaks. Old releases have 1.0 only (xapi.md 12).</summary>
internal enum RpcVersion
{
    /// <summary>Not seen yet; 2.0 is tried.</summary>
    Unknown = 0,

    /// <summary>1.0: no version member, <c>error</c> and <c>result</c> always present.</summary>
    V1,

    /// <summary>2.0.</summary>
    V2,
}
