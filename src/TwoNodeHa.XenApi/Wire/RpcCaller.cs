using System.Text.Json;
using System.Text.Json.Nodes;
using TwoNodeHa.XenApi.Transport;

namespace TwoNodeHa.XenApi.Wire;

/// <summary>
/// Calls a method and knows which JSON-RPC version to use. Negotiation costs nothing with servers that ignore the
/// version member (their 1.0 answer is as good as any). Only a server that rejects the 2.0 form is asked again in 1.0,
/// and only for calls that may be repeated, before any answer has settled the version. Every session starts with a
/// login, which may be repeated, so a write never finds the version open.
/// </summary>
internal sealed class RpcCaller(HttpTransport transport)
{
    private long _lastId;
    private volatile RpcVersion _version = RpcVersion.Unknown;

    /// <summary>The version settled so far.</summary>
    public RpcVersion Version => _version;

    /// <summary>Calls and returns the result.</summary>
    /// <exception cref="XenApiException">The call failed.</exception>
    public async Task<JsonElement> CallAsync(
        string method, IReadOnlyList<JsonNode?> parameters, bool mayRepeat, CancellationToken cancellationToken)
    {
        RpcVersion version = _version;
        try
        {
            return await ExchangeAsync(version, method, parameters, cancellationToken);
        }
        catch (XenApiException error) when (mayRepeat && version == RpcVersion.Unknown && RejectsForm(error))
        {
            return await ExchangeAsync(RpcVersion.V1, method, parameters, cancellationToken);
        }
    }

    private static bool RejectsForm(XenApiException error) => error
        is XenApiTransportException { Fault: TransportFault.HttpStatus }
        or XenApiProtocolException { Field: null };

    private async Task<JsonElement> ExchangeAsync(
        RpcVersion version, string method, IReadOnlyList<JsonNode?> parameters, CancellationToken cancellationToken)
    {
        byte[] request = RpcRequest.Encode(version, Interlocked.Increment(ref _lastId), method, parameters);
        ReadOnlyMemory<byte> body = await transport.PostAsync(request, cancellationToken);
        RpcResponse response = RpcResponse.Parse(method, body);
        Learn(response.Evidence);
        return response.Failure is null ? response.Result : throw response.Failure;
    }

    private void Learn(RpcVersion evidence)
    {
        // 1.0 is understood by every release, so once needed it is kept; a slave of mixed versions would make us flap.
        if (evidence != RpcVersion.Unknown && _version != RpcVersion.V1)
        {
            _version = evidence;
        }
    }
}
