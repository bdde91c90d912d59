using System.Globalization;

namespace TwoNodeHa.Daemon.RealTime;

/// <summary>
/// Where this process stands in the processor control groups. A kernel with RT_GROUP_SCHED (dom0's) refuses real time to
/// every group but the root one, and the service manager puts a unit into a group of its own as soon as any unit beside
/// it has a share. Both hierarchies are served: the old one of the cpu controller alone, and the unified one.
/// </summary>
/// <param name="mount">Where control groups are mounted: <c>/sys/fs/cgroup</c>.</param>
/// <param name="membership">List of this process' groups: <c>/proc/self/cgroup</c> (cgroups(7)).</param>
internal sealed class CpuGroup(string mount, string membership)
{
    private const string Members = "cgroup.procs";

    private string? _former;

    /// <summary>
    /// Moves the whole process to the root group; null, or why it stayed where it was. In the unified hierarchy that takes it
    /// out of its unit's group, too; the service manager goes on watching it by its process id.
    /// </summary>
    public string? Leave()
    {
        try
        {
            var old = Path.Combine(mount, "cpu");
            var root = Directory.Exists(old) ? old : mount;
            if (OwnGroup(root == old) is not { } own)
            {
                return $"{membership} names no group of the cpu controller";
            }

            if (own == "/")
            {
                return "it is in the root group already";
            }

            Move(root);
            _former = root + own;
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <summary>Back to where it was before <see cref="Leave"/>, which did not help.</summary>
    public void Return()
    {
        try
        {
            if (_former is not null)
            {
                Move(_former);
                _former = null;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The group is gone: the root one is as good.
        }
    }

    private static void Move(string group) =>
        File.WriteAllText(Path.Combine(group, Members), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Lines are <c>id:controllers:path</c>; the unified hierarchy has no controllers.</summary>
    private string? OwnGroup(bool ofCpu) => File.ReadLines(membership)
        .Select(line => line.Split(':', 3))
        .FirstOrDefault(words => words.Length == 3 && (ofCpu ? words[1].Split(',').Contains("cpu") : words[1].Length == 0))?[2];
}
