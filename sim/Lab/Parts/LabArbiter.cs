using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;

namespace TwoNodeHa.Sim.Lab.Parts;

/// <summary>
/// A real etcd of one or several members on stations of the management network, reached over TLS with client certificates. The
/// daemons know all members.
/// </summary>
internal sealed class LabArbiter : IDisposable
{
    /// <summary>Name of the first member's station; the others are <c>etcd2</c>, <c>etcd3</c>, …</summary>
    public const string FirstStation = "etcd";

    private const int FirstNumber = 20;
    private const int Port = 2379;
    private const int PeerPort = 2380;
    private const int MetricsPort = 2381;
    private const string Client = "client";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    private readonly LabNetwork _network;

    /// <param name="network">Gets a station for each member.</param>
    /// <param name="directory">For data and logs; the files that <see cref="Section"/> names are made in it.</param>
    /// <param name="count">Members.</param>
    public LabArbiter(LabNetwork network, string directory, int count)
    {
        _network = network;
        using var authority = new LabAuthority(directory);
        authority.Issue(Client, LabNetwork.Address("a"));
        EtcdMember[] members = [.. Enumerable.Range(0, count).Select(index => new EtcdMember(
            Station(index), $"{Address(index)}:{Port}", $"http://{(count == 1 ? "127.0.0.1" : Address(index))}:{PeerPort}", MetricsPort, "server-" + Station(index)))];
        // One member elects itself: there is nobody to wait for. Several keep etcd's own second.
        string[] timers = count == 1 ? ["--heartbeat-interval", "30", "--election-timeout", "300"] : [];
        Members = [.. members.Select((member, index) =>
        {
            authority.Issue(member.Certificate, Address(index));
            network.AddStation(member.Name, FirstNumber + index);
            return new LabEtcd(network.SpaceOf(member.Name), member.Name, [.. member.Command(members, directory, authority), .. timers],
                Path.Combine(directory, member.Name + ".log"), MetricsPort);
        })];
    }

    public ImmutableArray<LabEtcd> Members { get; }

    /// <summary>Who leads now: the one that says so; of two, one is cut off and has not noticed. Null while there is none.</summary>
    public LabEtcd? Leader => Members.FirstOrDefault(member => member.IsLeader);

    /// <summary>The section of the configuration, for files in a directory.</summary>
    public static string Section(string directory, int count) => $"""

        [arbiter]
        endpoints = {string.Join(", ", Enumerable.Range(0, count).Select(index => $"{Address(index)}:{Port}"))}
        ca_file = {directory}/ca.pem
        certificate_file = {directory}/{Client}.pem
        key_file = {directory}/{Client}.key
        prefix = /twonodeha/lab

        """;

    /// <summary>Starts the members that do not run, and returns when all answer and know a leader.</summary>
    public void Start()
    {
        Each(member => member.Start());
        var watch = Stopwatch.StartNew();
        while (!Members.All(member => member.IsHealthy))
        {
            if (watch.Elapsed > ReadyLimit * LabOptions.Patience)
            {
                throw new LabTimeoutException($"etcd is not ready after {watch.Elapsed.TotalSeconds:0} s");
            }

            Thread.Sleep(Glance);
        }
    }

    public void Kill() => Each(member => member.Kill());

    public void Freeze() => Each(member => member.Freeze());

    public void Thaw() => Each(member => member.Thaw());

    /// <summary>A host and all members do not reach each other.</summary>
    public void Cut(string host) => Each(member => Apart(host, member.Station));

    /// <summary>A member and the other members do not reach each other; the hosts still reach all of them.</summary>
    public void Isolate(LabEtcd alone) => Each(member =>
    {
        if (member != alone)
        {
            Apart(alone.Station, member.Station);
        }
    });

    public void Dispose() => Each(member => member.Dispose());

    private static string Station(int index) => index == 0 ? FirstStation : string.Create(CultureInfo.InvariantCulture, $"{FirstStation}{index + 1}");

    private static string Address(int index) => string.Create(CultureInfo.InvariantCulture, $"{LabNetwork.Management}.{FirstNumber + index}");

    private void Apart(string one, string other)
    {
        _network.Drop(one, other);
        _network.Drop(other, one);
    }

    private void Each(Action<LabEtcd> act)
    {
        foreach (LabEtcd member in Members)
        {
            act(member);
        }
    }
}
