using TwoNodeHa.Sim.Pool;

namespace TwoNodeHa.Sim.Machine;

/// <summary>
/// Kills the daemon or the whole host just before or after a step of a procedure, once: an XAPI call by its name, or a
/// command of dom0 by the name of its script and its verb, as in <c>xl-destroy</c>.
/// </summary>
internal sealed class Strikes(HostDirectory directory, Action killDaemon, Action killHost, Action<string, (string Key, string Value)[]> log)
{
    public void Arm(string step, string moment, string victim)
    {
        if (moment is not ("before" or "after") || victim is not ("daemon" or "host") || step.Contains('/', StringComparison.Ordinal))
        {
            throw new FormatException("a strike is: a step, 'before' or 'after', 'daemon' or 'host'");
        }

        File.WriteAllText(PathOf(step, moment), victim);
    }

    /// <summary>A call reached this moment; true when something was killed.</summary>
    public bool At(string step, StrikeMoment moment) => Strike(step, moment == StrikeMoment.Before ? "before" : "after");

    /// <summary>A script took the mark of this strike away and waits for the end.</summary>
    public void Kill(string step, string victim)
    {
        log("strike", [("step", step), ("victim", victim)]);
        (victim == "host" ? killHost : killDaemon)();
    }

    private bool Strike(string step, string moment)
    {
        string path = PathOf(step, moment);
        if (!File.Exists(path))
        {
            return false;
        }

        string victim = File.ReadAllText(path);
        File.Delete(path);
        Kill($"{step}.{moment}", victim);
        return true;
    }

    private string PathOf(string step, string moment) => Path.Combine(directory.Strikes, $"{step}.{moment}");
}
