namespace TwoNodeHa.Daemon.Reservations;

/// <summary>The paths behind a device.</summary>
internal static class LunPaths
{
    /// <summary>
    /// Of a device of device-mapper multipath the devices below it: a registration belongs to one path, so each needs its own. Of any other device
    /// itself.
    /// </summary>
    /// <param name="device">As it is configured; links are followed.</param>
    /// <param name="sysfs">Where sysfs is.</param>
    public static IReadOnlyList<string> Of(string device, string sysfs = "/sys")
    {
        try
        {
            var target = File.ResolveLinkTarget(device, returnFinalTarget: true)?.FullName ?? device;
            var slaves = Path.Combine(sysfs, "class/block", Path.GetFileName(target), "slaves");
            var below = Directory.Exists(slaves) ? Directory.GetFileSystemEntries(slaves) : [];
            return below.Length == 0 ? [device] : [.. below.Select(path => "/dev/" + Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [device];
        }
    }
}
