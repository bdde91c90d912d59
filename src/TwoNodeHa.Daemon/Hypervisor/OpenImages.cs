using System.Globalization;
using System.Text.RegularExpressions;
using TwoNodeHa.Core.Model;

namespace TwoNodeHa.Daemon.Hypervisor;

/// <summary>
/// Which images a tapdisk has open, from /proc/PID/fd and fdinfo (proc_pid_fdinfo(5): flags, octal, the lowest two bits are
/// the access mode). What cannot be read is taken for shared and writable.
/// </summary>
internal static partial class OpenImages
{
    private static readonly string[] NoImages =
    [
        "/dev/null", "/dev/zero", "/dev/urandom", "/dev/log", "/dev/kmsg", "/dev/xen/", "/dev/shm/", "/proc/", "/run/blktap-control/",
        "/var/run/blktap-control/", "/var/log/",
    ];

    /// <summary>Kinds of file systems that one host alone mounts.</summary>
    private static readonly string[] LocalKinds = ["ext3", "ext4", "xfs", "btrfs", "zfs", "iso9660", "udf", "tmpfs", "overlay"];

    public static BackendFact Of(string procfs, BackendFact backend)
    {
        try
        {
            var directory = Path.Combine(procfs, backend.Pid.ToString(CultureInfo.InvariantCulture));
            var images = Directory.EnumerateFileSystemEntries(Path.Combine(directory, "fd"))
                .Select(entry => (Target: new FileInfo(entry).LinkTarget ?? "", Fd: Path.GetFileName(entry)))
                .Where(open => open.Target.StartsWith('/') && !NoImages.Any(prefix => open.Target.StartsWith(prefix, StringComparison.Ordinal)))
                .Select(open => (open.Target, Writes: Writes(Path.Combine(directory, "fdinfo", open.Fd))))
                .ToList();
            if (images.Count == 0)
            {
                return backend;
            }

            var mounts = Mounts(procfs);
            var image = images.Find(open => open.Writes).Target ?? images[0].Target;
            return backend with
            {
                MayWrite = images.Exists(open => open.Writes),
                MayBeShared = images.Exists(open => !IsLocal(open.Target, mounts)),
                Vdi = Uuid().Match(Path.GetFileName(image)) is { Success: true } match ? Guid.Parse(match.Value) : Guid.Empty,
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return backend;
        }
    }

    private static bool Writes(string fdinfo)
    {
        try
        {
            var flags = File.ReadLines(fdinfo).First(line => line.StartsWith("flags:", StringComparison.Ordinal))["flags:".Length..].Trim();
            return (Convert.ToInt32(flags, 8) & 3) != 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException
            or FormatException or OverflowException or ArgumentException)
        {
            return true;
        }
    }

    /// <summary>A device node says nothing of where its disk is: a volume of LVM may lie on a shared LUN.</summary>
    private static bool IsLocal(string path, List<(string Point, string Kind)> mounts) => !path.StartsWith("/dev/", StringComparison.Ordinal)
        && mounts.Where(mount => path.StartsWith(mount.Point.TrimEnd('/') + "/", StringComparison.Ordinal))
            .OrderByDescending(mount => mount.Point.Length).Select(mount => mount.Kind).FirstOrDefault() is { } kind
        && LocalKinds.Contains(kind);

    /// <summary>Mount points and file systems (proc_pid_mountinfo(5): field 5, and the first one behind the lone hyphen).</summary>
    private static List<(string Point, string Kind)> Mounts(string procfs)
    {
        var mounts = new List<(string, string)>();
        foreach (var line in File.ReadLines(Path.Combine(procfs, "self", "mountinfo")))
        {
            var fields = line.Split(' ');
            var hyphen = Array.IndexOf(fields, "-");
            if (fields.Length > 4 && hyphen > 0 && hyphen + 1 < fields.Length)
            {
                mounts.Add((fields[4], fields[hyphen + 1]));
            }
        }

        return mounts;
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Uuid();
}
