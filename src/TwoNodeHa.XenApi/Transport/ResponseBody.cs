namespace TwoNodeHa.XenApi.Transport;

/// <summary>Reads a response body without ever holding more of it than the limit.</summary>
internal static class ResponseBody
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>The whole body.</summary>
    /// <exception cref="XenApiTransportException">The body is larger than the limit; outcome unknown.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(
        HttpContent content, int bytesMax, CancellationToken cancellationToken)
    {
        // Refuse by the announcement alone: no need to receive what will be thrown away.
        if (content.Headers.ContentLength > bytesMax)
        {
            throw TooLarge(bytesMax);
        }

        using var body = new MemoryStream();
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        byte[] chunk = new byte[ChunkBytes];
        int count;
        while ((count = await stream.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (body.Length + count > bytesMax)
            {
                throw TooLarge(bytesMax);
            }

            body.Write(chunk, 0, count);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static XenApiTransportException TooLarge(int bytesMax) => new(
        TransportFault.ResponseTooLarge, CallOutcome.Unknown, $"the answer is larger than {bytesMax} bytes");
}
