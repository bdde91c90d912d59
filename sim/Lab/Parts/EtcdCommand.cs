namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>One member of an etcd cluster.</summary>
/// <param name="Name">Name of the member.</param>
/// <param name="Client">Address and port for clients; TLS, with client certificates.</param>
/// <param name="Peer">URL for the other members.</param>
/// <param name="Metrics">Port on the loopback for health and metrics, without TLS.</param>
/// <param name="Certificate">Name of its certificate.</param>
internal sealed record EtcdMember(string Name, string Client, string Peer, int Metrics, string Certificate = "server")
{
    /// <summary>The command line.</summary>
    /// <param name="cluster">All members, this one included.</param>
    /// <param name="directory">For the data.</param>
    /// <param name="authority">Has issued <see cref="Certificate"/>.</param>
    public string[] Command(IEnumerable<EtcdMember> cluster, string directory, LabAuthority authority) =>
    [
        LabParts.Require("etcd"), "--name", Name, "--data-dir", Path.Combine(directory, Name),
        "--listen-client-urls", "https://" + Client, "--advertise-client-urls", "https://" + Client,
        "--listen-peer-urls", Peer, "--initial-advertise-peer-urls", Peer,
        "--initial-cluster", string.Join(',', cluster.Select(member => $"{member.Name}={member.Peer}")),
        "--listen-metrics-urls", $"http://127.0.0.1:{Metrics}",
        "--cert-file", authority.CertificateOf(Certificate), "--key-file", authority.KeyOf(Certificate),
        "--client-cert-auth", "--trusted-ca-file", authority.CaFile,
    ];
}
