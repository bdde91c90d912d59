using System.Collections.Immutable;
using System.Net;

namespace TwoNodeHa.Core.Config;

/// <summary>How a fence agent reaches the power of its host.</summary>
public enum FenceKind
{
    /// <summary>IPMI over LAN, by <c>ipmitool</c>.</summary>
    Ipmi,

    /// <summary>Redfish over HTTPS.</summary>
    Redfish,

    /// <summary>A program with the interface of ClusterLabs' fence agents: parameters on its standard input.</summary>
    Program,
}

/// <summary>One fence agent: what can switch one host off, and read back that it is off (T3).</summary>
public sealed record FenceConfig
{
    /// <summary>Shortest and longest <see cref="Timeout"/>, seconds.</summary>
    public const double TimeoutMin = 2, TimeoutMax = 120;

    /// <summary>After a board has said "off" the peer's kernel is asked once more, for this long.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(0.5);

    /// <summary>Name of the section.</summary>
    public required string Name { get; init; }

    /// <summary>0 or 1: the host of <see cref="HaConfig.Hosts"/> whose power it switches.</summary>
    public required int Host { get; init; }

    /// <summary>Kind of agent.</summary>
    public required FenceKind Kind { get; init; }

    /// <summary>Absolute path of the agent; empty unless <see cref="FenceKind.Program"/>.</summary>
    public string Program { get; init; } = "";

    /// <summary>The board; null for a program, which has it among its parameters.</summary>
    public IPEndPoint? Address { get; init; }

    /// <summary>User on the board; may be empty.</summary>
    public string User { get; init; } = "";

    /// <summary>File with the password in its first line, mode 0600; empty for none. The password itself is never held here.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Redfish: certificates (PEM) that the board's own is one of, or was issued by.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>IPMI: cipher suite; 3 is what most boards have, and a negotiation costs seconds for each call.</summary>
    public int Cipher { get; init; } = 3;

    /// <summary>A program's own parameters, by name.</summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Longest time for an order where no agent says its own.</summary>
    public static readonly TimeSpan DefaultOrder = TimeSpan.FromSeconds(30);

    /// <summary>Longest time for one order: status, off, and off read back. What is not confirmed then is unknown.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>The arbiter: a lease in etcd (v3) that only one of the two hosts can hold (R3, T4).</summary>
public sealed record ArbiterConfig
{
    /// <summary>Shortest and longest <see cref="LeaseTime"/>, seconds.</summary>
    public const double LeaseMin = 5, LeaseMax = 600;

    /// <summary>Drift between the clocks of the store and of its holders, as a factor; a thousand times what clocks usually do.</summary>
    public const double Drift = 1.001;

    /// <summary>Longest time for one question to the store, whatever its members do.</summary>
    public static readonly TimeSpan CallBound = TimeSpan.FromSeconds(5);

    /// <summary>Between two questions to it while the peer is silent.</summary>
    public static readonly TimeSpan Spacing = TimeSpan.FromSeconds(1);

    /// <summary>Client endpoints of the members of one etcd cluster; one to seven, by address.</summary>
    public required ImmutableArray<IPEndPoint> Endpoints { get; init; }

    /// <summary>Certificates (PEM) that issued those of the members.</summary>
    public required string CaFile { get; init; }

    /// <summary>Client certificate (PEM); empty for none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>Its private key (PEM), mode 0600; empty for none.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>User of etcd; empty for none.</summary>
    public string User { get; init; } = "";

    /// <summary>File with that user's password, mode 0600; empty for none.</summary>
    public string PasswordFile { get; init; } = "";

    /// <summary>Keys of this pool begin with this; each pool has its own.</summary>
    public required string Prefix { get; init; }

    /// <summary>Life of the lease in the store, from the moment at which a renewal is taken in; whole seconds.</summary>
    public required TimeSpan LeaseTime { get; init; }
}
