namespace TwoNodeHa.XenApi.Wire;

/// <summary>Calls whose result is turned into a type, with the method's name as the path of complaints.</summary>
internal static class TypedCalls
{
    /// <summary>Calls and reads the result.</summary>
    public static async Task<T> CallAsync<T>(
        this IXenApi api, XenApiCall call, Func<XenJson, T> parse, TimeSpan deadline,
        CancellationToken cancellationToken)
    {
        XenApiAnswer answer = await api.CallAsync(call, deadline, cancellationToken);
        return parse(new XenJson(call.Method, answer.Result));
    }
}
