using System.Text.Json.Nodes;
using TwoNodeHa.Sim.Time;

namespace TwoNodeHa.Sim.Pool.Virtual;

/// <summary>
/// The management network between toolstacks in virtual time. A packet that is dropped makes a new call fail after the
/// connect limit and a call in flight hang; a host without a listener refuses at once.
/// </summary>
public sealed class VirtualNetwork(IScheduler scheduler, TimeSpan connectLimit)
{
    private readonly Dictionary<string, Station> _stations = new(StringComparer.Ordinal);

    /// <summary>One way; asked when a packet leaves. The simulator puts its own links behind this.</summary>
    public Func<string, string, bool> Delivers { get; set; } = static (_, _) => true;

    public Func<TimeSpan> Latency { get; set; } = static () => TimeSpan.FromMilliseconds(1);

    /// <summary>The view one host has of the network.</summary>
    public IPeerToolstack For(string hostName) => new Port(this, hostName);

    public void Attach(
        string hostName, string address, Func<bool> isPowered, Func<CallOrigin, string, JsonArray, Task<CallReply>> call) =>
        _stations[address] = new Station(hostName, isPowered, call);

    private async Task<CallReply> CallAsync(string from, string address, string method, JsonArray parameters)
    {
        var copy = (JsonArray)parameters.DeepClone();
        if (!_stations.TryGetValue(address, out Station? station))
        {
            await scheduler.Delay(connectLimit).ConfigureAwait(false);
            throw new PeerUnreachableException($"no route to {address}");
        }

        if (!Delivers(from, station.Name) || !Delivers(station.Name, from) || !station.IsPowered())
        {
            await scheduler.Delay(connectLimit).ConfigureAwait(false);
            throw new PeerUnreachableException($"{address} does not answer");
        }

        await scheduler.Delay(Latency()).ConfigureAwait(false);
        CallOrigin origin = method.StartsWith("emu.", StringComparison.Ordinal) ? CallOrigin.Internal : CallOrigin.Tcp;
        CallReply reply = await station.Call(origin, method, copy).ConfigureAwait(false);
        await scheduler.Delay(Latency()).ConfigureAwait(false);
        if (!Delivers(station.Name, from) || !station.IsPowered())
        {
            // The answer, or the reset of the connection, got lost: TCP waits for hours.
            await Never.Task().ConfigureAwait(false);
        }

        return reply is CallReply.Refused refused ? throw new PeerUnreachableException(refused.Reason) : Copy(reply);
    }

    /// <summary>Hosts share no memory.</summary>
    private static CallReply Copy(CallReply reply) =>
        reply is CallReply.Success success ? new CallReply.Success(success.Value?.DeepClone()) : reply;

    private sealed record Station(
        string Name, Func<bool> IsPowered, Func<CallOrigin, string, JsonArray, Task<CallReply>> Call);

    private sealed class Port(VirtualNetwork network, string from) : IPeerToolstack
    {
        public Task<CallReply> CallAsync(string address, string method, JsonArray parameters) =>
            network.CallAsync(from, address, method, parameters);
    }
}
