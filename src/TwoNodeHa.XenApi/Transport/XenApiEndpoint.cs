namespace TwoNodeHa.XenApi.Transport;

/// <summary>Where xapi listens (xapi.md 1.1).</summary>
internal abstract record XenApiEndpoint
{
    private XenApiEndpoint()
    {
    }

    /// <summary>The request URI. TLS is made below HTTP, so the scheme is always http.</summary>
    public abstract Uri Uri { get; }

    /// <summary>The stream socket in dom0; whoever can open it is root.</summary>
    public sealed record UnixSocket(string Path) : XenApiEndpoint
    {
        /// <inheritdoc/>
        public override Uri Uri { get; } = new("http://localhost/jsonrpc");

        /// <inheritdoc/>
        public override string ToString() => $"unix:{Path}";
    }

    /// <summary>TCP, with TLS or (loopback only, in practice) without.</summary>
    public sealed record Tcp(string Host, int Port, bool UseTls) : XenApiEndpoint
    {
        /// <inheritdoc/>
        public override Uri Uri => new UriBuilder("http", Host, Port, "/jsonrpc").Uri;

        /// <inheritdoc/>
        public override string ToString() => $"{(UseTls ? "tls" : "tcp")}:{Host}:{Port}";
    }
}
