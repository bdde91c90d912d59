namespace TwoNodeHa.Sim.Virtual;

/// <summary>One thing that happened, as the log has it.</summary>
/// <param name="Time">Seconds since the origin of the log.</param>
/// <param name="Who">A host, or story, truth, admin, agent.</param>
/// <param name="Text">What; events of daemons begin with their number in brackets.</param>
public sealed record TraceEntry(double Time, string Who, string Text)
{
    public const string PowerLost = "power is gone";
    public const string DaemonGone = "no daemon runs";
}
